import type { Command } from '../command.ts';
import { WORKSPACE } from '../options.ts';
import { oneWorkspace } from '../workspace.ts';

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: "list the workspace's catalogue of scopes",
  options: [WORKSPACE],
  examples: ['scopes list', 'scopes list -w acme --json'],
  async run(context, input) {
    const store = await context.store();
    const workspace = await oneWorkspace(context, store, input);
    const items = await store.workspaces.catalogue(workspace.id);
    await context.out.list({
      key: 'scopes',
      columns: [
        { header: 'SCOPE', tsv: (one) => one.scope },
        { header: 'DESCRIPTION', tsv: (one) => one.description ?? '', flexible: true },
      ],
      json: ({ scope, description }) => ({ scope, description }),
      pages: (async function* () {
        yield { items, next: null };
      })(),
      empty: {
        message: `${workspace.slug} has no catalogue: any well-formed scope may be used`,
        hint: '{keywright} scopes add orders:read',
      },
    });
    return undefined;
  },
};
