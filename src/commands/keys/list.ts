import { endingDeliveries } from '../../domain/rotations/open.ts';
import { EXIT, Failure } from '../../errors.ts';
import type { ListPage } from '../../terminal/output.ts';
import type { Workflow } from '../../terminal/workflow.ts';
import type { Command } from '../command.ts';
import { KEY_FILTERS, LIMIT, WORKSPACE } from '../options.ts';
import { pagesOf } from '../pages.ts';
import { counted } from '../plural.ts';
import { workspaceIfClear } from '../workspace.ts';
import { showing } from './describe.ts';
import { type Listed, listColumns, listJson, pageWithEnding } from './ending.ts';
import { keyFilter } from './filter.ts';

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: 'list keys, or search them by name and purpose',
  details:
    'Newest first; with --expiring-within soonest first, and keys before that whose new version is not delivered while the old one, which is in use, expires. Expired and revoked keys stay visible.',
  arguments: [{ name: '[term]', about: 'part of a name or purpose, any case' }],
  options: [
    WORKSPACE,
    ...KEY_FILTERS,
    ...LIMIT,
    { flags: '--fail-if-any', about: 'exit 10 when any key fits, for a scheduled job' },
    {
      flags: '--format <format>',
      about: "annotations for the log of a job instead: github's or azure's",
      choices: ['github', 'azure'],
    },
  ],
  examples: [
    'keys list',
    'keys list billing --status active',
    'keys list --expiring-within 14d --fail-if-any --format github',
  ],
  async run(context, input) {
    const format = input.text('format') as Workflow | undefined;
    if (format !== undefined && context.out.audience === 'json')
      throw new Failure('usage', 'give --format or --json, not both');
    const store = await context.store();
    const workspace = await workspaceIfClear(context, store, input);
    const shown = await showing(store);
    const filter = await keyFilter(context, store, input, workspace?.id, input.args[0]);
    const now = context.now();
    let found = 0;
    const ending = await endingDeliveries(store, filter, now);
    const pages = pagesOf(context, input, async (request): Promise<ListPage<Listed>> => {
      const page = await pageWithEnding(ending, shown, request, async (rest) => {
        const { items, next } = await store.keys.page(filter, rest, now);
        return { items: items.map(shown), next };
      });
      found += page.items.length;
      return page;
    });
    const many = workspace === undefined ? ['WORKSPACE'] : [];
    const where = workspace === undefined ? 'any workspace' : workspace.slug;
    const filtered = Object.keys(filter).length > (workspace === undefined ? 0 : 1);
    if (format !== undefined) await (await import('./annotate.ts')).annotate(context, format, pages);
    else
      await context.out.list({
        key: 'keys',
        columns: listColumns(now),
        tableColumns: ['NAME', 'PUBLIC KEY', ...many, 'STATUS', 'SCOPES', 'OWNER', 'USED', 'EXPIRES'],
        json: (one) => listJson(one, now),
        pages,
        moreHint: (next) => `there are more: --after ${next}`,
        empty: filtered
          ? { message: `no key in ${where} fits` }
          : { message: `no key in ${where} yet`, hint: '{keywright} keys create --scope orders:read' },
      });
    if (!input.flag('failIfAny') || found === 0) return EXIT.ok;
    await context.out.say(`--fail-if-any: ${counted(found, 'key fits', 'keys fit')}`);
    return EXIT.findings;
  },
};
