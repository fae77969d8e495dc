import { renameWorkspace } from '../../domain/workspaces/manage.ts';
import type { Command } from '../command.ts';
import { checkedName } from '../input.ts';
import { workspaceJson } from './describe.ts';

export const rename: Command = {
  name: 'rename',
  summary: "change a workspace's display name; its short name stays",
  arguments: [
    { name: '<workspace>', about: 'its short name', completes: 'workspace' },
    { name: '<name>', about: 'the new display name' },
  ],
  examples: ['workspaces rename acme "Acme International"'],
  async run(context, input) {
    const [slug = '', text = ''] = input.args;
    const name = checkedName(text, 'the name');
    await context.store();
    const { workspace, changed } = await renameWorkspace(await context.ledger('unlocked'), slug, name);
    await context.out.say(
      changed
        ? `${workspace.slug} is now called ${workspace.name}`
        : `${workspace.slug} is called so already`,
    );
    if (context.out.audience !== 'table') await context.out.value(workspace.slug, workspaceJson(workspace));
    return undefined;
  },
};
