import type { Command } from '../command.ts';
import { workspaceColumns, workspaceJson } from './describe.ts';

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: 'list workspaces',
  examples: ['workspaces list', 'workspaces list --json'],
  async run(context) {
    const items = await (await context.store()).workspaces.all();
    await context.out.list({
      key: 'workspaces',
      columns: workspaceColumns(context.now()),
      json: workspaceJson,
      pages: (async function* () {
        yield { items, next: null };
      })(),
    });
    return undefined;
  },
};
