import { createIntegration } from '../../domain/integrations/manage.ts';
import { commandOn } from '../../domain/shell.ts';
import type { Command } from '../command.ts';
import { checkedName } from '../input.ts';
import { WORKSPACE } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';
import { tell, URL_OPTION, urlOf } from './which.ts';

export const create: Command = {
  name: 'create',
  summary: 'create an integration, as a draft',
  details: 'Keys can be bound to it once it is configured.',
  arguments: [{ name: '<name>', about: 'what you call it' }],
  options: [WORKSPACE, { flags: '--purpose <text>', about: 'what it is for' }, URL_OPTION],
  examples: [
    'integrations create billing-system',
    'integrations create shop --url https://shop.example.com/api',
  ],
  async run(context, input) {
    const name = checkedName(input.args[0] ?? '', 'the name');
    const wish = { name, purpose: input.line('purpose') ?? null, url: urlOf(input) ?? null };
    const workspace = await oneWorkspace(context, await context.store(), input);
    const ledger = await context.ledger('unlocked');
    const integration = await createIntegration(ledger, context.random, workspace, wish);
    await context.out.say(`created integration ${integration.name} in ${workspace.slug}, as a draft`);
    await tell(context, integration, workspace);
    await context.out.say(`next: ${commandOn('integrations configure', integration.name)}`);
    return undefined;
  },
};
