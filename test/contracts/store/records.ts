import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/domain/ports/store.ts';
import { someEntry, someKey, somePepper, someSlot, someVerifier, someWorkspace, T0 } from '../samples.ts';
import type { Fixture } from './fixture.ts';

/** Seed, workspaces, slots and the generation. */
export function recordsContract(at: Fixture): void {
  describe('what it begins with', () => {
    test('holds everything of its seed', async () => {
      expect(at.store.identity).toEqual(at.seed.identity);
      expect(await at.store.workspaces.all()).toEqual([at.seed.workspace]);
      expect(await at.store.workspaces.members(at.ws)).toEqual([at.seed.owner]);
      expect(await at.store.slots.primary()).toBe(at.seed.identity.primarySlot);
      const [slot] = await at.store.slots.all();
      expect({ ...slot, wrapped: [...(slot?.wrapped ?? [])] }).toEqual({
        ...at.seed.slots[0],
        wrapped: [...(at.seed.slots[0]?.wrapped ?? [])],
      });
      expect((await at.store.slots.peppers()).map((pepper) => pepper.number)).toEqual([1]);
      expect([...((await at.store.slots.sealed('audit', 'key'))?.sealed ?? [])]).toEqual([1, 2]);
      expect((await at.store.audit.head())?.action).toBe('store.create');
    });
  });

  describe('workspaces, members and scopes', () => {
    test('are found, renamed and archived', async () => {
      const other = someWorkspace({ slug: 'aaa' });
      await at.store.write((tx) => tx.write.workspaces.insert(other));
      expect((await at.store.workspaces.all()).map(({ slug }) => slug)).toEqual(['aaa', 'acme']);
      await at.store.write((tx) => tx.write.workspaces.rename(other.id, 'Zebra'));
      await at.store.write((tx) => tx.write.workspaces.setArchived(other.id, T0 + 3));
      expect(await at.store.workspaces.bySlug('aaa')).toEqual({
        ...other,
        name: 'Zebra',
        archivedAt: T0 + 3,
      });
      expect(await at.store.workspaces.byId(other.id)).toMatchObject({ slug: 'aaa' });
      const again = at.store.write((tx) => tx.write.workspaces.insert(someWorkspace({ slug: 'aaa' })));
      await expect(again).rejects.toMatchObject({ code: 'exists' });
    });

    test('the catalogue grows and shrinks', async () => {
      const scope = { workspaceId: at.ws, scope: 'orders:read', description: null };
      await at.store.write((tx) => tx.write.workspaces.addScope(scope));
      const twice = at.store.write((tx) => tx.write.workspaces.addScope(scope));
      await expect(twice).rejects.toMatchObject({ code: 'exists' });
      expect(await at.store.workspaces.catalogue(at.ws)).toEqual([scope]);
      expect(await at.store.write((tx) => tx.write.workspaces.removeScope(at.ws, 'orders:read'))).toBe(true);
      expect(await at.store.write((tx) => tx.write.workspaces.removeScope(at.ws, 'orders:read'))).toBe(false);
      expect(await at.store.workspaces.catalogue(at.ws)).toEqual([]);
    });
  });

  describe('slots', () => {
    test('are added, replaced and removed; the primary one is part of the identity', async () => {
      const slot = someSlot({ createdAt: T0 + 1 });
      await at.store.write((tx) => tx.write.slots.insert(slot));
      await at.store.write((tx) =>
        tx.write.slots.replace({ ...slot, header: 'v=2', wrapped: new Uint8Array([9]) }),
      );
      const found = (await at.store.slots.all()).find(({ id }) => id === slot.id);
      expect([found?.header, ...(found?.wrapped ?? [])]).toEqual(['v=2', 9]);
      await at.store.write((tx) => tx.write.slots.setPrimary(slot.id));
      expect(await at.store.slots.primary()).toBe(slot.id);
      expect(at.store.identity.primarySlot).toBe(slot.id);
      await at.store.write((tx) => tx.write.slots.remove(at.seed.slots[0]?.id ?? ''));
      expect((await at.store.slots.all()).map(({ id }) => id)).toEqual([slot.id]);
    });

    test('sealed records are replaced in place; the newest version is the answer', async () => {
      const record = (version: number, byte: number) => ({
        record: 'x',
        field: 'f',
        version,
        sealed: new Uint8Array([byte]),
      });
      await at.store.write(async (tx) => {
        await tx.write.slots.putSealed(record(1, 1));
        await tx.write.slots.putSealed(record(2, 2));
        await tx.write.slots.putSealed(record(1, 3));
      });
      expect([...((await at.store.slots.sealed('x', 'f'))?.sealed ?? [])]).toEqual([2]);
      const all = (await at.store.slots.allSealed()).filter((found) => found.record === 'x');
      expect(all.map(({ version, sealed }) => [version, sealed[0]])).toEqual([
        [1, 3],
        [2, 2],
      ]);
    });

    test('a sealed field is erased with all its versions, and nothing else', async () => {
      const put = (record: string, field: string, version: number) =>
        at.store.write((tx) =>
          tx.write.slots.putSealed({ record, field, version, sealed: new Uint8Array([version]) }),
        );
      for (const [record, field] of [
        ['x', 'f'],
        ['x', 'g'],
        ['y', 'f'],
      ] as const)
        for (const version of [1, 2]) await put(record, field, version);
      await at.store.write((tx) => tx.write.slots.removeSealed('x', 'f'));
      expect(await at.store.slots.sealed('x', 'f')).toBeUndefined();
      expect(await at.store.slots.sealed('x', 'g')).toMatchObject({ version: 2 });
      expect(await at.store.slots.sealed('y', 'f')).toMatchObject({ version: 2 });
    });

    test('peppers and keys that came with imported ones keep their kinds', async () => {
      await at.store.write(async (tx) => {
        await tx.write.slots.putPepper(somePepper(2, 'imported'));
        await tx.write.slots.putPepper(somePepper(3));
        await tx.write.slots.putPepper({ ...somePepper(2, 'imported'), createdAt: T0 + 1 });
      });
      const peppers = await at.store.slots.peppers();
      expect(peppers.map(({ number, kind, createdAt }) => [number, kind, createdAt])).toEqual([
        [1, 'pepper', T0],
        [2, 'imported', T0 + 1],
        [3, 'pepper', T0],
      ]);
    });

    test('the generation changes with workspaces, slots and peppers, and with nothing else', async () => {
      let before = await at.store.slots.generation();
      const changed = async (work: Parameters<Store['write']>[0]) => {
        await at.store.write(work);
        const now = await at.store.slots.generation();
        const different = now !== before;
        before = now;
        return different;
      };
      expect(await changed((tx) => tx.write.keys.insert(someKey(at.ws, { name: 'k' }), someVerifier()))).toBe(
        false,
      );
      expect(await changed((tx) => tx.write.audit([someEntry(2)]))).toBe(false);
      expect(await changed((tx) => tx.write.workspaces.setArchived(at.ws, T0))).toBe(true);
      expect(await changed((tx) => tx.write.slots.insert(someSlot()))).toBe(true);
      expect(await changed((tx) => tx.write.slots.setPrimary('slot_other'))).toBe(true);
      const pepper = somePepper(2);
      expect(await changed((tx) => tx.write.slots.putPepper(pepper))).toBe(true);
    });
  });
}
