import type { AuditSealer } from '../ports/secrets.ts';
import type { AuditReader } from '../ports/store.ts';
import type { AnchorMark } from '../ports/system.ts';
import { entryHash, GENESIS, sameBytes } from './chain.ts';
import type { AuditEntry } from './entry.ts';

/** What a check of the log found. */
export interface ChainReport {
  readonly entries: number;
  /** The first sequence number that is wrong, and how; null when nothing is. */
  readonly bad: { readonly seq: number; readonly reason: string } | null;
  /** Ranges made while the store was locked; `sealed` once a later transaction sealed them. */
  readonly lockedRanges: readonly { readonly from: number; readonly to: number; readonly sealed: boolean }[];
  /** Entries whose time lies before that of the entry before: the clock went back. */
  readonly clockWentBack: readonly number[];
  readonly head: { readonly seq: number; readonly hash: Uint8Array } | null;
}

const PAGE = 1000;
/** What is done without the audit key. Anything else that says so was written by somebody else. */
const MADE_LOCKED: ReadonlySet<string> = new Set([
  'key.revoke',
  'key.disable',
  'key.late-use',
  'integration.disable',
  'grant.revoke',
  'grant.revocation-given-up',
  'app.remove',
  'store.accept-rollback',
]);

/**
 * Walks the whole log: sequence without gaps, each hash, each link, and with a sealer each seal; then
 * compares with what this machine remembers. Stops at the first bad entry and names it.
 */
export async function checkChain(
  log: Pick<AuditReader, 'from'>,
  sealer: AuditSealer | undefined,
  anchor: AnchorMark | undefined,
): Promise<ChainReport> {
  const walk = new Walk(sealer, anchor);
  for (let seq = 1; ; ) {
    const page = await log.from(seq, PAGE);
    for (const entry of page) if (!walk.step(entry)) return walk.report();
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return walk.end();
    seq = last.seq + 1;
  }
}

class Walk {
  readonly #sealer: AuditSealer | undefined;
  readonly #anchor: AnchorMark | undefined;
  #last: AuditEntry | undefined;
  /** The first entry that no good seal covers yet. */
  #unsealedFrom = 1;
  /** The first entry of a transaction that had the audit key and whose sealed last entry has not come yet. */
  #awaitsSeal: number | undefined;
  #lockedFrom: number | undefined;
  #ranges: { from: number; to: number; sealed: boolean }[] = [];
  #back: number[] = [];
  #bad: { seq: number; reason: string } | null = null;

  constructor(sealer: AuditSealer | undefined, anchor: AnchorMark | undefined) {
    this.#sealer = sealer;
    this.#anchor = anchor;
  }

  step(entry: AuditEntry): boolean {
    const before = this.#last;
    const expected = (before?.seq ?? 0) + 1;
    if (entry.seq !== expected) return this.#fail(expected, `entry ${expected} is missing`);
    if (!sameBytes(entry.prev, before?.hash ?? GENESIS))
      return this.#fail(entry.seq, 'it does not continue the entry before');
    if (!sameBytes(entryHash(entry), entry.hash)) return this.#fail(entry.seq, 'it was changed');
    if (entry.locked && !MADE_LOCKED.has(entry.action))
      return this.#fail(entry.seq, 'it can not have been made while the store was locked');
    if (entry.locked && this.#awaitsSeal !== undefined)
      return this.#fail(this.#awaitsSeal, 'its seal is missing');
    if (!this.#sealHolds(entry)) return false;
    if (this.#anchor?.seq === entry.seq && !sameBytes(this.#anchor.head, entry.hash)) {
      return this.#fail(this.#unsealedFrom, 'it is not the entry that this machine remembers');
    }
    if (before !== undefined && entry.at < before.at) this.#back.push(entry.seq);
    this.#track(entry);
    this.#last = entry;
    return true;
  }

  end(): ChainReport {
    const seq = this.#last?.seq ?? 0;
    if (this.#anchor !== undefined && this.#anchor.seq > seq)
      this.#fail(seq + 1, 'the end of the log was cut off');
    else if (this.#awaitsSeal !== undefined) this.#fail(this.#awaitsSeal, 'its seal is missing');
    if (this.#lockedFrom !== undefined) this.#ranges.push({ from: this.#lockedFrom, to: seq, sealed: false });
    return this.report();
  }

  report(): ChainReport {
    const head = this.#last === undefined ? null : { seq: this.#last.seq, hash: this.#last.hash };
    return {
      entries: this.#last?.seq ?? 0,
      bad: this.#bad,
      lockedRanges: this.#ranges,
      clockWentBack: this.#back,
      head,
    };
  }

  /** A seal vouches for everything before it, so a wrong one means that something since the last good one is wrong. */
  #sealHolds(entry: AuditEntry): boolean {
    if (entry.seal === null || this.#sealer === undefined) return true;
    if (!sameBytes(this.#sealer.seal(entry.seq, entry.hash), entry.seal)) {
      return this.#fail(this.#unsealedFrom, 'its seal is wrong: it was rewritten');
    }
    this.#unsealedFrom = entry.seq + 1;
    return true;
  }

  #track(entry: AuditEntry): void {
    if (entry.seal !== null) this.#awaitsSeal = undefined;
    else if (!entry.locked) this.#awaitsSeal ??= entry.seq;
    if (entry.locked) this.#lockedFrom ??= entry.seq;
    else if (this.#lockedFrom !== undefined) {
      this.#ranges.push({ from: this.#lockedFrom, to: entry.seq - 1, sealed: true });
      this.#lockedFrom = undefined;
    }
  }

  #fail(seq: number, reason: string): false {
    this.#bad = { seq, reason };
    return false;
  }
}
