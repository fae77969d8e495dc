import type { SlotRecord, SlotRequest, UnlockSources } from '../../domain/ports/secrets.ts';
import type { Failure } from '../../errors.ts';

/** How to get a wrapping key again (one line, stored), and the wrapping key (32 bytes, never stored with it). */
export interface Wrapping {
  readonly header: string;
  readonly key: Uint8Array;
}

/** One kind of slot: where its wrapping key comes from. Same shape for every kind, one switch in `open.ts`. */
export interface SlotMeans {
  /** A fresh wrapping key, kept where this kind keeps it. */
  make(request: SlotRequest): Promise<Wrapping>;
  /** The slot's wrapping key. Throws exit-6 failures. */
  unlock(slot: SlotRecord, sources: UnlockSources): Promise<Uint8Array>;
  /** A fresh wrapping key for a slot that has one; both work until `settle`. */
  renew(slot: SlotRecord, sources: UnlockSources): Promise<Wrapping>;
  /** Takes away what only `old` needs. */
  settle(old: SlotRecord, current: SlotRecord): Promise<void>;
  /** Takes away what the slot has outside the database; fine when it is gone already. */
  discard(slot: SlotRecord): Promise<void>;
  /** What to say when the wrapping key doesn't open what the slot wraps. */
  refused(slot: SlotRecord): Failure;
}
