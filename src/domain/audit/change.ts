import { Failure, PROGRAM } from '../../errors.ts';
import type { AuditSealer, SlotRecord } from '../ports/secrets.ts';
import type { Store, Transaction, WriteOptions } from '../ports/store.ts';
import type { Actor, Anchor, Clock } from '../ports/system.ts';
import { isCurrent } from '../slots/locked-store.ts';
import { chainInParts, entryHash, sameBytes } from './chain.ts';
import type { AuditEntry, NewEntry } from './entry.ts';

/** What every change needs: where it is written, who makes it, and what remembers it. */
export interface Ledger {
  readonly store: Store;
  readonly anchor: Anchor;
  readonly actor: Actor;
  readonly now: Clock;
  /** Absent while the store is locked; only revoke, disable and their like run so. */
  readonly sealer?: AuditSealer | undefined;
  /** The slot that the sealer was unlocked with. Another record of it by now means another root key. */
  readonly unlockedBy?: SlotRecord | undefined;
  /** Told when the change is durable but the anchor file could not be written. */
  anchorFailed(error: unknown): void;
}

/** Adds one entry to the transaction's audit record. */
export type Record = (entry: NewEntry) => void;

/**
 * Runs `work` in one durable transaction and writes what it records to the audit log in that same
 * transaction: both are there or neither. Afterwards the anchor is raised. Throws what the store's
 * `write` throws; nothing has happened then.
 */
export async function change<T>(
  ledger: Ledger,
  work: (tx: Transaction, record: Record) => Promise<T>,
  options: WriteOptions = {},
): Promise<T> {
  let last: AuditEntry | undefined;
  const result = await ledger.store.write(async (tx) => {
    await refuseStaleKeys(tx, ledger.unlockedBy);
    const entries: NewEntry[] = [];
    const value = await work(tx, (entry) => entries.push(entry));
    const head = await tx.audit.head();
    if (entries.length > 0 && ledger.sealer !== undefined) await refuseForgery(tx, head, ledger.sealer);
    for (const part of chainInParts(head, entries, signatureOf(ledger), ledger.sealer)) {
      await tx.write.audit(part);
      last = part.at(-1);
    }
    return value;
  }, options);
  if (last !== undefined) raiseAnchor(ledger, last);
  return result;
}

/** Keys from before a `slots rekey` would seal what nobody could check afterwards. */
async function refuseStaleKeys(tx: Transaction, unlockedBy: SlotRecord | undefined): Promise<void> {
  if (unlockedBy === undefined) return;
  if (await isCurrent(tx, unlockedBy)) return;
  throw new Failure('changed', 'the slots of the store were changed meanwhile; nothing was done', {
    hint: 'run it again',
  });
}

/**
 * A seal vouches for everything before it, so what it is put on top of is looked at first: back over what was
 * made while locked, to the seal before that, which must be ours.
 */
async function refuseForgery(
  tx: Transaction,
  head: AuditEntry | undefined,
  sealer: AuditSealer,
): Promise<void> {
  let entry = head;
  while (entry?.locked === true) {
    if (!sameBytes(entryHash(entry), entry.hash)) throw forged(entry.seq);
    const before: AuditEntry | undefined = await tx.audit.bySeq(entry.seq - 1);
    if (before === undefined || !sameBytes(before.hash, entry.prev)) throw forged(entry.seq);
    entry = before;
  }
  if (entry === undefined) return;
  if (entry.seal === null || !sameBytes(sealer.seal(entry.seq, entry.hash), entry.seal))
    throw forged(entry.seq);
}

function forged(seq: number): Failure {
  return new Failure('store_damaged', `the audit log is not ours at entry ${seq}; nothing was done`, {
    hint: `${PROGRAM} audit verify`,
  });
}

/** Who and when, for the entries of one transaction. */
export function signatureOf(by: { actor: Actor; now: Clock }): {
  at: number;
  actor: string;
  osUser: string | null;
} {
  const { name, osUser } = by.actor;
  return { at: by.now(), actor: name, osUser: osUser === name ? null : osUser };
}

/** The change is committed by now: an anchor that can't be written must not turn success into an error. */
function raiseAnchor(ledger: Ledger, last: AuditEntry): void {
  try {
    const mark = { storeId: ledger.store.identity.id, seq: last.seq, head: last.hash };
    const { sealer } = ledger;
    ledger.anchor.raise(mark, sealer && ((body) => sealer.anchorMac(body)));
  } catch (error) {
    ledger.anchorFailed(error);
  }
}
