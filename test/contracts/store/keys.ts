import { describe, expect, test } from 'vitest';
import { addKeys, DAY, someKey, someVerifier, someWorkspace, T0 } from '../samples.ts';
import type { Fixture } from './fixture.ts';

/** One key at a time, and many at once. */
export function keysContract(at: Fixture): void {
  describe('keys', () => {
    test('come back exactly as inserted', async () => {
      const key = someKey(at.ws, {
        name: "'; DROP TABLE keys;--",
        purpose: '%_"\\ __proto__',
        scopes: ['b:write', 'a:read'],
        networks: ['10.0.0.0/8', '::1/128'],
        expiresAt: T0 + DAY,
        mode: 'test',
      });
      await addKeys(at.store, [key]);
      expect(await at.store.keys.byKid(key.kid)).toEqual(key);
      expect(await at.store.keys.byKid('nothinghere0')).toBeUndefined();
    });

    test('empty scopes and networks stay empty', async () => {
      const key = someKey(at.ws, { scopes: [], networks: [] });
      await addKeys(at.store, [key]);
      expect(await at.store.keys.byKid(key.kid)).toMatchObject({ scopes: [], networks: [] });
    });

    test('a verification reads hash, state and generation in one go', async () => {
      const key = someKey(at.ws, { scopes: ['a:b', 'c:d'], networks: ['10.0.0.0/8'] });
      const verifier = someVerifier();
      await at.store.write((tx) => tx.write.keys.insert(key, verifier));
      const row = await at.store.keys.forVerification(key.kid);
      expect(row).toMatchObject({
        kid: key.kid,
        workspaceId: at.ws,
        scopes: 'a:b c:d',
        networks: '10.0.0.0/8',
        version: 1,
        pepper: 1,
        expiresAt: null,
        revokedAt: null,
        generation: await at.store.slots.generation(),
      });
      expect([...(row?.hash ?? [])]).toEqual([...verifier.hash]);
      expect(await at.store.keys.forVerification('nothinghere0')).toBeUndefined();
    });

    test('a live name is unique in its workspace, and free again after a revoke', async () => {
      const other = someWorkspace();
      await at.store.write((tx) => tx.write.workspaces.insert(other));
      const first = someKey(at.ws, { name: 'billing' });
      await addKeys(at.store, [first, someKey(other.id, { name: 'billing' })]);
      await expect(addKeys(at.store, [someKey(at.ws, { name: 'billing' })])).rejects.toMatchObject({
        code: 'exists',
      });
      await at.store.write((tx) => tx.write.keys.revoke([first.kid], T0 + 1, null));
      const second = someKey(at.ws, { name: 'billing' });
      await addKeys(at.store, [second]);
      expect((await at.store.keys.byName(at.ws, 'billing')).map((key) => key.kid)).toEqual([second.kid]);
      await at.store.write((tx) => tx.write.keys.revoke([second.kid], T0 + 2, null));
      expect((await at.store.keys.byName(at.ws, 'billing')).map((key) => key.kid)).toEqual([
        second.kid,
        first.kid,
      ]);
      expect(await at.store.keys.byName(undefined, 'billing')).toHaveLength(1);
    });

    test('update replaces only what is given', async () => {
      const key = someKey(at.ws, { name: 'one', purpose: 'old', expiresAt: T0 + DAY });
      await addKeys(at.store, [key, someKey(at.ws, { name: 'taken' })]);
      await at.store.write((tx) =>
        tx.write.keys.update(key.kid, { purpose: null, networks: ['10.0.0.0/8'] }),
      );
      expect(await at.store.keys.byKid(key.kid)).toEqual({ ...key, purpose: null, networks: ['10.0.0.0/8'] });
      await at.store.write((tx) =>
        tx.write.keys.update(key.kid, { name: 'two', owner: 'ben', expiresAt: null }),
      );
      expect(await at.store.keys.byKid(key.kid)).toMatchObject({
        name: 'two',
        owner: 'ben',
        expiresAt: null,
      });
      await at.store.write((tx) => tx.write.keys.update(key.kid, { name: 'two' }));
      const clash = at.store.write((tx) => tx.write.keys.update(key.kid, { name: 'taken' }));
      await expect(clash).rejects.toMatchObject({ code: 'exists' });
      const nobody = at.store.write((tx) => tx.write.keys.update('nothinghere0', { name: 'x' }));
      await expect(nobody).rejects.toMatchObject({ code: 'not_found' });
    });

    test('revoke and disable change what they say, once', async () => {
      const keys = [1, 2, 3].map(() => someKey(at.ws));
      await addKeys(at.store, keys);
      const [a, b, c] = keys.map((key) => key.kid) as [string, string, string];
      expect(
        await at.store.write((tx) => tx.write.keys.revoke([a, b, 'nothinghere0'], T0 + 5, 'leaked')),
      ).toBe(2);
      expect(await at.store.write((tx) => tx.write.keys.revoke([a, c], T0 + 9, null))).toBe(1);
      expect(await at.store.keys.byKid(a)).toMatchObject({ revokedAt: T0 + 5, revokedReason: 'leaked' });
      expect(await at.store.write((tx) => tx.write.keys.setDisabled([a], T0))).toBe(0);
      const d = someKey(at.ws);
      await addKeys(at.store, [d]);
      expect(await at.store.write((tx) => tx.write.keys.setDisabled([d.kid], T0))).toBe(1);
      expect(await at.store.keys.byKid(d.kid)).toMatchObject({ disabledAt: T0 });
      expect(await at.store.write((tx) => tx.write.keys.setDisabled([d.kid], null))).toBe(1);
      expect(await at.store.keys.byKid(d.kid)).toMatchObject({ disabledAt: null });
      expect(await at.store.write((tx) => tx.write.keys.revoke([], T0, null))).toBe(0);
    });

    test('a thousand at once, an uneven count included', async () => {
      const keys = Array.from({ length: 1203 }, () => someKey(at.ws));
      await addKeys(at.store, keys);
      const kids = keys.map((key) => key.kid);
      expect(await at.store.write((tx) => tx.write.keys.revoke(kids, T0, null))).toBe(1203);
      expect(await at.store.keys.count({ status: 'revoked' }, T0)).toBe(1203);
    });

    test('says which names begin so, and which scopes are in use', async () => {
      const other = someWorkspace();
      await at.store.write((tx) => tx.write.workspaces.insert(other));
      const gone = someKey(at.ws, { name: 'deploy-old', scopes: ['gone:read'] });
      await addKeys(at.store, [
        gone,
        ...['deploy-b', 'deploy-a', 'billing', 'de%loy'].map((name) =>
          someKey(at.ws, { name, scopes: ['a:read', 'b:read'] }),
        ),
        someKey(other.id, { name: 'deploy-z', scopes: ['z:read'] }),
      ]);
      await at.store.write((tx) => tx.write.keys.revoke([gone.kid], T0, null));
      expect(await at.store.keys.names(at.ws, 'deploy', 10)).toEqual(['deploy-a', 'deploy-b']);
      expect(await at.store.keys.names(at.ws, 'deploy', 1)).toEqual(['deploy-a']);
      expect(await at.store.keys.names(undefined, 'deploy', 10)).toEqual([
        'deploy-a',
        'deploy-b',
        'deploy-z',
      ]);
      expect(await at.store.keys.names(at.ws, 'de%', 10)).toEqual(['de%loy']);
      expect(await at.store.keys.scopeUsed(at.ws, 'b:read')).toBe(true);
      expect(await at.store.keys.scopeUsed(at.ws, 'b:rea')).toBe(false);
      expect(await at.store.keys.scopeUsed(at.ws, 'gone:read')).toBe(true);
      expect(await at.store.keys.scopeUsed(at.ws, 'z:read')).toBe(false);
    });

    test('markShown notes when, of the version that was shown only', async () => {
      const key = someKey(at.ws, { version: 3 });
      await addKeys(at.store, [key]);
      await at.store.write((tx) => tx.write.keys.markShown(key.kid, 2, T0 + 6));
      expect(await at.store.keys.byKid(key.kid)).toMatchObject({ shownAt: null });
      await at.store.write((tx) => tx.write.keys.markShown(key.kid, 3, T0 + 7));
      expect(await at.store.keys.byKid(key.kid)).toMatchObject({ shownAt: T0 + 7 });
    });
  });
}
