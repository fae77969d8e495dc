import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiKey } from '../../../src/domain/keys/key.ts';
import type { Transaction } from '../../../src/domain/ports/store.ts';
import type { Rotation, RotationFilter } from '../../../src/domain/rotations/rotation.ts';
import { addKeys, someKey, someRotation, someSeed, someWorkspace, T0 } from '../samples.ts';
import type { Fixture } from './fixture.ts';

/** The journal of rotations. */
export function rotationsContract(at: Fixture): void {
  describe('rotations', () => {
    let key: ApiKey;
    beforeEach(async () => {
      key = someKey(at.ws);
      await addKeys(at.store, [key]);
    });
    const write = <T>(work: (rotations: Transaction['write']['rotations']) => Promise<T>) =>
      at.store.write((tx) => work(tx.write.rotations));

    test('come back exactly as inserted', async () => {
      const open = someRotation(key, { check: true, graceMs: 0, startedBy: 'ben' });
      const plain = someRotation(key, { state: 'finished', delivery: false, updatedAt: T0 + 4 });
      await write((rotations) => rotations.insert(plain));
      expect(await at.store.rotations.latest(key.kid)).toEqual(plain);
      expect(await at.store.rotations.open(key.kid)).toBeUndefined();
      await write((rotations) => rotations.insert(open));
      expect(await at.store.rotations.byId(plain.id)).toEqual(plain);
      expect(await at.store.rotations.byId(open.id)).toEqual(open);
      expect(await at.store.rotations.byId('rot_nothing')).toBeUndefined();
      expect(await at.store.rotations.open(key.kid)).toEqual(open);
      expect(await at.store.rotations.latest(key.kid)).toEqual(open);
      expect(await at.store.rotations.open('nothinghere0')).toBeUndefined();
      expect(await at.store.rotations.latest('nothinghere0')).toBeUndefined();
    });

    test('of one key one is open at a time', async () => {
      const first = someRotation(key);
      await write((rotations) => rotations.insert(first));
      const second = write((rotations) => rotations.insert(someRotation(key)));
      await expect(second).rejects.toMatchObject({ code: 'exists' });
      const other = someKey(at.ws);
      await addKeys(at.store, [other]);
      await write((rotations) => rotations.insert(someRotation(other)));
      for (const [from, to] of [
        ['issued', 'delivered'],
        ['delivered', 'checked'],
      ] as const) {
        await write((rotations) => rotations.advance(first.id, from, to, T0 + 1));
        expect(await at.store.rotations.open(key.kid)).toMatchObject({ id: first.id, state: to });
        const again = write((rotations) => rotations.insert(someRotation(key)));
        await expect(again).rejects.toMatchObject({ code: 'exists' });
      }
      await write((rotations) => rotations.advance(first.id, 'checked', 'finished', T0 + 2));
      expect(await at.store.rotations.open(key.kid)).toBeUndefined();
      await write((rotations) => rotations.insert(someRotation(key)));
    });

    test('move on only from where they were seen', async () => {
      const rotation = someRotation(key);
      await write((rotations) => rotations.insert(rotation));
      const steps = [1, 2, 3].map((ms) =>
        write((rotations) => rotations.advance(rotation.id, 'issued', 'delivered', T0 + ms)),
      );
      expect((await Promise.all(steps)).filter(Boolean)).toHaveLength(1);
      expect(await write((r) => r.advance(rotation.id, 'issued', 'rolled-back', T0 + 9))).toBe(false);
      expect(await write((r) => r.advance('rot_nothing', 'issued', 'delivered', T0))).toBe(false);
      const { updatedAt } = (await at.store.rotations.byId(rotation.id)) as Rotation;
      expect(await at.store.rotations.byId(rotation.id)).toEqual({
        ...rotation,
        state: 'delivered',
        updatedAt,
      });
      expect(updatedAt).toBe(T0 + 1);
    });

    test('may be finished otherwise than they were begun', async () => {
      const [rotation, other] = [someRotation(key, { state: 'finished' }), someRotation(key)];
      await write(async (rotations) => {
        await rotations.insert(rotation);
        await rotations.insert(other);
        await rotations.amend(other.id, { check: true, graceMs: 0 });
      });
      expect(await at.store.rotations.byId(other.id)).toEqual({ ...other, check: true, graceMs: 0 });
      expect(await at.store.rotations.byId(rotation.id)).toEqual(rotation);
    });

    test('of keys that are revoked are rolled back, and their sealed secrets erased', async () => {
      const [other, bystander] = [someKey(at.ws), someKey(at.ws)];
      await addKeys(at.store, [other, bystander]);
      const done = someRotation(key, { state: 'finished' });
      const open = [key, other, bystander].map((one) => someRotation(one));
      await at.store.write(async (tx) => {
        for (const rotation of [done, ...open]) {
          await tx.write.rotations.insert(rotation);
          const sealed = new Uint8Array([1]);
          await tx.write.slots.putSealed({ record: rotation.id, field: 'secret', version: 2, sealed });
        }
      });
      const kids = [key.kid, other.kid, 'nothinghere0'];
      expect(await write((rotations) => rotations.closeOf(kids, T0 + 8))).toBe(2);
      expect(await write((rotations) => rotations.closeOf(kids, T0 + 9))).toBe(0);
      const [first, , last] = open;
      expect(await at.store.rotations.byId(first?.id ?? '')).toMatchObject({
        state: 'rolled-back',
        updatedAt: T0 + 8,
      });
      expect(await at.store.rotations.byId(done.id)).toEqual(done);
      expect(await at.store.rotations.open(bystander.kid)).toEqual(last);
      const records = (await at.store.slots.allSealed()).map(({ record }) => record);
      expect(records.filter((record) => record.startsWith('rot_')).sort()).toEqual(
        [done.id, last?.id].sort(),
      );
    });

    test('are filtered and paged, newest first', async () => {
      const away = someWorkspace();
      await at.store.write((tx) => tx.write.workspaces.insert(away));
      const other = someKey(away.id);
      await addKeys(at.store, [other]);
      const all = [
        someRotation(key, { state: 'finished' }),
        someRotation(key, { state: 'rolled-back' }),
        someRotation(other, { state: 'checked' }),
        someRotation(key),
      ];
      await write(async (rotations) => {
        for (const rotation of all) await rotations.insert(rotation);
      });
      const found = async (filter: RotationFilter) => {
        const numbers: number[] = [];
        for (let after: string | undefined; ; ) {
          const { items, next } = await at.store.rotations.page(filter, { limit: 1, after });
          numbers.push(...items.map(({ id }) => all.findIndex((one) => one.id === id)));
          if (next === null) return numbers;
          after = next;
        }
      };
      expect(await found({})).toEqual([3, 2, 1, 0]);
      expect(await found({ open: true })).toEqual([3, 2]);
      expect(await found({ open: false })).toEqual([3, 2, 1, 0]);
      expect(await found({ kid: key.kid })).toEqual([3, 1, 0]);
      expect(await found({ workspaceId: away.id })).toEqual([2]);
      expect(await found({ workspaceId: at.ws, open: true })).toEqual([3]);
      const elsewhere = await at.make(someSeed());
      const { next } = await at.store.rotations.page({}, { limit: 1 });
      for (const after of ['nonsense', ''])
        await expect(at.store.rotations.page({}, { limit: 1, after })).rejects.toMatchObject({
          code: 'usage',
        });
      const foreign = elsewhere.store.rotations.page({}, { limit: 1, after: next ?? '' });
      await expect(foreign).rejects.toMatchObject({ code: 'usage' });
      await elsewhere.end();
    });
  });
}
