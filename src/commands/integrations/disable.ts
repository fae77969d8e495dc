import { disableIntegration, requireDisabling } from '../../domain/integrations/manage.ts';
import { keysOf } from '../../domain/integrations/remove.ts';
import { statusOf } from '../../domain/keys/status.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { DRY_RUN, WORKSPACE, YES } from '../options.ts';
import { counted } from '../plural.ts';
import { firstKeys, INTEGRATION, oneIntegration, tell } from './which.ts';

export const disable: Command = {
  name: 'disable',
  summary: 'disable an integration: the keys that are bound to it stop verifying at once',
  details:
    'Effective for every verifier when the command returns. Unlocks nothing, so it works without the keychain.',
  arguments: [INTEGRATION],
  options: [WORKSPACE, DRY_RUN, YES],
  examples: ['integrations disable billing-system', 'integrations disable shop --yes'],
  async run(context, input) {
    const store = await context.store();
    const { integration, workspace, which } = await oneIntegration(context, store, input);
    // Nobody is asked about what would be refused afterwards.
    await requireDisabling(store, context.actor(), integration);
    const now = context.now();
    const all = await keysOf(store, integration, now);
    const keys = all.filter((key) => ['active', 'rotating'].includes(statusOf(key, now)));
    const stop = `${counted(keys.length, 'key')} ${keys.length === 1 ? 'stops' : 'stop'} verifying`;
    const apps = (await store.apps.all(workspace.id)).filter((app) => app.integrationId === integration.id);
    const stays =
      apps.length === 0
        ? []
        : [`apps bound to it go on giving tokens: ${apps.map(({ name }) => name).join(', ')}`];
    const done = integration.disabledAt !== null;
    if (input.flag('dryRun')) {
      const effect = [...firstKeys(keys), stop, ...stays];
      for (const line of done ? [`${integration.name} is disabled already`] : effect)
        await context.out.say(line);
      await tell(context, integration, workspace);
      return undefined;
    }
    if (!done) {
      const question = `disable ${integration.name}?`;
      await confirm(context, input, { lines: [...firstKeys(keys), `${stop} at once`, ...stays], question });
    }
    const { integration: after, changed } = await disableIntegration(await context.ledger('locked'), which);
    const past = `disabled ${after.name}: ${counted(keys.length, 'key')} stopped verifying`;
    for (const line of changed ? [past, ...stays] : [`${after.name} is disabled already`])
      await context.out.say(line);
    await tell(context, after, workspace);
    return undefined;
  },
};
