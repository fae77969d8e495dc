import type { Command } from '../command.ts';
import { WORKSPACE } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';
import { memberColumns, memberJson } from './describe.ts';

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: 'list the members of a workspace',
  options: [WORKSPACE],
  examples: ['members list', 'members list -w acme --json'],
  async run(context, input) {
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    const items = await store.workspaces.members(workspace.id);
    await context.out.list({
      key: 'members',
      columns: memberColumns(context.now()),
      json: (member) => memberJson(member, workspace.slug),
      pages: (async function* () {
        yield { items, next: null };
      })(),
    });
    return undefined;
  },
};
