import { Failure } from '../../errors.ts';
import { sameBytes } from '../audit/chain.ts';
import type { LockedStore, OperatorAccess, SlotRecord } from '../ports/secrets.ts';
import type { Readers, Store } from '../ports/store.ts';
import type { Anchor, AnchorMark } from '../ports/system.ts';

/** What of a store is needed to unlock it, as it is at one moment: old slots do not open new peppers. */
export function lockedStore(store: Store): Promise<LockedStore> {
  return store.readTogether((readers) => lockedIn(store, readers));
}

/** The same, of a store that is being read. */
export async function lockedIn(store: Pick<Store, 'identity'>, { slots }: Readers): Promise<LockedStore> {
  return {
    id: store.identity.id,
    primarySlot: await slots.primary(),
    slots: await slots.all(),
    peppers: await slots.peppers(),
  };
}

/**
 * Unlocks by what the store holds now. A `slots rekey` takes away what the slots needed before it, so what failed is
 * tried again with the slots of now, if those are other ones.
 */
export async function unlockNow<T>(store: Store, unlock: (locked: LockedStore) => Promise<T>): Promise<T> {
  for (let locked = await lockedStore(store); ; ) {
    try {
      return await unlock(locked);
    } catch (error) {
      const now = await lockedStore(store);
      const isCancelled = error instanceof Failure && error.code === 'cancelled';
      if (isCancelled || sameSlots(locked.slots, now.slots)) throw error;
      locked = now;
    }
  }
}

/** How the store is unlocked, and where this machine's memory of it is. */
interface Means {
  operator(options: { again: boolean }): Promise<OperatorAccess>;
  anchor(): Pick<Anchor, 'read' | 'tampered'>;
}

/** What a store is read with: its keys, and what this machine remembered of it when the reading began. */
export interface Unlocked {
  readonly access: OperatorAccess;
  /** Undefined also when it is of another store. */
  readonly mark: AnchorMark | undefined;
  /** Does the anchor hold a mark that the keys did not make? */
  readonly tampered: boolean;
}

/**
 * Reads the store as of one moment, with the keys of that moment: when its slots are other ones than those that were
 * unlocked (a `slots rekey`), it is unlocked again and read again. Throws as unlocking does.
 */
export async function readUnlocked<T>(
  store: Store,
  means: Means,
  work: (readers: Readers, unlocked: Unlocked) => Promise<T>,
): Promise<T> {
  for (let again = false; ; again = true) {
    const access = await means.operator({ again });
    const mac = (body: Uint8Array): Uint8Array => access.audit.anchorMac(body);
    // Before the store, or a change in between looks as if the end of the log was cut off.
    const anchor = { mark: means.anchor().read(mac), tampered: means.anchor().tampered(mac) };
    const mark = anchor.mark?.storeId === store.identity.id ? anchor.mark : undefined;
    const read = await store.readTogether(async (readers) =>
      (await isCurrent(readers, access.slot))
        ? { value: await work(readers, { access, ...anchor, mark }) }
        : undefined,
    );
    if (read !== undefined) return read.value;
  }
}

/** Is the slot still the one that was unlocked? Another record of it by now means another root key. */
export async function isCurrent(readers: Readers, unlockedBy: SlotRecord): Promise<boolean> {
  const current = (await readers.slots.all()).find((slot) => slot.id === unlockedBy.id);
  return current !== undefined && sameBytes(current.wrapped, unlockedBy.wrapped);
}

function sameSlots(before: readonly SlotRecord[], now: readonly SlotRecord[]): boolean {
  const same = (slot: SlotRecord, n: number): boolean =>
    slot.id === now[n]?.id && slot.header === now[n].header && sameBytes(slot.wrapped, now[n].wrapped);
  return before.length === now.length && before.every(same);
}
