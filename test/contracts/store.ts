import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiKey, KeyFilter } from '../../src/domain/keys/key.ts';
import type { Store, StoreSeed } from '../../src/domain/ports/store.ts';
import {
  addKeys,
  DAY,
  someEntry,
  someKey,
  someSeed,
  someSlot,
  someVerifier,
  someWorkspace,
  T0,
} from './samples.ts';

/** A fresh store with this seed; `end` takes it away. */
export type MakeStore = (seed: StoreSeed) => Promise<{ store: Store; end: () => Promise<void> }>;

/** Every page of a filter, joined. */
export async function allPages(store: Store, filter: KeyFilter, limit: number, now = T0): Promise<ApiKey[]> {
  const found: ApiKey[] = [];
  for (let after: string | undefined; ; ) {
    const { items, next } = await store.keys.page(filter, { limit, after }, now);
    expect(items.length).toBeLessThanOrEqual(limit);
    found.push(...items);
    if (next === null) return found;
    after = next;
  }
}

/** What every store promises, whatever it keeps its records in. */
export function storeContract(name: string, make: MakeStore): void {
  describe(`store contract: ${name}`, () => {
    let store: Store;
    let end: () => Promise<void>;
    let ws: string;
    const seed = someSeed({
      sealed: [{ record: 'audit', field: 'key', version: 1, sealed: new Uint8Array([1, 2]) }],
    });
    beforeEach(async () => {
      ({ store, end } = await make(seed));
      ws = seed.workspace.id;
    });
    afterEach(() => end());
    const names = (keys: readonly ApiKey[]) => keys.map((key) => key.name);

    describe('what it begins with', () => {
      test('holds everything of its seed', async () => {
        expect(store.identity).toEqual(seed.identity);
        expect(await store.workspaces.all()).toEqual([seed.workspace]);
        expect(await store.workspaces.members(ws)).toEqual([seed.owner]);
        expect(await store.slots.primary()).toBe(seed.identity.primarySlot);
        const [slot] = await store.slots.all();
        expect({ ...slot, wrapped: [...(slot?.wrapped ?? [])] }).toEqual({
          ...seed.slots[0],
          wrapped: [...(seed.slots[0]?.wrapped ?? [])],
        });
        expect((await store.slots.peppers()).map((pepper) => pepper.number)).toEqual([1]);
        expect([...((await store.slots.sealed('audit', 'key'))?.sealed ?? [])]).toEqual([1, 2]);
        expect((await store.audit.head())?.action).toBe('store.create');
      });
    });

    describe('keys', () => {
      test('come back exactly as inserted', async () => {
        const key = someKey(ws, {
          name: "'; DROP TABLE keys;--",
          purpose: '%_"\\ __proto__',
          scopes: ['b:write', 'a:read'],
          networks: ['10.0.0.0/8', '::1/128'],
          expiresAt: T0 + DAY,
          mode: 'test',
        });
        await addKeys(store, [key]);
        expect(await store.keys.byKid(key.kid)).toEqual(key);
        expect(await store.keys.byKid('nothinghere0')).toBeUndefined();
      });

      test('empty scopes and networks stay empty', async () => {
        const key = someKey(ws, { scopes: [], networks: [] });
        await addKeys(store, [key]);
        expect(await store.keys.byKid(key.kid)).toMatchObject({ scopes: [], networks: [] });
      });

      test('a verification reads hash, state and generation in one go', async () => {
        const key = someKey(ws, { scopes: ['a:b', 'c:d'], networks: ['10.0.0.0/8'] });
        const verifier = someVerifier();
        await store.write((tx) => tx.write.keys.insert(key, verifier));
        const row = await store.keys.forVerification(key.kid);
        expect(row).toMatchObject({
          kid: key.kid,
          workspaceId: ws,
          scopes: 'a:b c:d',
          networks: '10.0.0.0/8',
          version: 1,
          pepper: 1,
          expiresAt: null,
          revokedAt: null,
          generation: await store.slots.generation(),
        });
        expect([...(row?.hash ?? [])]).toEqual([...verifier.hash]);
        expect(await store.keys.forVerification('nothinghere0')).toBeUndefined();
      });

      test('a live name is unique in its workspace, and free again after a revoke', async () => {
        const other = someWorkspace();
        await store.write((tx) => tx.write.workspaces.insert(other));
        const first = someKey(ws, { name: 'billing' });
        await addKeys(store, [first, someKey(other.id, { name: 'billing' })]);
        await expect(addKeys(store, [someKey(ws, { name: 'billing' })])).rejects.toMatchObject({
          code: 'exists',
        });
        await store.write((tx) => tx.write.keys.revoke([first.kid], T0 + 1, null));
        const second = someKey(ws, { name: 'billing' });
        await addKeys(store, [second]);
        expect((await store.keys.byName(ws, 'billing')).map((key) => key.kid)).toEqual([second.kid]);
        await store.write((tx) => tx.write.keys.revoke([second.kid], T0 + 2, null));
        expect((await store.keys.byName(ws, 'billing')).map((key) => key.kid)).toEqual([
          second.kid,
          first.kid,
        ]);
        expect(await store.keys.byName(undefined, 'billing')).toHaveLength(1);
      });

      test('update replaces only what is given', async () => {
        const key = someKey(ws, { name: 'one', purpose: 'old', expiresAt: T0 + DAY });
        await addKeys(store, [key, someKey(ws, { name: 'taken' })]);
        await store.write((tx) => tx.write.keys.update(key.kid, { purpose: null, networks: ['10.0.0.0/8'] }));
        expect(await store.keys.byKid(key.kid)).toEqual({ ...key, purpose: null, networks: ['10.0.0.0/8'] });
        await store.write((tx) =>
          tx.write.keys.update(key.kid, { name: 'two', owner: 'ben', expiresAt: null }),
        );
        expect(await store.keys.byKid(key.kid)).toMatchObject({ name: 'two', owner: 'ben', expiresAt: null });
        await store.write((tx) => tx.write.keys.update(key.kid, { name: 'two' }));
        const clash = store.write((tx) => tx.write.keys.update(key.kid, { name: 'taken' }));
        await expect(clash).rejects.toMatchObject({ code: 'exists' });
        const nobody = store.write((tx) => tx.write.keys.update('nothinghere0', { name: 'x' }));
        await expect(nobody).rejects.toMatchObject({ code: 'not_found' });
      });

      test('revoke and disable change what they say, once', async () => {
        const keys = [1, 2, 3].map(() => someKey(ws));
        await addKeys(store, keys);
        const [a, b, c] = keys.map((key) => key.kid) as [string, string, string];
        expect(
          await store.write((tx) => tx.write.keys.revoke([a, b, 'nothinghere0'], T0 + 5, 'leaked')),
        ).toBe(2);
        expect(await store.write((tx) => tx.write.keys.revoke([a, c], T0 + 9, null))).toBe(1);
        expect(await store.keys.byKid(a)).toMatchObject({ revokedAt: T0 + 5, revokedReason: 'leaked' });
        expect(await store.write((tx) => tx.write.keys.setDisabled([a], T0))).toBe(0);
        const d = someKey(ws);
        await addKeys(store, [d]);
        expect(await store.write((tx) => tx.write.keys.setDisabled([d.kid], T0))).toBe(1);
        expect(await store.keys.byKid(d.kid)).toMatchObject({ disabledAt: T0 });
        expect(await store.write((tx) => tx.write.keys.setDisabled([d.kid], null))).toBe(1);
        expect(await store.keys.byKid(d.kid)).toMatchObject({ disabledAt: null });
        expect(await store.write((tx) => tx.write.keys.revoke([], T0, null))).toBe(0);
      });

      test('a thousand at once, an uneven count included', async () => {
        const keys = Array.from({ length: 1203 }, () => someKey(ws));
        await addKeys(store, keys);
        const kids = keys.map((key) => key.kid);
        expect(await store.write((tx) => tx.write.keys.revoke(kids, T0, null))).toBe(1203);
        expect(await store.keys.count({ status: 'revoked' }, T0)).toBe(1203);
      });

      test('says which names begin so, and which scopes are in use', async () => {
        const other = someWorkspace();
        await store.write((tx) => tx.write.workspaces.insert(other));
        const gone = someKey(ws, { name: 'deploy-old', scopes: ['gone:read'] });
        await addKeys(store, [
          gone,
          ...['deploy-b', 'deploy-a', 'billing', 'de%loy'].map((name) =>
            someKey(ws, { name, scopes: ['a:read', 'b:read'] }),
          ),
          someKey(other.id, { name: 'deploy-z', scopes: ['z:read'] }),
        ]);
        await store.write((tx) => tx.write.keys.revoke([gone.kid], T0, null));
        expect(await store.keys.names(ws, 'deploy', 10)).toEqual(['deploy-a', 'deploy-b']);
        expect(await store.keys.names(ws, 'deploy', 1)).toEqual(['deploy-a']);
        expect(await store.keys.names(undefined, 'deploy', 10)).toEqual(['deploy-a', 'deploy-b', 'deploy-z']);
        expect(await store.keys.names(ws, 'de%', 10)).toEqual(['de%loy']);
        expect(await store.keys.scopeInUse(ws, 'b:read')).toBe(true);
        expect(await store.keys.scopeInUse(ws, 'b:rea')).toBe(false);
        expect(await store.keys.scopeInUse(ws, 'gone:read')).toBe(false);
        expect(await store.keys.scopeInUse(ws, 'z:read')).toBe(false);
      });

      test('markShown notes when', async () => {
        const key = someKey(ws);
        await addKeys(store, [key]);
        await store.write((tx) => tx.write.keys.markShown(key.kid, T0 + 7));
        expect(await store.keys.byKid(key.kid)).toMatchObject({ shownAt: T0 + 7 });
      });
    });

    describe('lists', () => {
      const now = T0 + 100 * DAY;
      beforeEach(async () => {
        const other = someWorkspace({ id: 'ws_other0000000' });
        await store.write((tx) => tx.write.workspaces.insert(other));
        await addKeys(store, [
          someKey(ws, { name: 'one' }),
          someKey(ws, { name: 'two', owner: 'ben', mode: 'test', lastUsedAt: now - DAY }),
          someKey(ws, { name: 'soon', expiresAt: now + DAY, lastUsedAt: now - 50 * DAY }),
          someKey(ws, { name: 'sooner', expiresAt: now + DAY / 2, owner: 'ben' }),
          someKey(ws, { name: 'over', expiresAt: now }),
          someKey(ws, { name: 'paused', disabledAt: T0, expiresAt: now - 1 }),
          someKey(ws, { name: 'gone', revokedAt: T0, disabledAt: T0, expiresAt: now + DAY }),
          someKey('ws_other0000000', { name: 'elsewhere', createdAt: now - DAY }),
        ]);
      });

      const cases: [KeyFilter, string[]][] = [
        [{}, ['elsewhere', 'gone', 'paused', 'over', 'sooner', 'soon', 'two', 'one']],
        [{ workspaceId: 'ws_other0000000' }, ['elsewhere']],
        [{ workspaceId: 'ws_nobody000000' }, []],
        [{ status: 'active' }, ['elsewhere', 'sooner', 'soon', 'two', 'one']],
        [{ status: 'expired' }, ['over']],
        [{ status: 'disabled' }, ['paused']],
        [{ status: 'revoked' }, ['gone']],
        [{ owner: 'ben' }, ['sooner', 'two']],
        [{ owner: 'ben', mode: 'test' }, ['two']],
        [{ mode: 'live', workspaceId: 'ws_other0000000', owner: 'ana' }, ['elsewhere']],
        [{ expiringBefore: now + DAY }, ['sooner', 'soon']],
        [{ expiringBefore: now + DAY, owner: 'ben' }, ['sooner']],
        [{ expiringBefore: now + DAY, status: 'revoked' }, []],
        [{ unusedSince: now - 10 * DAY }, ['gone', 'paused', 'over', 'sooner', 'soon', 'one']],
        [{ term: 'SOON' }, ['sooner', 'soon']],
        [{ term: 'e', owner: 'ben' }, ['sooner']],
        [{ term: 'els', workspaceId: 'ws_other0000000' }, ['elsewhere']],
      ];
      test.each(cases)('%j', async (filter, expected) => {
        for (const limit of [1, 2, 50])
          expect(names(await allPages(store, filter, limit, now))).toEqual(expected);
        expect(await store.keys.count(filter, now)).toBe(expected.length);
      });

      test('a cursor goes on in its own list only', async () => {
        const { next } = await store.keys.page({}, { limit: 2 }, now);
        const expiring = await store.keys.page({ expiringBefore: now + DAY }, { limit: 1 }, now);
        expect(next).not.toBeNull();
        const misused: [KeyFilter, string | null][] = [
          [{ expiringBefore: now + DAY }, next],
          [{}, expiring.next],
          [{}, ''],
          [{}, 'nonsense'],
          [{}, `${next}AAAA`],
        ];
        for (const [filter, after] of misused) {
          const page = store.keys.page(filter, { limit: 2, after: after ?? '' }, now);
          await expect(page).rejects.toMatchObject({
            code: 'usage',
            message: expect.stringContaining('--after'),
          });
        }
        const elsewhere = await make(someSeed());
        const page = elsewhere.store.keys.page({}, { limit: 2, after: next ?? '' }, now);
        await expect(page).rejects.toMatchObject({ code: 'usage' });
        await elsewhere.end();
      });
    });

    describe('search', () => {
      const texts: [name: string, purpose: string | null][] = [
        ['Billing service', 'charges CARDS'],
        ['deploy', 'bill nobody'],
        ['100%_done', null],
        ['ÄRGER', 'straße'],
        ['quote"quote', "it's"],
        ['keyring 🔑🔑🔑', null],
      ];
      beforeEach(() =>
        addKeys(
          store,
          texts.map(([name, purpose]) => someKey(ws, { name, purpose })),
        ),
      );

      const cases: [term: string, found: string[]][] = [
        ['bill', ['deploy', 'Billing service']],
        ['BILLING', ['Billing service']],
        ['cards', ['Billing service']],
        ['%_d', ['100%_done']],
        ['%', ['100%_done']],
        ['_', ['100%_done']],
        ['ärg', ['ÄRGER']],
        ['är', ['ÄRGER']],
        ['aße', ['ÄRGER']],
        ['"qu', ['quote"quote']],
        ["t's", ['quote"quote']],
        ["'; DROP TABLE keys;--", []],
        ['bil\0ling', []],
        ['🔑🔑🔑', ['keyring 🔑🔑🔑']],
        ['servicecharges', []],
        ['AND OR NOT', []],
        ['bill*', []],
        ['ing bil', []],
      ];
      test.each(cases)('%j', async (term, found) => {
        expect(names(await allPages(store, { term }, 50))).toEqual(found);
        expect(names(await allPages(store, { term, workspaceId: ws }, 1))).toEqual(found);
        expect(names(await allPages(store, { term, workspaceId: 'ws_other0000000' }, 1))).toEqual([]);
        expect(await store.keys.count({ term }, T0)).toBe(found.length);
      });

      test('follows a changed name and purpose', async () => {
        const [key] = await store.keys.byName(ws, 'deploy');
        await store.write((tx) => tx.write.keys.update(key?.kid ?? '', { name: 'release', purpose: null }));
        expect(names(await allPages(store, { term: 'deploy' }, 9))).toEqual([]);
        expect(names(await allPages(store, { term: 'nobody' }, 9))).toEqual([]);
        expect(names(await allPages(store, { term: 'LEASE' }, 9))).toEqual(['release']);
      });
    });

    describe('workspaces, members and scopes', () => {
      test('are found, renamed and archived', async () => {
        const other = someWorkspace({ slug: 'aaa' });
        await store.write((tx) => tx.write.workspaces.insert(other));
        expect((await store.workspaces.all()).map(({ slug }) => slug)).toEqual(['aaa', 'acme']);
        await store.write((tx) => tx.write.workspaces.rename(other.id, 'Zebra'));
        await store.write((tx) => tx.write.workspaces.setArchived(other.id, T0 + 3));
        expect(await store.workspaces.bySlug('aaa')).toEqual({ ...other, name: 'Zebra', archivedAt: T0 + 3 });
        expect(await store.workspaces.byId(other.id)).toMatchObject({ slug: 'aaa' });
        const again = store.write((tx) => tx.write.workspaces.insert(someWorkspace({ slug: 'aaa' })));
        await expect(again).rejects.toMatchObject({ code: 'exists' });
      });

      test('the catalogue grows and shrinks', async () => {
        const scope = { workspaceId: ws, scope: 'orders:read', description: null };
        await store.write((tx) => tx.write.workspaces.addScope(scope));
        const twice = store.write((tx) => tx.write.workspaces.addScope(scope));
        await expect(twice).rejects.toMatchObject({ code: 'exists' });
        expect(await store.workspaces.catalogue(ws)).toEqual([scope]);
        expect(await store.write((tx) => tx.write.workspaces.removeScope(ws, 'orders:read'))).toBe(true);
        expect(await store.write((tx) => tx.write.workspaces.removeScope(ws, 'orders:read'))).toBe(false);
        expect(await store.workspaces.catalogue(ws)).toEqual([]);
      });
    });

    describe('slots', () => {
      test('are added, replaced and removed; the primary one is part of the identity', async () => {
        const slot = someSlot({ createdAt: T0 + 1 });
        await store.write((tx) => tx.write.slots.insert(slot));
        await store.write((tx) =>
          tx.write.slots.replace({ ...slot, header: 'v=2', wrapped: new Uint8Array([9]) }),
        );
        const found = (await store.slots.all()).find(({ id }) => id === slot.id);
        expect([found?.header, ...(found?.wrapped ?? [])]).toEqual(['v=2', 9]);
        await store.write((tx) => tx.write.slots.setPrimary(slot.id));
        expect(await store.slots.primary()).toBe(slot.id);
        expect(store.identity.primarySlot).toBe(slot.id);
        await store.write((tx) => tx.write.slots.remove(seed.slots[0]?.id ?? ''));
        expect((await store.slots.all()).map(({ id }) => id)).toEqual([slot.id]);
      });

      test('sealed records are replaced in place; the newest version is the answer', async () => {
        const record = (version: number, byte: number) => ({
          record: 'x',
          field: 'f',
          version,
          sealed: new Uint8Array([byte]),
        });
        await store.write(async (tx) => {
          await tx.write.slots.putSealed(record(1, 1));
          await tx.write.slots.putSealed(record(2, 2));
          await tx.write.slots.putSealed(record(1, 3));
        });
        expect([...((await store.slots.sealed('x', 'f'))?.sealed ?? [])]).toEqual([2]);
        const all = (await store.slots.allSealed()).filter((found) => found.record === 'x');
        expect(all.map(({ version, sealed }) => [version, sealed[0]])).toEqual([
          [1, 3],
          [2, 2],
        ]);
      });

      test('the generation changes with workspaces, slots and peppers, and with nothing else', async () => {
        let before = await store.slots.generation();
        const changed = async (work: Parameters<Store['write']>[0]) => {
          await store.write(work);
          const now = await store.slots.generation();
          const different = now !== before;
          before = now;
          return different;
        };
        expect(await changed((tx) => tx.write.keys.insert(someKey(ws, { name: 'k' }), someVerifier()))).toBe(
          false,
        );
        expect(await changed((tx) => tx.write.audit([someEntry(2)]))).toBe(false);
        expect(await changed((tx) => tx.write.workspaces.setArchived(ws, T0))).toBe(true);
        expect(await changed((tx) => tx.write.slots.insert(someSlot()))).toBe(true);
        expect(await changed((tx) => tx.write.slots.setPrimary('slot_other'))).toBe(true);
        const pepper = { number: 2, sealed: new Uint8Array([2]), createdAt: T0 };
        expect(await changed((tx) => tx.write.slots.putPepper(pepper))).toBe(true);
      });
    });

    describe('the audit log', () => {
      beforeEach(() =>
        store.write((tx) =>
          tx.write.audit([
            someEntry(2, {
              action: 'key.create',
              target: 'key_a',
              workspaceId: ws,
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
        expect((await store.audit.head())?.seq).toBe(4);
        expect((await store.audit.from(2, 2)).map(({ seq }) => seq)).toEqual([2, 3]);
        expect(await store.audit.bySeq(3)).toMatchObject({
          actor: 'ben',
          osUser: 'root',
          locked: true,
          seal: null,
        });
        expect((await store.audit.bySeq(2))?.facts).toEqual({ z: 1, a: ['x'], n: null });
        expect([...((await store.audit.bySeq(4))?.seal ?? [])]).toEqual([7]);
        expect(await store.audit.bySeq(9)).toBeUndefined();
        expect((await store.audit.lastOf('key_a'))?.seq).toBe(3);
        expect(await store.audit.lastOf('key_z')).toBeUndefined();
      });

      test('is filtered and paged, newest first', async () => {
        const seqs = async (filter: Parameters<Store['audit']['page']>[0]) => {
          const found: number[] = [];
          for (let after: string | undefined; ; ) {
            const { items, next } = await store.audit.page(filter, { limit: 1, after });
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
        expect(await seqs({ workspaceId: ws })).toEqual([2]);
        const misused = store.audit.page({}, { limit: 1, after: 'nonsense' });
        await expect(misused).rejects.toMatchObject({ code: 'usage' });
      });

      test('a number that is taken is never written twice', async () => {
        await expect(store.write((tx) => tx.write.audit([someEntry(4)]))).rejects.toThrow();
        expect((await store.audit.from(1, 99)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
      });
    });

    describe('a transaction', () => {
      test('sees its own writes, and nobody else does before its end', async () => {
        const key = someKey(ws);
        await store.write(async (tx) => {
          await tx.write.keys.insert(key, someVerifier());
          expect(await tx.keys.byKid(key.kid)).toEqual(key);
          expect(await store.keys.byKid(key.kid)).toBeUndefined();
        });
        expect(await store.keys.byKid(key.kid)).toEqual(key);
      });

      test('that throws leaves nothing', async () => {
        const key = someKey(ws);
        const generation = await store.slots.generation();
        const broken = store.write(async (tx) => {
          await tx.write.keys.insert(key, someVerifier());
          await tx.write.workspaces.rename(ws, 'Changed');
          throw new Error('on purpose');
        });
        await expect(broken).rejects.toThrow('on purpose');
        expect(await store.keys.byKid(key.kid)).toBeUndefined();
        expect((await store.workspaces.byId(ws))?.name).toBe('Acme');
        expect(await store.slots.generation()).toBe(generation);
        await addKeys(store, [key]);
      });

      test('is over when it is over', async () => {
        let kept: Parameters<Parameters<Store['write']>[0]>[0] | undefined;
        await store.write(async (tx) => {
          kept = tx;
        });
        await expect(kept?.write.keys.insert(someKey(ws), someVerifier())).rejects.toThrow(
          'transaction has ended',
        );
      });

      test('waits its turn: read, change and write of many at once lose nothing', async () => {
        const turns = Array.from({ length: 30 }, () =>
          store.write(async (tx) => {
            const head = await tx.audit.head();
            await new Promise((resolve) => setImmediate(resolve));
            await tx.write.audit([someEntry((head?.seq ?? 0) + 1)]);
          }),
        );
        await Promise.all(turns);
        expect((await store.audit.head())?.seq).toBe(31);
      });
    });

    describe('recordUsage', () => {
      test('raises last uses and replaces hashes that are still the old ones', async () => {
        const key = someKey(ws);
        const first = someVerifier();
        await store.write((tx) => tx.write.keys.insert(key, first));
        const next = { pepper: 2, hash: someVerifier().hash };
        const used = new Map([[key.kid, T0 + 100]]);
        const rehashed = new Map([[key.kid, { old: first.hash, verifier: next }]]);
        expect(await store.recordUsage({ used, rehashed })).toBe(true);
        const after = await store.keys.forVerification(key.kid);
        expect(after).toMatchObject({ lastUsedAt: T0 + 100, pepper: 2 });
        const late = new Map([[key.kid, { old: first.hash, verifier: someVerifier() }]]);
        expect(await store.recordUsage({ used: new Map([[key.kid, T0 + 50]]), rehashed: late })).toBe(true);
        const still = await store.keys.forVerification(key.kid);
        expect(still).toMatchObject({ lastUsedAt: T0 + 100, pepper: 2 });
        expect([...(still?.hash ?? [])]).toEqual([...next.hash]);
      });
    });
  });
}
