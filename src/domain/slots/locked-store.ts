import type { LockedStore } from '../ports/secrets.ts';
import type { Store } from '../ports/store.ts';

/**
 * What of a store is needed to unlock it, as it is now. Slots and peppers are read one after the other, so it is
 * read again when they changed in between: old slots do not open new peppers.
 */
export async function lockedStore(store: Store): Promise<LockedStore> {
  for (;;) {
    const generation = await store.slots.generation();
    const locked = {
      id: store.identity.id,
      primarySlot: await store.slots.primary(),
      slots: await store.slots.all(),
      peppers: await store.slots.peppers(),
    };
    if ((await store.slots.generation()) === generation) return locked;
  }
}
