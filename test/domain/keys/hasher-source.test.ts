import { expect, test, vi } from 'vitest';
import { hasherSource } from '../../../src/domain/keys/hasher-source.ts';
import { someSlot } from '../../contracts/samples.ts';
import { fakeHasher, openDesk } from '../../support/fake-ledger.ts';

function source() {
  const desk = openDesk();
  const unlock = vi.fn(async () => ({ slot: someSlot(), hasher: fakeHasher({ 1: 'one' }) }));
  const clock = { now: 0 };
  return { desk, unlock, clock, hasher: hasherSource(desk.store.slots, unlock, () => clock.now) };
}

const pepper = (number: number, byte: number) => ({
  number,
  kind: 'pepper' as const,
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

test('a hundred that ask at once get the same failure, of one unlock', async () => {
  const { hasher, unlock } = source();
  const locked = new Error('locked');
  unlock.mockRejectedValueOnce(locked);
  const answers = await Promise.allSettled(Array.from({ length: 100 }, () => hasher()));
  expect(answers).toEqual(Array.from({ length: 100 }, () => ({ status: 'rejected', reason: locked })));
  expect(unlock).toHaveBeenCalledTimes(1);
});

test('a failure is no answer any more where the peppers are those that are held', async () => {
  const { desk, hasher, unlock } = source();
  const first = await hasher();
  const before = await desk.store.slots.peppers();
  const peppers = vi.spyOn(desk.store.slots, 'peppers').mockResolvedValue([...before, pepper(2, 7)]);
  unlock.mockRejectedValueOnce(new Error('locked'));
  await expect(hasher()).rejects.toThrow('locked');
  peppers.mockRestore();
  expect((await hasher()).current).toBe(first.current);
});

test('a hundred that ask at once unlock once', async () => {
  const { unlock, hasher } = source();
  await Promise.all(Array.from({ length: 100 }, () => hasher()));
  expect(unlock).toHaveBeenCalledTimes(1);
});

test('a failure stands for a second, then it is tried again', async () => {
  const { unlock, hasher, clock } = source();
  unlock.mockRejectedValueOnce(new Error('locked'));
  await expect(hasher()).rejects.toThrow('locked');
  clock.now = 999;
  await expect(hasher()).rejects.toThrow('locked');
  expect(unlock).toHaveBeenCalledTimes(1);
  clock.now = 1000;
  await hasher();
  expect(unlock).toHaveBeenCalledTimes(2);
});

test('peppers that change while it is unlocked are unlocked anew, and not answered with the old ones', async () => {
  const { desk, unlock, hasher } = source();
  const releases: (() => void)[] = [];
  unlock.mockImplementation(
    () =>
      new Promise((resolve) => {
        const number = releases.length + 1;
        releases.push(() => resolve({ slot: someSlot(), hasher: fakeHasher({ [number]: `key ${number}` }) }));
      }),
  );
  const before = hasher();
  await vi.waitFor(() => expect(releases).toHaveLength(1));
  await desk.store.write((tx) => tx.write.slots.putPepper(pepper(2, 7)));
  const after = hasher();
  await vi.waitFor(() => expect(releases).toHaveLength(2));
  for (const release of releases) release();
  expect([(await before).current, (await after).current]).toEqual([1, 2]);
  expect((await hasher()).current).toBe(2);
});
