import { updateIntegration } from '../../domain/integrations/manage.ts';
import { Failure } from '../../errors.ts';
import type { Command } from '../command.ts';
import type { Input } from '../input.ts';
import { WORKSPACE } from '../options.ts';
import { INTEGRATION, oneIntegration, tell, URL_OPTION, urlOf } from './which.ts';

export const update: Command = {
  name: 'update',
  summary: 'change name, purpose or URL of an integration',
  arguments: [INTEGRATION],
  options: [
    WORKSPACE,
    { flags: '--name <name>', about: 'another name' },
    { flags: '--purpose <text>', about: 'what it is for' },
    { flags: '--no-purpose', about: 'forget the purpose' },
    URL_OPTION,
    { flags: '--no-url', about: 'forget the URL' },
  ],
  examples: ['integrations update shop --name web-shop', 'integrations update shop --no-url'],
  async run(context, input) {
    const wish = wishOf(input);
    const { which, workspace } = await oneIntegration(context, await context.store(), input);
    const { integration, changed } = await updateIntegration(await context.ledger('unlocked'), which, wish);
    await context.out.say(`${integration.name} ${changed ? 'was changed' : 'is so already'}`);
    await tell(context, integration, workspace);
    return undefined;
  },
};

function wishOf(input: Input): Parameters<typeof updateIntegration>[2] {
  const name = input.name('name');
  const purpose = input.off('purpose') ? null : input.line('purpose');
  const url = input.off('url') ? null : urlOf(input);
  const wish = {
    ...(name === undefined ? {} : { name }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(url === undefined ? {} : { url }),
  };
  if (Object.keys(wish).length > 0) return wish;
  throw new Failure('usage', 'nothing to change: give --name, --purpose, --no-purpose, --url or --no-url');
}
