import { moment } from '../../terminal/time.ts';
import type { Command } from '../command.ts';
import { Input } from '../input.ts';
import { oneWorkspace } from '../workspace.ts';
import { countLive, statusOf, workspaceColumns, workspaceJson } from './describe.ts';

export const show: Command = {
  name: 'show',
  summary: 'show one workspace',
  arguments: [
    { name: '[workspace]', about: 'its short name (default: the current one)', completes: 'workspace' },
  ],
  examples: ['workspaces show acme'],
  async run(context, input) {
    const store = await context.store();
    const named = input.args[0] === undefined ? {} : { workspace: input.args[0] };
    const workspace = await oneWorkspace(context, store, new Input([], named));
    const now = context.now();
    const members = await store.workspaces.members(workspace.id);
    const keys = await countLive(store, workspace.id, now);
    await context.out.show({
      heading: `${workspace.slug}  ${statusOf(workspace)}`,
      fields: [
        ['name', workspace.name],
        ['kind', workspace.kind],
        ['brand', workspace.brand],
        [
          'owner',
          members
            .filter((member) => member.role === 'owner')
            .map((member) => member.name)
            .join(', '),
        ],
        ['active keys', String(keys)],
        ['created', `${moment(workspace.createdAt, now)} by ${workspace.createdBy}`],
      ],
      json: {
        ...workspaceJson(workspace),
        members: members.map(({ name, role }) => ({ name, role })),
        active_keys: keys,
      },
      tsv: workspaceColumns(now).map((column) => column.tsv(workspace)),
    });
    return undefined;
  },
};
