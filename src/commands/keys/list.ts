import { EXIT } from '../../errors.ts';
import type { Command } from '../command.ts';
import { KEY_FILTERS, LIMIT, WORKSPACE } from '../options.ts';
import { pagesOf } from '../pages.ts';
import { workspaceIfClear } from '../workspace.ts';
import { keyColumns, keyJson, type Shown, slugs } from './describe.ts';
import { keyFilter } from './filter.ts';

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: 'list keys, or search them by name and purpose',
  details: 'Newest first; with --expiring-within soonest first. Expired and revoked keys stay visible.',
  arguments: [{ name: '[term]', about: 'part of a name or purpose, any case' }],
  options: [WORKSPACE, ...KEY_FILTERS, ...LIMIT],
  examples: ['keys list', 'keys list billing --status active', 'keys list --expiring-within 14d --json'],
  async run(context, input) {
    const store = await context.store();
    const workspace = await workspaceIfClear(context, store, input);
    const names = slugs(await store.workspaces.all());
    const filter = keyFilter(context, input, workspace?.id, input.args[0]);
    const now = context.now();
    const pages = pagesOf(context, input, async (request) => {
      const page = await store.keys.page(filter, request, now);
      return {
        items: page.items.map((key): Shown => ({ key, workspace: names.get(key.workspaceId) ?? '?' })),
        next: page.next,
      };
    });
    const many = workspace === undefined ? ['WORKSPACE'] : [];
    const where = workspace === undefined ? 'any workspace' : workspace.slug;
    const filtered = Object.keys(filter).length > (workspace === undefined ? 0 : 1);
    await context.out.list({
      key: 'keys',
      columns: keyColumns(now),
      tableColumns: ['NAME', 'PUBLIC KEY', ...many, 'STATUS', 'SCOPES', 'OWNER', 'USED', 'EXPIRES'],
      json: (shown) => keyJson(shown, now),
      pages,
      moreHint: (next) => `there are more: --after ${next}`,
      empty: filtered
        ? { message: `no key in ${where} fits` }
        : { message: `no key in ${where} yet`, hint: '{keywright} keys create --scope orders:read' },
    });
    return EXIT.ok;
  },
};
