import type { Context } from '../context.ts';
import { change } from '../domain/audit/change.ts';
import { compareAnchor } from '../domain/audit/compare-anchor.ts';
import type { Store } from '../domain/ports/store.ts';
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
  const anchor = context.anchor();
  const mark = anchor.read();
  if (!context.hasStore()) return forget(context, input, mark);
  const store = await context.store({ unchecked: true });
  const problem = await compareAnchor(mark, store);
  if (problem === undefined || mark === undefined) {
    await context.out.say('the store is what this machine remembers; nothing to accept');
    return undefined;
  }
  const lines = await consequences(context, store, mark, problem);
  if (input.flag('dryRun')) return tell(context, input, { accepted: false, code: problem.code, lines });
  await confirm(context, input, { lines, question: 'go on with this store?' });
  const ledger = await ledgerOf(context);
  await change(ledger, async (_tx, record) => {
    const facts = { remembered_store: mark.storeId, remembered_seq: mark.seq };
    record({ action: 'store.accept-rollback', target: store.identity.id, workspaceId: null, facts });
  });
  const head = await store.audit.head();
  const sealer = ledger.sealer;
  if (head !== undefined) {
    anchor.reset(
      { storeId: store.identity.id, seq: head.seq, head: head.hash },
      sealer && ((body) => sealer.anchorMac(body)),
    );
  }
  const done = 'accepted; this machine remembers this store from here on';
  return tell(context, input, { accepted: true, code: problem.code, lines, done });
}

interface Told {
  readonly accepted: boolean;
  readonly code: string;
  readonly lines: readonly string[];
  readonly done?: string;
}

/** What came of it, or would. Whoever was asked has seen the consequences already. */
async function tell(
  context: Context,
  input: Input,
  { accepted, code, lines, done }: Told,
): Promise<undefined> {
  const asked = accepted && !input.flag('yes');
  if (!asked) for (const line of lines) await context.out.say(line);
  if (done !== undefined) await context.out.say(done);
  if (context.out.audience === 'json')
    await context.out.json({ accepted, code, consequences: lines.map((line) => context.out.spelled(line)) });
  return undefined;
}

async function consequences(
  context: Context,
  store: Store,
  mark: AnchorMark,
  problem: Failure,
): Promise<readonly string[]> {
  if (problem.code === 'store_foreign') return [problem.message];
  const head = await store.audit.head();
  const last = head === undefined ? 'its beginning' : rfc3339(head.at);
  const active = await store.keys.count({ status: 'active' }, context.now());
  return [
    problem.message,
    `what happened between ${last} and entry ${mark.seq} is gone, revocations included`,
    `${active === 1 ? '1 key verifies' : `${active} keys verify`} with this store, and may have been revoked since: {keywright} keys list --status active`,
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
  const code = 'store_missing';
  if (input.flag('dryRun')) return tell(context, input, { accepted: false, code, lines });
  await confirm(context, input, { lines, question: 'forget it?' });
  context.anchor().reset(undefined);
  return tell(context, input, {
    accepted: true,
    code,
    lines,
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
