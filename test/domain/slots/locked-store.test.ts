import { expect, test, vi } from 'vitest';
import { lockedStore } from '../../../src/domain/slots/locked-store.ts';
import { someSlot } from '../../contracts/samples.ts';
import { openDesk } from '../../support/fake-ledger.ts';

const PEPPER = { number: 2, kind: 'pepper', sealed: new Uint8Array(60).fill(7), createdAt: 1 } as const;

test('is what the store has, read once while nothing changes', async () => {
  const { store } = openDesk();
  const slots = vi.spyOn(store.slots, 'all');
  const locked = await lockedStore(store);
  expect(slots).toHaveBeenCalledTimes(1);
  expect(locked).toEqual({
    id: store.identity.id,
    primarySlot: await store.slots.primary(),
    slots: await store.slots.all(),
    peppers: await store.slots.peppers(),
  });
  expect(locked.slots).toHaveLength(1);
});

test('never pairs old slots with new peppers: it is read again until nothing changed in between', async () => {
  const { store } = openDesk();
  const all = store.slots.all.bind(store.slots);
  let changes = 3;
  const slots = vi.spyOn(store.slots, 'all').mockImplementation(async () => {
    const before = await all();
    if (changes-- > 0) {
      const slot = someSlot();
      await store.write(async (tx) => {
        await tx.write.slots.insert(slot);
        await tx.write.slots.putPepper({ ...PEPPER, number: 5 - changes });
        await tx.write.slots.setPrimary(slot.id);
      });
    }
    return before;
  });
  const locked = await lockedStore(store);
  expect(slots).toHaveBeenCalledTimes(4);
  expect(locked.slots).toEqual(await all());
  expect(locked.slots).toHaveLength(4);
  expect(locked.peppers).toEqual(await store.slots.peppers());
  expect(locked.primarySlot).toBe(await store.slots.primary());
});
