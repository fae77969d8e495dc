import type { LockedStore } from '../ports/secrets.ts';
import type { Store } from '../ports/store.ts';

/** What of a store is needed to unlock it, as it is now. */
export async function lockedStore(store: Store): Promise<LockedStore> {
  return {
    id: store.identity.id,
    primarySlot: await store.slots.primary(),
    slots: await store.slots.all(),
    peppers: await store.slots.peppers(),
  };
}
