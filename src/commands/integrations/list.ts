import type { Command } from '../command.ts';
import { slugs } from '../keys/describe.ts';
import { WORKSPACE } from '../options.ts';
import { workspaceIfClear } from '../workspace.ts';
import { integrationColumns, integrationJson } from './describe.ts';

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: 'list integrations',
  options: [WORKSPACE],
  examples: ['integrations list', 'integrations list -w acme --json'],
  async run(context, input) {
    const store = await context.store();
    const workspace = await workspaceIfClear(context, store, input);
    const names = slugs(await store.workspaces.all());
    const items = (await store.integrations.all(workspace?.id)).map((integration) => ({
      integration,
      workspace: names.get(integration.workspaceId) ?? '?',
    }));
    const many = workspace === undefined ? ['WORKSPACE'] : [];
    await context.out.list({
      key: 'integrations',
      columns: integrationColumns(context.now()),
      tableColumns: ['NAME', ...many, 'STATUS', 'URL', 'CREATED'],
      json: integrationJson,
      pages: (async function* () {
        yield { items, next: null };
      })(),
      empty: {
        message: `no integration in ${workspace?.slug ?? 'any workspace'} yet`,
        hint: '{keywright} integrations create NAME',
      },
    });
    return undefined;
  },
};
