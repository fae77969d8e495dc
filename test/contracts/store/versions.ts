import { beforeEach, describe, expect, test } from 'vitest';
import { type ApiKey, type ForeignDigest, NO_CUT_OFF } from '../../../src/domain/keys/key.ts';
import type { NewVersion, Transaction } from '../../../src/domain/ports/store.ts';
import { addKeys, DAY, someKey, someUsage, someUse, someVerifier, T0 } from '../samples.ts';
import { allPages, type Fixture } from './fixture.ts';

/** Superseded versions of keys, and tokens that were imported. */
export function versionsContract(at: Fixture): void {
  const next = (version: number, change: Partial<NewVersion> = {}): NewVersion => ({
    ...{ version, verifier: someVerifier(), issuedAt: T0 + version * DAY, expiresAt: null },
    ...change,
  });
  const bytes = (hash: Uint8Array | undefined) => [...(hash ?? [])];

  describe('versions', () => {
    const first = someVerifier();
    let key: ApiKey;
    beforeEach(async () => {
      key = someKey(at.ws, { expiresAt: T0 + 90 * DAY, shownAt: T0 + 1 });
      await at.store.write((tx) => tx.write.keys.insert(key, first));
    });
    const keys = <T>(work: (keys: Transaction['write']['keys']) => Promise<T>) =>
      at.store.write((tx) => work(tx.write.keys));
    const read = () => at.store.keys.byKid(key.kid);
    const olderUntil = async () => (await read())?.olderUntil;

    test('a new one takes the place of the current one, which is kept as it was', async () => {
      await at.store.recordUsage(someUsage({ used: [someUse(key.kid, T0 + 5)] }));
      const second = next(2, { expiresAt: T0 + 92 * DAY });
      expect(await keys((write) => write.addVersion(key.kid, 1, second, null))).toBe(true);
      expect(await read()).toEqual({
        ...key,
        ...{ version: 2, issuedAt: second.issuedAt, expiresAt: second.expiresAt, shownAt: null },
        ...{ olderUntil: NO_CUT_OFF, lastUsedAt: T0 + 5 },
      });
      expect(bytes((await at.store.keys.forVerification(key.kid))?.hash)).toEqual(
        bytes(second.verifier.hash),
      );
      const kept = {
        ...{ kid: key.kid, version: 1, issuedAt: T0, expiresAt: key.expiresAt, cutOff: null, endedAt: null },
        ...{ firstUsedAt: T0 + 5, lastUsedAt: T0 + 5, lateUseAt: null, shownAt: T0 + 1 },
      };
      expect(await at.store.keys.versions(key.kid)).toEqual([kept]);
      const [stored] = await at.store.keys.versionsForVerification(key.kid);
      expect(stored).toMatchObject({ ...kept, pepper: 1 });
      expect(bytes(stored?.hash)).toEqual(bytes(first.hash));
      expect(await at.store.keys.versions('nothinghere0')).toEqual([]);
    });

    test('of two rotations from the same one, one is made', async () => {
      const done = await Promise.all(
        [1, 2, 3].map(() => keys((w) => w.addVersion(key.kid, 1, next(2), null))),
      );
      expect(done.filter(Boolean)).toHaveLength(1);
      expect(await keys((write) => write.addVersion(key.kid, 3, next(4), null))).toBe(false);
      expect(await read()).toMatchObject({ version: 2 });
      expect(await at.store.keys.versions(key.kid)).toHaveLength(1);
    });

    test('a revoked key gets none, and neither does one that is not there', async () => {
      await keys((write) => write.revoke([key.kid], T0, null));
      const before = await read();
      expect(await keys((write) => write.addVersion(key.kid, 1, next(2), null))).toBe(false);
      expect(await keys((write) => write.addVersion('nothinghere0', 1, next(2), null))).toBe(false);
      expect(await read()).toEqual(before);
      expect(await at.store.keys.versions(key.kid)).toEqual([]);
    });

    test('a disabled key stays disabled', async () => {
      await keys((write) => write.setDisabled([key.kid], T0));
      await keys((write) => write.addVersion(key.kid, 1, next(2), T0 + DAY));
      expect(await read()).toMatchObject({ version: 2, disabledAt: T0 });
    });

    test('one whose cut-off has passed ends with the next rotation; one that has time left does not', async () => {
      await keys((write) => write.addVersion(key.kid, 1, next(2, { issuedAt: T0 }), T0 + 100));
      await keys((write) => write.addVersion(key.kid, 2, next(3, { issuedAt: T0 + 99 }), T0 + 500));
      expect(await at.store.keys.versions(key.kid)).toMatchObject([
        { version: 2, cutOff: T0 + 500, endedAt: null },
        { version: 1, cutOff: T0 + 100, endedAt: null },
      ]);
      await keys((write) => write.addVersion(key.kid, 3, next(4, { issuedAt: T0 + 100 }), T0 + 300));
      expect(await at.store.keys.versions(key.kid)).toMatchObject([
        { version: 3, endedAt: null },
        { version: 2, endedAt: null },
        { version: 1, endedAt: T0 + 100 },
      ]);
      expect(await olderUntil()).toBe(T0 + 500);
    });

    test('a cut-off moves only towards the earlier', async () => {
      await keys((write) => write.addVersion(key.kid, 1, next(2), null));
      const set = async (version: number, to: number) => {
        await keys((write) => write.cutOff(key.kid, version, to));
        return (await at.store.keys.versions(key.kid))[0]?.cutOff;
      };
      expect(await set(1, T0 + 200)).toBe(T0 + 200);
      expect(await olderUntil()).toBe(T0 + 200);
      expect(await set(1, T0 + 300)).toBe(T0 + 200);
      expect(await set(1, T0 + 100)).toBe(T0 + 100);
      expect(await set(7, T0)).toBe(T0 + 100);
      expect(await olderUntil()).toBe(T0 + 100);
    });

    test('ending them ends each once, for good', async () => {
      expect(await keys((write) => write.endVersions(key.kid, T0))).toBe(0);
      await keys((write) => write.addVersion(key.kid, 1, next(2), T0 + 9 * DAY));
      await keys((write) => write.addVersion(key.kid, 2, next(3), null));
      expect(await olderUntil()).toBe(NO_CUT_OFF);
      expect(await keys((write) => write.endVersions(key.kid, T0 + 7))).toBe(2);
      expect(await keys((write) => write.endVersions(key.kid, T0 + 8))).toBe(0);
      expect((await at.store.keys.versions(key.kid)).map(({ endedAt }) => endedAt)).toEqual([T0 + 7, T0 + 7]);
      expect(await olderUntil()).toBe(0);
      await keys((write) => write.addVersion(key.kid, 3, next(4), T0 + 20 * DAY));
      expect(await olderUntil()).toBe(T0 + 20 * DAY);
    });

    test('a roll-back brings the older one back as it was, but for the expiry, and ends the newer', async () => {
      await at.store.recordUsage(someUsage({ used: [someUse(key.kid, T0 + 5)] }));
      await keys((write) => write.addVersion(key.kid, 1, next(2), T0 + DAY));
      expect(
        await keys((write) => write.restoreVersion(key.kid, 2, 1, { at: T0 + 9, expiresAt: T0 + 8 * DAY })),
      ).toBe(true);
      expect(await read()).toMatchObject({
        ...{ version: 1, issuedAt: T0, expiresAt: T0 + 8 * DAY, olderUntil: 0, shownAt: T0 + 1 },
        ...{ versionFirstUsedAt: T0 + 5, versionUsedAt: T0 + 5 },
      });
      expect(bytes((await at.store.keys.forVerification(key.kid))?.hash)).toEqual(bytes(first.hash));
      expect(await at.store.keys.versions(key.kid)).toMatchObject([{ version: 2, endedAt: T0 + 9 }]);
      expect(await keys((write) => write.addVersion(key.kid, 1, next(3), T0 + 2 * DAY))).toBe(true);
      const all = await at.store.keys.versions(key.kid);
      expect(all.map(({ version }) => version)).toEqual([2, 1]);
      expect(all[1]?.cutOff).toBe(T0 + 2 * DAY);
    });

    test('a roll-back from or to anything else changes nothing', async () => {
      await keys((write) => write.addVersion(key.kid, 1, next(2), null));
      const before = [await read(), await at.store.keys.versions(key.kid)];
      for (const [from, to] of [
        [1, 2],
        [2, 2],
        [2, 3],
        [3, 1],
      ] as const)
        expect(
          await keys((write) => write.restoreVersion(key.kid, from, to, { at: T0, expiresAt: null })),
        ).toBe(false);
      expect([await read(), await at.store.keys.versions(key.kid)]).toEqual(before);
      await keys((write) => write.revoke([key.kid], T0, null));
      expect(await keys((write) => write.restoreVersion(key.kid, 2, 1, { at: T0, expiresAt: null }))).toBe(
        false,
      );
    });

    test('one that nobody was seen to get is shown as soon as somebody was', async () => {
      await keys((write) => write.addVersion(key.kid, 1, next(2), null));
      await keys((write) => write.addVersion(key.kid, 2, next(3), null));
      const shown = async () => (await at.store.keys.versions(key.kid)).map(({ shownAt }) => shownAt);
      expect(await shown()).toEqual([null, T0 + 1]);
      await keys((write) => write.markShown(key.kid, 2, T0 + 6));
      expect(await shown()).toEqual([T0 + 6, T0 + 1]);
      expect((await read())?.shownAt).toBeNull();
    });

    test('a late use goes on record once', async () => {
      await keys((write) => write.addVersion(key.kid, 1, next(2), null));
      expect(await keys((write) => write.noteLateUse(key.kid, 1, T0 + 3))).toBe(true);
      expect(await keys((write) => write.noteLateUse(key.kid, 1, T0 + 4))).toBe(false);
      expect(await keys((write) => write.noteLateUse(key.kid, 2, T0 + 4))).toBe(false);
      expect(await at.store.keys.versions(key.kid)).toMatchObject([{ lateUseAt: T0 + 3 }]);
    });

    test('a transaction that fails leaves none of it', async () => {
      const broken = at.store.write(async (tx) => {
        await tx.write.keys.addVersion(key.kid, 1, next(2), null);
        throw new Error('on purpose');
      });
      await expect(broken).rejects.toThrow('on purpose');
      expect(await read()).toEqual(key);
      expect(await at.store.keys.versions(key.kid)).toEqual([]);
    });
  });

  describe('imported tokens', () => {
    const digest = (kind: ForeignDigest['kind'], key = 0): ForeignDigest => ({
      kind,
      key,
      digest: someVerifier().hash,
    });

    test('are found by exactly their digest, and a key keeps an empty hash until it is used', async () => {
      const key = someKey(at.ws);
      const imported = digest('hmac-sha256', 2);
      await at.store.write(async (tx) => {
        await tx.write.keys.insert(key, { pepper: 0, hash: new Uint8Array(0) });
        await tx.write.keys.addForeign(key.kid, 1, imported);
      });
      expect(await at.store.keys.byForeign(imported)).toEqual({ kid: key.kid, version: 1 });
      for (const other of [
        digest('hmac-sha256', 2),
        { ...imported, key: 3 },
        { ...imported, kind: 'sha256' as const },
        { ...imported, digest: imported.digest.subarray(0, 31) },
      ])
        expect(await at.store.keys.byForeign(other)).toBeUndefined();
      const row = await at.store.keys.forVerification(key.kid);
      expect([row?.pepper, row?.hash.length]).toEqual([0, 0]);
    });

    test('of many keys come at once, in their order, and are no other than if they came singly', async () => {
      const before = await at.store.slots.generation();
      // More than one statement's worth and a rest; some columns alike in all, some in a part of them.
      const imported = Array.from({ length: 230 }, (_, n) => ({
        key: someKey(at.ws, {
          purpose: n < 150 ? 'moved' : null,
          scopes: n % 7 === 0 ? ['a:read', `b${n}:write`] : ['a:read'],
          networks: n === 120 ? ['10.0.0.0/8'] : [],
          expiresAt: n % 3 === 0 ? T0 + n : null,
          shownAt: T0,
        }),
        verifier: someVerifier(),
        found: digest(n % 50 === 0 ? 'sha512' : 'token', 0),
      }));
      await at.store.write((tx) => tx.write.keys.insertImported(imported));
      const keys = imported.map(({ key }) => key);
      expect(await allPages(at.store, {}, 100)).toEqual(keys.toReversed());
      for (const { key, verifier, found } of imported) {
        expect(await at.store.keys.byForeign(found)).toEqual({ kid: key.kid, version: 1 });
        const row = await at.store.keys.forVerification(key.kid);
        expect([row?.pepper, [...(row?.hash ?? [])]]).toEqual([verifier.pepper, [...verifier.hash]]);
      }
      expect(await at.store.keys.scopeUsed(at.ws, 'b119:write')).toBe(true);
      expect(await at.store.keys.foreignKinds()).toHaveLength(2);
      expect(await at.store.slots.generation()).not.toBe(before);
    });

    test.each([3, 110, 220])('of many keys are refused when the one at %i is there already', async (n) => {
      const make = () => ({ key: someKey(at.ws), verifier: someVerifier(), found: digest('token', 1) });
      const first = make();
      await at.store.write((tx) => tx.write.keys.insertImported([first]));
      const { name } = first.key;
      const sameName = Array.from({ length: 230 }, make);
      sameName[n] = { ...make(), key: someKey(at.ws, { name }) };
      const named = at.store.write((tx) => tx.write.keys.insertImported(sameName));
      await expect(named).rejects.toMatchObject({
        code: 'exists',
        message: `the workspace already has a key "${name}"`,
      });
      const sameToken = Array.from({ length: 230 }, make);
      sameToken[n] = { ...make(), found: (sameToken[n - 1] ?? first).found };
      const found = at.store.write((tx) => tx.write.keys.insertImported(sameToken));
      await expect(found).rejects.toMatchObject({
        code: 'exists',
        message: 'a key with this token is there already',
      });
      expect(await at.store.keys.count({}, T0)).toBe(1);
    });

    test('of one digest there is one', async () => {
      const [one, two] = [someKey(at.ws), someKey(at.ws)];
      const imported = digest('sha256');
      await addKeys(at.store, [one, two]);
      await at.store.write((tx) => tx.write.keys.addForeign(one.kid, 1, imported));
      const twice = at.store.write((tx) => tx.write.keys.addForeign(two.kid, 1, imported));
      await expect(twice).rejects.toMatchObject({ code: 'exists' });
      expect(await at.store.keys.byForeign(imported)).toEqual({ kid: one.kid, version: 1 });
    });

    test('are of kinds that verifiers hold, so the first of a kind changes the generation', async () => {
      const key = someKey(at.ws);
      await addKeys(at.store, [key]);
      expect(await at.store.keys.foreignKinds()).toEqual([]);
      let generation = await at.store.slots.generation();
      const add = async (...digests: ForeignDigest[]) => {
        await at.store.write(async (tx) => {
          for (const one of digests) await tx.write.keys.addForeign(key.kid, 1, one);
        });
        const before = generation;
        generation = await at.store.slots.generation();
        return generation !== before;
      };
      expect(await add(digest('token', 1), digest('token', 1), digest('sha512'))).toBe(true);
      expect(await add(digest('token', 1))).toBe(false);
      expect(await add(digest('token', 2))).toBe(true);
      expect(await at.store.keys.foreignKinds()).toEqual([
        { kind: 'sha512', key: 0 },
        { kind: 'token', key: 1 },
        { kind: 'token', key: 2 },
      ]);
    });
  });
}
