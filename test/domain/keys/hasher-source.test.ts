import { expect, test, vi } from 'vitest';
import { hasherSource } from '../../../src/domain/keys/hasher-source.ts';
import { someSlot } from '../../contracts/samples.ts';
import { fakeHasher, openDesk } from '../../support/fake-ledger.ts';

function source() {
  const desk = openDesk();
  const unlock = vi.fn(async () => ({ slot: someSlot(), hasher: fakeHasher({ 1: 'one' }) }));
  return { desk, unlock, hasher: hasherSource(desk.store.slots, unlock) };
}

const pepper = (number: number, byte: number) => ({
  number,
  sealed: new Uint8Array(60).fill(byte),
  createdAt: 1,
});

test('unlocks once while the peppers are the same', async () => {
  const { hasher, unlock } = source();
  const first = await hasher();
  expect(await hasher()).toBe(first);
  expect(unlock).toHaveBeenCalledTimes(1);
});

test('a change of something else unlocks nothing', async () => {
  const { desk, hasher, unlock } = source();
  await hasher();
  await desk.store.write((tx) => tx.write.slots.insert(someSlot()));
  await hasher();
  expect(unlock).toHaveBeenCalledTimes(1);
});

test.each([
  ['one more', pepper(2, 7)],
  ['one that is sealed anew', pepper(1, 7)],
])('%s unlocks again', async (_, changed) => {
  const { desk, hasher, unlock } = source();
  const before = await hasher();
  await desk.store.write((tx) => tx.write.slots.putPepper(changed));
  expect(await hasher()).not.toBe(before);
  await hasher();
  expect(unlock).toHaveBeenCalledTimes(2);
});

test('a failure to unlock is not held', async () => {
  const { hasher, unlock } = source();
  unlock.mockRejectedValueOnce(new Error('locked'));
  await expect(hasher()).rejects.toThrow('locked');
  expect((await hasher()).current).toBe(1);
});
