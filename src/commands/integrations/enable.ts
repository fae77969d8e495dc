import { enableIntegration } from '../../domain/integrations/manage.ts';
import type { Command } from '../command.ts';
import { WORKSPACE } from '../options.ts';
import { INTEGRATION, oneIntegration, tell } from './which.ts';

export const enable: Command = {
  name: 'enable',
  summary: 'enable a disabled integration: its keys verify again',
  arguments: [INTEGRATION],
  options: [WORKSPACE],
  examples: ['integrations enable billing-system'],
  async run(context, input) {
    const { which, workspace } = await oneIntegration(context, await context.store(), input);
    const { integration, changed } = await enableIntegration(await context.ledger('unlocked'), which);
    await context.out.say(`${integration.name} is enabled${changed ? '' : ' already'}`);
    await tell(context, integration, workspace);
    return undefined;
  },
};
