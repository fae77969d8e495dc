import type { Context } from '../../context.ts';
import type { AuditFilter } from '../../domain/audit/entry.ts';
import { keyId } from '../../domain/ids.ts';
import { findKey } from '../../domain/keys/find.ts';
import type { Store } from '../../domain/ports/store.ts';
import { parseSince } from '../../domain/time.ts';
import type { Command } from '../command.ts';
import { badValue, type Input } from '../input.ts';
import { within } from '../keys/which.ts';
import { LIMIT, WORKSPACE } from '../options.ts';
import { pagesOf } from '../pages.ts';
import { narrowing } from '../workspace.ts';
import { entryColumns, entryJson } from './describe.ts';

/** What entries are about. */
const NOUNS = [
  ...['app', 'grant', 'integration', 'key', 'member', 'policy'],
  ...['rotation', 'scope', 'slot', 'store', 'workspace'],
];

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: 'list what was done, newest first',
  options: [
    { ...WORKSPACE, about: 'only entries of this workspace' },
    { flags: '--key <key>', about: 'only entries about this key', completes: 'key' },
    { flags: '--actor <name>', about: 'only entries by this actor' },
    {
      flags: '--action <action>',
      about: 'only this action, e.g. key.revoke, or all of a noun, e.g. key',
      completes: NOUNS,
    },
    { flags: '--since <when>', about: 'only entries since, e.g. 7d or 2026-11-01' },
    ...LIMIT,
  ],
  examples: [
    'audit list --since 7d',
    'audit list --key billing --json',
    'audit list --action key.revoke --actor ana',
  ],
  async run(context, input) {
    const store = await context.store();
    const filter = await filterOf(context, store, input);
    await context.out.list({
      key: 'entries',
      columns: entryColumns(context.now()),
      json: entryJson,
      pages: pagesOf(context, input, (request) => store.audit.page(filter, request)),
      moreHint: (next) => `there are more: --after ${next}`,
      empty: { message: 'no entry fits' },
    });
    return undefined;
  },
};

async function filterOf(context: Context, store: Store, input: Input): Promise<AuditFilter> {
  const since = input.text('since');
  const at = since === undefined ? undefined : parseSince(since, context.now());
  if (since !== undefined && at === undefined)
    throw badValue('since', 'must be a duration such as 7d, or a date such as 2026-11-01');
  const named = input.text('key');
  const key =
    named === undefined
      ? undefined
      : await findKey(store, named, await within(context, store, input, [named]));
  const workspace = await narrowing(store, input);
  const [actor, action] = [input.text('actor'), input.text('action')];
  if (action !== undefined && !NOUNS.includes(action.split('.')[0] as string))
    throw badValue('action', `must be one of ${NOUNS.join(', ')}, or such with a verb, e.g. key.revoke`);
  return {
    ...(key === undefined ? {} : { target: keyId(key.kid) }),
    ...(actor === undefined ? {} : { actor: actor.normalize('NFC') }),
    ...(action === undefined ? {} : { action }),
    ...(at === undefined ? {} : { since: at }),
    ...(workspace === undefined ? {} : { workspaceId: workspace.id }),
  };
}
