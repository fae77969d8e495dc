import { Failure, PROGRAM } from '../../errors.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { Transaction } from '../ports/store.ts';
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
 * returns. What is revoked already is left as it is. Needs no unlocked store, so that a lost keychain
 * can't keep a leaked key alive, and may use the reserve on a full disk.
 */
export function revokeKeys(
  ledger: Ledger,
  selection: Selection,
  options: { reason?: string | undefined; expect?: number | undefined } = {},
): Promise<Stopped> {
  const reason = options.reason ?? null;
  return stop(ledger, selection, options.expect, {
    isDone: (key) => key.revokedAt !== null,
    apply: async (tx, kids, now) => void (await tx.write.keys.revoke(kids, now, reason)),
    after: (key, now) => ({ ...key, revokedAt: now, revokedReason: reason }),
    entry: (key) => keyEntry('key.revoke', key, reason === null ? {} : { reason }),
  });
}

/** Pauses the selected keys; `enableKeys` undoes it. Revoked ones among them are refused with `wrong_state`. */
export function disableKeys(
  ledger: Ledger,
  selection: Selection,
  options: { expect?: number | undefined } = {},
): Promise<Stopped> {
  return stop(ledger, selection, options.expect, {
    isDone: (key) => refuseRevoked(key, 'disabled').disabledAt !== null,
    apply: async (tx, kids, now) => void (await tx.write.keys.setDisabled(kids, now)),
    after: (key, now) => ({ ...key, disabledAt: now }),
    entry: (key) => keyEntry('key.disable', key),
  });
}

/** Ends a pause. Revoked keys are refused with `wrong_state`; an expired one stays expired. */
export function enableKeys(
  ledger: Ledger,
  selection: Selection,
  options: { expect?: number | undefined } = {},
): Promise<Stopped> {
  return stop(ledger, selection, options.expect, {
    isDone: (key) => refuseRevoked(key, 'enabled').disabledAt === null,
    apply: async (tx, kids) => void (await tx.write.keys.setDisabled(kids, null)),
    after: (key) => ({ ...key, disabledAt: null }),
    entry: (key) => keyEntry('key.enable', key),
  });
}

interface Step {
  isDone(key: ApiKey): boolean;
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
    const already = keys.filter((key) => step.isDone(key));
    const changed = keys.filter((key) => !step.isDone(key)).map((key) => step.after(key, now));
    if (changed.length === 0) return { changed, already };
    const kids = changed.map((key) => key.kid);
    await step.apply(tx, kids, now);
    for (const key of changed) record(step.entry(key));
    return { changed, already };
  };
  return change(ledger, work, { urgent: true });
}

function refuseRevoked(key: ApiKey, what: string): ApiKey {
  if (key.revokedAt === null) return key;
  throw new Failure('wrong_state', `${key.name} is revoked and can't be ${what}`, {
    hint: `${PROGRAM} keys create makes a new one; ${PROGRAM} keys show ${publicKey(key)} tells when it was revoked`,
  });
}
