import type { Context } from '../context.ts';
import { requireStoreAllowed } from '../domain/access/require.ts';
import { acceptRollback as accept, type Rollback, rollbackOf } from '../domain/audit/rollback.ts';
import type { ApiKey } from '../domain/keys/key.ts';
import { publicKey } from '../domain/keys/token.ts';
import type { AnchorMark } from '../domain/ports/system.ts';
import { EXIT, Failure } from '../errors.ts';
import { rfc3339 } from '../terminal/time.ts';
import { confirm } from './confirm.ts';
import type { Input } from './input.ts';

/**
 * Goes on with a store that is older than, or another than, this machine remembers: the machine
 * forgets what it knew and remembers this one. It is audited, and says what may be undone by it.
 */
export async function acceptRollback(context: Context, input: Input): Promise<undefined> {
  const mark = context.anchor().read();
  if (!context.hasStore()) return forget(context, input, mark);
  const store = await context.store({ unchecked: true });
  const rollback = await rollbackOf(store, mark, context.now());
  if (rollback === undefined) {
    await context.out.say('the store is what this machine remembers; nothing to accept');
    return json(context, { accepted: false, code: null, lines: [], keys: [] });
  }
  const shown = { code: rollback.problem.code, lines: consequences(rollback), keys: rollback.keys };
  if (input.flag('dryRun')) return tell(context, input, { ...shown, accepted: false });
  await requireStoreAllowed(store, context.actor(), 'rollbacks');
  await confirm(context, input, { lines: shown.lines, question: 'go on with this store?' });
  await accept(await ledgerOf(context), rollback);
  const done = 'accepted; this machine remembers this store from here on';
  return tell(context, input, { ...shown, accepted: true, done });
}

interface Told {
  readonly accepted: boolean;
  readonly code: string | null;
  readonly lines: readonly string[];
  readonly keys: readonly ApiKey[];
  readonly done?: string;
}

/** What came of it, or would. Whoever was asked has seen the consequences already. */
async function tell(context: Context, input: Input, told: Told): Promise<undefined> {
  const asked = told.accepted && !input.flag('yes');
  if (!asked) for (const line of told.lines) await context.out.say(line);
  if (told.done !== undefined) await context.out.say(told.done);
  return json(context, told);
}

async function json(context: Context, { accepted, code, lines, keys }: Told): Promise<undefined> {
  if (context.out.audience !== 'json') return undefined;
  const consequences = lines.map((line) => context.out.spelled(line));
  await context.out.json({ accepted, code, consequences, keys: keys.map((key) => publicKey(key)) });
  return undefined;
}

const MOST_NAMED = 20;

function consequences({ problem, mark, head, keys }: Rollback): readonly string[] {
  if (problem.code === 'store_foreign') return [problem.message];
  const last = head === undefined ? 'its beginning' : rfc3339(head.at);
  const left = keys.length - MOST_NAMED;
  return [
    problem.message,
    `what happened between ${last} and entry ${mark.seq} is gone, revocations included`,
    `${keys.length === 1 ? '1 key verifies' : `${keys.length} keys verify`} with this store, and may have been revoked since${keys.length === 0 ? '' : ':'}`,
    ...keys.slice(0, MOST_NAMED).map((key) => `  ${publicKey(key)}  ${key.name}`),
    ...(left > 0 ? [`  and ${left} more; --json names all`] : []),
  ];
}

async function forget(context: Context, input: Input, mark: AnchorMark | undefined): Promise<undefined> {
  if (mark === undefined)
    throw new Failure('no_store', `there is no store at ${context.places().store}`, {
      hint: '{keywright} init',
    });
  const lines = [
    `the store ${mark.storeId} that was at ${context.places().store} is given up, with all its keys`,
  ];
  const gone = { code: 'store_missing', lines, keys: [] };
  if (input.flag('dryRun')) return tell(context, input, { ...gone, accepted: false });
  await confirm(context, input, { lines, question: 'forget it?' });
  context.anchor().reset(undefined);
  return tell(context, input, {
    ...gone,
    accepted: true,
    done: 'forgotten; {keywright} init makes a new store',
  });
}

/** Accepting must work without the keys, too: then its entry waits for its seal. */
async function ledgerOf(context: Context): ReturnType<Context['ledger']> {
  try {
    return await context.ledger('unlocked');
  } catch (error) {
    if (error instanceof Failure && error.exitCode === EXIT.locked) return context.ledger('locked');
    throw error;
  }
}
