import { createWorkspace } from '../../domain/workspaces/manage.ts';
import type { Command } from '../command.ts';
import { workspaceJson } from './describe.ts';
import { NEW_WORKSPACE, newWorkspaceOf } from './new.ts';

export const create: Command = {
  name: 'create',
  summary: 'create a workspace; you become its owner',
  arguments: [{ name: '<workspace>', about: 'its short name, for good: a-z, 0-9 and -' }],
  options: [{ flags: '--name <name>', about: 'display name; it may change later' }, ...NEW_WORKSPACE],
  examples: ['workspaces create acme --name "Acme Corp"', 'workspaces create shop --brand shop'],
  async run(context, input) {
    const wish = newWorkspaceOf(input.args[0] ?? '', input, input.name('name'));
    await context.store();
    const workspace = await createWorkspace(await context.ledger('unlocked'), context.random, wish);
    await context.out.say(`created workspace ${workspace.slug}, owner ${workspace.createdBy}`);
    if (context.out.audience !== 'table') await context.out.value(workspace.slug, workspaceJson(workspace));
    await context.out.say(`next: {keywright} keys create -w ${workspace.slug} --scope orders:read`);
    return undefined;
  },
};
