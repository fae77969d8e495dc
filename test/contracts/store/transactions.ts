import { beforeEach, describe, expect, test } from 'vitest';
import type { Readers, Store, Transaction } from '../../../src/domain/ports/store.ts';
import { addKeys, someEntry, someKey, someUsage, someVerifier, T0 } from '../samples.ts';
import type { Fixture } from './fixture.ts';

/** The audit log and transactions. */
export function transactionsContract(at: Fixture): void {
  describe('a transaction that inserts many keys', () => {
    const found = async (term: string) =>
      (await at.store.keys.page({ term }, { limit: 10 }, T0)).items.map(({ name }) => name);

    test('is searched like any other afterwards, and so is what comes later', async () => {
      await addKeys(at.store, [someKey(at.ws, { name: 'quokka before' })]);
      const keys = ['quokka one', 'quokka two'].map((name) => someKey(at.ws, { name, purpose: 'wombat' }));
      const insertAll = async (tx: Transaction) => {
        for (const key of keys) await tx.write.keys.insert(key, someVerifier());
      };
      await at.store.write(insertAll, { bulk: true });
      await addKeys(at.store, [someKey(at.ws, { name: 'quokka after' })]);
      expect(await found('quokka')).toEqual(['quokka after', 'quokka two', 'quokka one', 'quokka before']);
      expect(await found('wombat')).toEqual(['quokka two', 'quokka one']);
      await at.store.write((tx) => tx.write.keys.update(keys[0]?.kid ?? '', { name: 'numbat' }));
      expect(await found('quokka one')).toEqual([]);
      expect(await found('numbat')).toEqual(['numbat']);
    });

    test('that fails leaves nothing, and searching goes on', async () => {
      const fails = async (tx: Transaction) => {
        await tx.write.keys.insert(someKey(at.ws, { name: 'quokka lost' }), someVerifier());
        throw new Error('on purpose');
      };
      await expect(at.store.write(fails, { bulk: true })).rejects.toThrow('on purpose');
      await addKeys(at.store, [someKey(at.ws, { name: 'quokka kept' })]);
      expect(await found('quokka')).toEqual(['quokka kept']);
    });
  });

  describe('reading together', () => {
    const names = async (readers: Readers) =>
      (await readers.keys.page({}, { limit: 10 }, T0)).items.map(({ name }) => name);

    test('sees one moment: what is committed meanwhile comes with the next reading', async () => {
      await addKeys(at.store, [someKey(at.ws, { name: 'before' })]);
      const seen = await at.store.readTogether(async (readers) => {
        await addKeys(at.store, [someKey(at.ws, { name: 'meanwhile' })]);
        await at.store.write((tx) => tx.write.audit([someEntry(2)]));
        return [await names(readers), (await readers.audit.head())?.seq];
      });
      expect(seen).toEqual([['before'], 1]);
      expect(await names(at.store)).toEqual(['meanwhile', 'before']);
      expect(await at.store.readTogether(names)).toEqual(['meanwhile', 'before']);
    });

    test('gives back what fails, and goes on, each in its turn', async () => {
      const failing = at.store.readTogether(async () => Promise.reject(new Error('on purpose')));
      const next = at.store.readTogether(names);
      await expect(failing).rejects.toThrow('on purpose');
      expect(await next).toEqual([]);
    });
  });

  describe('the audit log', () => {
    beforeEach(() =>
      at.store.write((tx) =>
        tx.write.audit([
          someEntry(2, {
            action: 'key.create',
            target: 'key_a',
            workspaceId: at.ws,
            facts: { z: 1, a: ['x'], n: null },
          }),
          someEntry(3, {
            action: 'key.revoke',
            target: 'key_a',
            actor: 'ben',
            osUser: 'root',
            locked: true,
          }),
          someEntry(4, { action: 'keys.other', target: 'key_b', seal: new Uint8Array([7]) }),
        ]),
      ),
    );

    test('is read in order and by number', async () => {
      expect((await at.store.audit.head())?.seq).toBe(4);
      expect((await at.store.audit.from(2, 2)).map(({ seq }) => seq)).toEqual([2, 3]);
      expect(await at.store.audit.bySeq(3)).toMatchObject({
        actor: 'ben',
        osUser: 'root',
        locked: true,
        seal: null,
      });
      expect((await at.store.audit.bySeq(2))?.facts).toEqual({ z: 1, a: ['x'], n: null });
      expect([...((await at.store.audit.bySeq(4))?.seal ?? [])]).toEqual([7]);
      expect(await at.store.audit.bySeq(9)).toBeUndefined();
    });

    test('is filtered and paged, newest first', async () => {
      const seqs = async (filter: Parameters<Store['audit']['page']>[0]) => {
        const found: number[] = [];
        for (let after: string | undefined; ; ) {
          const { items, next } = await at.store.audit.page(filter, { limit: 1, after });
          found.push(...items.map(({ seq }) => seq));
          if (next === null) return found;
          after = next;
        }
      };
      expect(await seqs({})).toEqual([4, 3, 2, 1]);
      expect(await seqs({ target: 'key_a' })).toEqual([3, 2]);
      expect(await seqs({ action: 'key' })).toEqual([3, 2]);
      expect(await seqs({ action: 'key.revoke' })).toEqual([3]);
      expect(await seqs({ actor: 'ana', since: T0 + 2 })).toEqual([4, 2]);
      expect(await seqs({ workspaceId: at.ws })).toEqual([2]);
      const misused = at.store.audit.page({}, { limit: 1, after: 'nonsense' });
      await expect(misused).rejects.toMatchObject({ code: 'usage' });
    });

    test('a number that is taken is never written twice', async () => {
      await expect(at.store.write((tx) => tx.write.audit([someEntry(4)]))).rejects.toThrow();
      expect((await at.store.audit.from(1, 99)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    });
  });

  describe('a transaction', () => {
    test('sees its own writes, and nobody else does before its end', async () => {
      const key = someKey(at.ws);
      await at.store.write(async (tx) => {
        await tx.write.keys.insert(key, someVerifier());
        expect(await tx.keys.byKid(key.kid)).toEqual(key);
        expect(await at.store.keys.byKid(key.kid)).toBeUndefined();
      });
      expect(await at.store.keys.byKid(key.kid)).toEqual(key);
    });

    test('that throws leaves nothing', async () => {
      const key = someKey(at.ws);
      const generation = await at.store.slots.generation();
      const broken = at.store.write(async (tx) => {
        await tx.write.keys.insert(key, someVerifier());
        await tx.write.workspaces.rename(at.ws, 'Changed');
        throw new Error('on purpose');
      });
      await expect(broken).rejects.toThrow('on purpose');
      expect(await at.store.keys.byKid(key.kid)).toBeUndefined();
      expect((await at.store.workspaces.byId(at.ws))?.name).toBe('Acme');
      expect(await at.store.slots.generation()).toBe(generation);
      await addKeys(at.store, [key]);
    });

    test('is over when it is over', async () => {
      let kept: Parameters<Parameters<Store['write']>[0]>[0] | undefined;
      await at.store.write(async (tx) => {
        kept = tx;
      });
      await expect(kept?.write.keys.insert(someKey(at.ws), someVerifier())).rejects.toThrow(
        'transaction has ended',
      );
    });

    test('waits its turn: read, change and write of many at once lose nothing', async () => {
      const turns = Array.from({ length: 30 }, () =>
        at.store.write(async (tx) => {
          const head = await tx.audit.head();
          await new Promise((resolve) => setImmediate(resolve));
          await tx.write.audit([someEntry((head?.seq ?? 0) + 1)]);
        }),
      );
      await Promise.all(turns);
      expect((await at.store.audit.head())?.seq).toBe(31);
    });
  });

  test('a closed store says so', async () => {
    await at.store.close();
    const closed = { code: 'store_unreadable', message: 'the store is closed' };
    await expect(at.store.keys.forVerification('x')).rejects.toMatchObject(closed);
    await expect(at.store.workspaces.all()).rejects.toMatchObject(closed);
    await expect(addKeys(at.store, [someKey(at.ws)])).rejects.toMatchObject(closed);
    await expect(at.store.integrations.all()).rejects.toMatchObject(closed);
    await expect(at.store.rotations.byId('x')).rejects.toMatchObject(closed);
    await expect(at.store.verifiers()).rejects.toMatchObject(closed);
    await expect(at.store.readTogether(async () => 0)).rejects.toMatchObject(closed);
    await expect(at.store.exclusively('x', async () => 1)).rejects.toMatchObject(closed);
    expect(await at.store.recordUsage(someUsage())).toBe(false);
  });
}
