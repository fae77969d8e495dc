import { expect, test, vi } from 'vitest';
import type { Store } from '../../../src/domain/ports/store.ts';
import { isCurrent, lockedStore, readUnlocked, unlockNow } from '../../../src/domain/slots/locked-store.ts';
import { type RekeyPlan, rekey } from '../../../src/domain/slots/rekey.ts';
import { Failure } from '../../../src/errors.ts';
import { someSlot } from '../../contracts/samples.ts';
import { changedStore } from '../../support/changed-store.ts';
import { openSlotDesk, type SlotDesk } from '../../support/fake-secrets.ts';

const sources = { passphraseGiven: false, passphrase: () => Promise.reject(new Error('nobody')) };
const newRoot = (d: SlotDesk, decide: (plan: RekeyPlan) => Promise<void> = async () => undefined) =>
  rekey(d.ledger, { secrets: d.secrets, sources }, decide);

/** The store, in which something happens within the next snapshot, after what is read first. */
function disturbed(store: Store, happens: () => Promise<unknown>): Store {
  let left = 1;
  return changedStore(store, {
    readTogether: (work) =>
      store.readTogether(async (readers) => {
        const all = async () => {
          const slots = await readers.slots.all();
          if (left-- > 0) await happens();
          return slots;
        };
        return work({ ...readers, slots: { ...readers.slots, all } });
      }),
  });
}

test('is what the store has', async () => {
  const { store } = await openSlotDesk();
  const locked = await lockedStore(store);
  expect(locked).toEqual({
    id: store.identity.id,
    primarySlot: await store.slots.primary(),
    slots: await store.slots.all(),
    peppers: await store.slots.peppers(),
  });
  expect(locked.slots).toHaveLength(1);
});

test('never pairs old slots with new peppers', async () => {
  const d = await openSlotDesk();
  const before = await lockedStore(d.store);
  expect(await lockedStore(disturbed(d.store, () => newRoot(d)))).toEqual(before);
  expect((await lockedStore(d.store)).peppers).toHaveLength(2);
});

test('what a rekey took away while it was being unlocked is unlocked by the new keys', async () => {
  const d = await openSlotDesk();
  const unlock = vi.fn(async (locked: Awaited<ReturnType<typeof lockedStore>>) => {
    if (unlock.mock.calls.length === 1) await newRoot(d);
    return d.secrets.unlockOperator(locked, sources);
  });
  const { slot } = await unlockNow(d.store, unlock);
  expect(unlock).toHaveBeenCalledTimes(2);
  expect(await isCurrent(d.store, slot)).toBe(true);
});

test.each([
  ['that can not be unlocked is not tried for ever', false, new Failure('keychain_locked', 'it is locked')],
  ['whose unlocking was cancelled is not asked for again', true, new Failure('cancelled', 'cancelled')],
])('a store %s', async (_, changes, failure) => {
  const d = await openSlotDesk();
  const unlock = vi.fn(async () => {
    if (changes) await d.store.write((tx) => tx.write.slots.insert(someSlot()));
    throw failure;
  });
  await expect(unlockNow(d.store, unlock)).rejects.toBe(failure);
  expect(unlock).toHaveBeenCalledTimes(1);
});

test('what is read with the keys of before is read again with those of now', async () => {
  const d = await openSlotDesk();
  const asked: boolean[] = [];
  const operator = async ({ again }: { again: boolean }) => {
    asked.push(again);
    const access = await d.secrets.unlockOperator(await lockedStore(d.store), sources);
    if (!again) await newRoot(d);
    return access;
  };
  const means = { operator, anchor: () => d.anchor };
  const seen = await readUnlocked(d.store, means, async (readers, { access, mark }) => [
    access.slot,
    await readers.slots.all(),
    mark?.seq,
  ]);
  expect(asked).toEqual([false, true]);
  const slots = await d.store.slots.all();
  expect(seen).toEqual([slots[0], slots, (await d.store.audit.head())?.seq]);
});
