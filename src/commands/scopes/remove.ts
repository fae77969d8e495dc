import type { Readers } from '../../domain/ports/store.ts';
import { removeScope, requireRemovingScope } from '../../domain/workspaces/manage.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { DRY_RUN, WORKSPACE, YES } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';

export const remove: Command = {
  name: 'remove',
  summary: "take a scope out of the workspace's catalogue; keys that have it keep it",
  arguments: [{ name: '<scope>', about: 'resource:action', completes: 'scope' }],
  options: [WORKSPACE, DRY_RUN, YES],
  examples: ['scopes remove orders:read --yes'],
  async run(context, input) {
    const scope = input.args[0] ?? '';
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    // Nobody is asked about what would be refused afterwards.
    await requireRemovingScope(store, context.actor(), workspace, scope);
    const effect = await effectOf(store, workspace, scope);
    if (input.flag('dryRun')) {
      await context.out.say(effect);
    } else {
      await confirm(context, input, { lines: [effect], question: `remove ${scope} from the catalogue?` });
      await removeScope(await context.ledger('unlocked'), workspace, scope);
      await context.out.say(`removed ${scope} from the catalogue of ${workspace.slug}`);
    }
    if (context.out.audience !== 'table')
      await context.out.value(scope, { scope, workspace: workspace.slug });
    return undefined;
  },
};

async function effectOf(store: Readers, workspace: Workspace, scope: string): Promise<string> {
  const catalogue = await store.workspaces.catalogue(workspace.id);
  if (catalogue.length === 1) return `${workspace.slug} has no catalogue then: new keys may have any scope`;
  const used = await store.keys.scopeUsed(workspace.id, scope);
  return `no new key of ${workspace.slug} can get ${scope}${used ? '; keys that have it keep it' : ''}`;
}
