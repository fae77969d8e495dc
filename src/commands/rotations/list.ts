import type { ListPage } from '../../terminal/output.ts';
import type { Command } from '../command.ts';
import { slugs } from '../keys/describe.ts';
import { oneKey } from '../keys/which.ts';
import { LIMIT, WORKSPACE } from '../options.ts';
import { pagesOf } from '../pages.ts';
import { workspaceIfClear } from '../workspace.ts';
import { rotationColumns, type ShownRotation, shownRotation, shownRotationJson } from './describe.ts';

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: 'list rotations, newest first',
  details: 'An open one is being delivered: its key has two valid versions, and the old one has no end yet.',
  arguments: [{ name: '[key]', about: 'only those of this key', completes: 'key' }],
  options: [WORKSPACE, { flags: '--open', about: 'only those whose delivery is not done' }, ...LIMIT],
  examples: ['rotations list --open', 'rotations list deploy --json'],
  async run(context, input) {
    const store = await context.store();
    const key = input.args.length > 0 ? await oneKey(context, store, input) : undefined;
    const workspace = key === undefined ? await workspaceIfClear(context, store, input) : undefined;
    const names = slugs(await store.workspaces.all());
    const open = input.flag('open');
    const filter = {
      ...(workspace === undefined ? {} : { workspaceId: workspace.id }),
      ...(key === undefined ? {} : { kid: key.kid }),
      ...(open ? { open } : {}),
    };
    const pages = pagesOf(context, input, async (request): Promise<ListPage<ShownRotation>> => {
      const page = await store.rotations.page(filter, request);
      const items: ShownRotation[] = [];
      for (const rotation of page.items) items.push(await shownRotation(store, rotation, names));
      return { items, next: page.next };
    });
    const many = workspace === undefined && key === undefined ? ['WORKSPACE'] : [];
    const where = key?.name ?? workspace?.slug ?? 'any workspace';
    await context.out.list({
      key: 'rotations',
      columns: rotationColumns(context.now()),
      tableColumns: ['KEY', ...many, 'VERSIONS', 'STATE', 'OLD VALID UNTIL', 'BY', 'SINCE'],
      json: shownRotationJson,
      pages,
      moreHint: (next) => `there are more: --after ${next}`,
      empty: { message: open ? `no delivery is open in ${where}` : `nothing was rotated in ${where} yet` },
    });
    return undefined;
  },
};
