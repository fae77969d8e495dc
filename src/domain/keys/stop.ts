import { Failure, PROGRAM } from '../../errors.ts';
import { type Gate, gateOf } from '../access/require.ts';
import type { WorkspaceWish } from '../access/wish.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import type { Actor } from '../ports/system.ts';
import { keyEntry } from './facts.ts';
import type { ApiKey } from './key.ts';
import { expectCount, type Selection, selectKeys } from './select.ts';
import { publicKey } from './token.ts';

/** The selected keys as they are now: those that were changed, and those that were so already. */
export interface Stopped {
  readonly changed: readonly ApiKey[];
  readonly already: readonly ApiKey[];
}

/**
 * Revokes the selected keys for good, in one transaction; effective for every reader when this
 * returns. What is revoked already is left as it is. Their open deliveries are rolled back, and the secrets of
 * those erased. Needs no unlocked store, so that a lost keychain can't keep a leaked key alive, and may use the
 * reserve on a full disk. Throws `forbidden`, with nothing done, when one of them may not be stopped.
 */
export function revokeKeys(
  ledger: Ledger,
  selection: Selection,
  options: { reason?: string | undefined; expect?: number | undefined } = {},
): Promise<Stopped> {
  const reason = options.reason ?? null;
  return stop(ledger, selection, options.expect, {
    urgent: true,
    isDone: (key) => key.revokedAt !== null,
    wish: stopping(selection),
    apply: async (tx, kids, now) => {
      await tx.write.keys.revoke(kids, now, reason);
      await tx.write.rotations.closeOf(kids, now);
    },
    after: (key, now) => ({ ...key, revokedAt: now, revokedReason: reason }),
    entry: (key) => keyEntry('key.revoke', key, reason === null ? {} : { reason }),
  });
}

/** Pauses the selected keys; `enableKeys` undoes it. May use the reserve, as revoking. Revoked ones among them are refused with `wrong_state`; `forbidden` as above. */
export function disableKeys(
  ledger: Ledger,
  selection: Selection,
  options: { expect?: number | undefined } = {},
): Promise<Stopped> {
  return stop(ledger, selection, options.expect, {
    urgent: true,
    isDone: (key) => refuseRevoked(key, 'disabled').disabledAt !== null,
    wish: stopping(selection),
    apply: async (tx, kids, now) => void (await tx.write.keys.setDisabled(kids, now)),
    after: (key, now) => ({ ...key, disabledAt: now }),
    entry: (key) => keyEntry('key.disable', key),
  });
}

/**
 * Ends a pause. Revoked keys are refused with `wrong_state`; an expired one stays expired. Throws `forbidden`, with
 * nothing done, when the actor may not grant what one of them may do.
 */
export function enableKeys(
  ledger: Ledger,
  selection: Selection,
  options: { expect?: number | undefined } = {},
): Promise<Stopped> {
  return stop(ledger, selection, options.expect, {
    urgent: false,
    isDone: (key) => refuseRevoked(key, 'enabled').disabledAt === null,
    wish: waking,
    apply: async (tx, kids) => void (await tx.write.keys.setDisabled(kids, null)),
    after: (key) => ({ ...key, disabledAt: null }),
    entry: (key) => keyEntry('key.enable', key),
  });
}

interface Step {
  /** May it use the reserve on a full disk? What gives access back may not: the reserve is for taking it away. */
  readonly urgent: boolean;
  /** Is the key so already? Throws `wrong_state` where it never can be. */
  isDone(key: ApiKey): boolean;
  /** What has to be allowed for each key. */
  wish(key: ApiKey): WorkspaceWish;
  apply(tx: Transaction, kids: readonly string[], now: number): Promise<void>;
  /** The key after the step. */
  after(key: ApiKey, now: number): ApiKey;
  /** The audit entry about a key after the step. */
  entry(key: ApiKey): ReturnType<typeof keyEntry>;
}

function stop(
  ledger: Ledger,
  selection: Selection,
  expect: number | undefined,
  step: Step,
): Promise<Stopped> {
  const now = ledger.now();
  const work = async (
    tx: Transaction,
    record: (entry: ReturnType<typeof keyEntry>) => void,
  ): Promise<Stopped> => {
    const keys = await selectKeys(tx, selection, now);
    expectCount(keys.length, expect);
    const done = new Set(keys.filter((key) => step.isDone(key)));
    const already = [...done];
    const due = keys.filter((key) => !done.has(key));
    await requireForEach(tx, ledger.actor, due, step.wish);
    const changed = due.map((key) => step.after(key, now));
    if (changed.length === 0) return { changed, already };
    const kids = changed.map((key) => key.kid);
    await step.apply(tx, kids, now);
    for (const key of changed) record(step.entry(key));
    return { changed, already };
  };
  return change(ledger, work, { urgent: step.urgent });
}

/** What revoking or disabling the selected keys has to be allowed, for each. */
export function stopping(selection: Selection): (key: ApiKey) => WorkspaceWish {
  const withSecret = 'names' in selection && selection.withSecret === true;
  return ({ name, owner }) => ({ kind: 'stop-keys', key: name, owner, withSecret });
}

/** What enabling a key has to be allowed. */
export function waking({ name, owner, scopes }: ApiKey): WorkspaceWish {
  return { kind: 'make-keys', key: name, owner, scopes };
}

/**
 * Throws `forbidden` unless the actor is allowed every wish: one that is not refuses all of them, for half of what was
 * asked for is not what was asked for.
 */
export async function requireForEach(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  keys: readonly ApiKey[],
  wish: (key: ApiKey) => WorkspaceWish,
): Promise<void> {
  const gates = new Map<string, Gate>();
  for (const key of keys) {
    const gate = gates.get(key.workspaceId) ?? (await gateOf(readers, actor, key.workspaceId));
    gates.set(key.workspaceId, gate);
    gate(wish(key));
  }
}

/** The key, unless it is revoked: `wrong_state` then. */
export function refuseRevoked(key: ApiKey, what: string): ApiKey {
  if (key.revokedAt === null) return key;
  throw new Failure('wrong_state', `${key.name} is revoked and can't be ${what}`, {
    hint: `${PROGRAM} keys create makes a new one; ${PROGRAM} keys show ${publicKey(key)} tells when it was revoked`,
  });
}
