import type { Context } from '../../context.ts';
import type { Ledger } from '../../domain/audit/change.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import { expectCount, type Selection, selectKeys } from '../../domain/keys/select.ts';
import { requireForEach, type Stopped } from '../../domain/keys/stop.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { Failure } from '../../errors.ts';
import { confirm } from '../confirm.ts';
import type { Input } from '../input.ts';
import { counted } from '../plural.ts';
import { keyColumns, keyJson, lastUsed, type Shown, showing } from './describe.ts';
import { checkedBy, selectionOf } from './which.ts';

/** What `keys revoke`, `disable` and `enable` differ in. */
export interface Verb {
  readonly done: string;
  readonly already: string;
  /** What is to be said of a key besides; undefined when nothing. */
  still?(shown: Shown): string | undefined;
  /** What it means for the keys; undefined for what harms nobody and is not asked about. */
  readonly warning: string | undefined;
  readonly question: (count: number) => string;
  /** Is there anything to do about this key? */
  isDue(key: ApiKey): boolean;
  /** What has to be allowed for each key. */
  wish(selection: Selection): Parameters<typeof requireForEach>[3];
  act(ledger: Ledger, selection: Selection, expect: number | undefined): Promise<Stopped>;
  ledger: 'locked' | 'unlocked';
}

const MOST_NAMED = 10;

/** Selects, shows, asks, acts and tells. With `--yes` there is nobody to show the selection to, so it is made once. */
export async function stopKeys(context: Context, input: Input, verb: Verb): Promise<undefined> {
  const store = await context.store();
  const checked = verb.ledger === 'unlocked' ? checkedBy(input) : 'at hand';
  const selection = await selectionOf(context, store, input, checked);
  const expect = input.count('expect', 0);
  const destructive = verb.warning !== undefined;
  if (destructive && !input.flag('dryRun')) await requireExpect(context, store, input, selection);
  let confirmed = expect;
  if (input.flag('dryRun') || (destructive && !input.flag('yes'))) {
    const keys = await selectKeys(store, selection, context.now());
    expectCount(keys.length, expect);
    if (keys.length === 0) return nothingFits(context, store, selection);
    // Nobody is asked about what would be refused afterwards.
    await requireForEach(store, context.actor(), keys.filter(verb.isDue), verb.wish(selection));
    if (input.flag('dryRun')) {
      await context.out.say(`would be ${verb.done}: ${keys.length}`);
      return tell(context, keys);
    }
    await ask(context, input, keys, verb);
    // What was confirmed is what is done: a key that fits only since is not among those that were shown.
    if ('filter' in selection) confirmed = keys.length;
  }
  const ledger = await context.ledger(verb.ledger);
  const { changed, already } = await verb.act(ledger, selection, confirmed).catch((error: unknown) => {
    throw onFullDisk(error, verb);
  });
  if (changed.length + already.length === 0) return nothingFits(context, store, selection);
  const show = await showing(store);
  const noteOf = async (key: ApiKey): Promise<void> => {
    const still = verb.still?.(show(key));
    if (still !== undefined) await context.out.say(`note: ${still}`);
  };
  for (const key of changed.slice(0, MOST_NAMED)) {
    await context.out.say(`${verb.done} ${key.name}: ${publicKey(key)}`);
    await noteOf(key);
  }
  if (changed.length > MOST_NAMED) await context.out.say(`and ${changed.length - MOST_NAMED} more`);
  const [first] = already;
  if (first !== undefined && already.length > 1)
    await context.out.say(`${already.length} are ${verb.already}`);
  else if (first !== undefined) {
    await context.out.say(`${first.name} is ${verb.already}`);
    await noteOf(first);
  }
  if (context.out.audience === 'table') return undefined;
  return tell(context, [...changed, ...already]);
}

/** The room that is kept for stopping keys is enough for one after the other, not for many at once. */
function onFullDisk(error: unknown, { done, ledger }: Verb): unknown {
  if (!(error instanceof Failure) || error.code !== 'store_full' || ledger === 'unlocked') return error;
  return new Failure('store_full', `the disk is full; no key was ${done}`, {
    hint: 'free some space, or name one key at a time, which takes less',
    cause: error,
  });
}

async function nothingFits(context: Context, store: Readers, selection: Selection): Promise<undefined> {
  const workspaceId = 'filter' in selection ? selection.filter.workspaceId : undefined;
  const where = workspaceId === undefined ? undefined : await store.workspaces.byId(workspaceId);
  await context.out.say(`no key in ${where?.slug ?? 'any workspace'} fits`);
  return tell(context, []);
}

/** With nobody to ask, a filter needs the number that it was seen to fit. */
async function requireExpect(
  context: Context,
  store: Readers,
  input: Input,
  selection: Selection,
): Promise<void> {
  if (!('filter' in selection) || input.text('expect') !== undefined || context.ask.interactive) return;
  const keys = await selectKeys(store, selection, context.now());
  if (keys.length === 0) return;
  const fit = counted(keys.length, 'key fits', 'keys fit');
  throw new Failure('usage', `--expect is missing: ${fit}, and there is nobody to ask`, {
    hint: 'look at them with --dry-run, then say --expect with their number and --yes',
  });
}

async function ask(context: Context, input: Input, keys: readonly ApiKey[], verb: Verb): Promise<void> {
  const now = context.now();
  const lines = keys
    .slice(0, MOST_NAMED)
    .map((key) => `${key.name}  ${publicKey(key)}  ${lastUsed(key, now)}`);
  if (keys.length > MOST_NAMED) lines.push(`and ${keys.length - MOST_NAMED} more`);
  await confirm(context, input, {
    lines: [...lines, verb.warning ?? ''],
    question: verb.question(keys.length),
  });
}

async function tell(context: Context, keys: readonly ApiKey[]): Promise<undefined> {
  const store = await context.store();
  const now = context.now();
  const items = keys.map(await showing(store));
  await context.out.list({
    key: 'keys',
    columns: keyColumns(now),
    tableColumns: ['NAME', 'PUBLIC KEY', 'STATUS', 'SCOPES', 'OWNER', 'USED'],
    json: (shown) => keyJson(shown, now),
    pages: (async function* () {
      yield { items, next: null };
    })(),
  });
  return undefined;
}
