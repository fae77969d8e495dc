import { describe, expect, test } from 'vitest';
import type { ForeignDigest } from '../../../src/domain/keys/key.ts';
import type { Adoption } from '../../../src/domain/ports/usage.ts';
import { addKeys, DAY, someKey, somePepper, someUsage, someUse, someVerifier, T0 } from '../samples.ts';
import type { Fixture } from './fixture.ts';

/** What verifiers write: uses, hashes under newer peppers, imported tokens of their own, and themselves. */
export function usageContract(at: Fixture): void {
  const next = (version: number) => ({ version, verifier: someVerifier(), issuedAt: T0, expiresAt: null });
  const note = (...used: ReturnType<typeof someUse>[]) => at.store.recordUsage(someUsage({ used }));

  describe('uses', () => {
    test('raise the last use of the key and of its version; the first one stays the earliest', async () => {
      const key = someKey(at.ws);
      await addKeys(at.store, [key]);
      for (const ms of [100, 50, 200]) expect(await note(someUse(key.kid, T0 + ms))).toBe(true);
      expect(await at.store.keys.byKid(key.kid)).toEqual({
        ...key,
        lastUsedAt: T0 + 200,
        versionUsedAt: T0 + 200,
        versionFirstUsedAt: T0 + 50,
      });
      expect(await at.store.keys.forVerification(key.kid)).toMatchObject({ versionUsedAt: T0 + 200 });
      expect(await note(someUse('nothinghere0', T0))).toBe(true);
    });

    test('of a superseded version are noted there, and of the key as well', async () => {
      const key = someKey(at.ws);
      await addKeys(at.store, [key]);
      await note(someUse(key.kid, T0 + 10));
      await at.store.write((tx) => tx.write.keys.addVersion(key.kid, 1, next(2), null));
      expect(await at.store.keys.byKid(key.kid)).toMatchObject({
        versionUsedAt: null,
        versionFirstUsedAt: null,
        lastUsedAt: T0 + 10,
      });
      // The second was noted while the version was the current one still.
      await note(someUse(key.kid, T0 + 20, { older: true }), someUse(key.kid, T0 + 30));
      expect(await at.store.keys.byKid(key.kid)).toMatchObject({
        versionUsedAt: null,
        lastUsedAt: T0 + 30,
      });
      expect(await at.store.keys.versions(key.kid)).toMatchObject([
        { version: 1, firstUsedAt: T0 + 10, lastUsedAt: T0 + 30 },
      ]);
      await note(someUse(key.kid, T0 + 25, { version: 2 }));
      expect(await at.store.keys.byKid(key.kid)).toMatchObject({
        versionUsedAt: T0 + 25,
        versionFirstUsedAt: T0 + 25,
        lastUsedAt: T0 + 30,
      });
    });

    test('of a version that is the current one again are noted with it', async () => {
      const key = someKey(at.ws);
      await addKeys(at.store, [key]);
      await at.store.write((tx) => tx.write.keys.addVersion(key.kid, 1, next(2), null));
      await at.store.write((tx) => tx.write.keys.restoreVersion(key.kid, 2, 1, { at: T0, expiresAt: null }));
      await note(someUse(key.kid, T0 + 40, { older: true }));
      expect(await at.store.keys.byKid(key.kid)).toMatchObject({ version: 1, versionUsedAt: T0 + 40 });
    });
  });

  describe('hashes under a newer pepper', () => {
    test('take the place of the old one, of the current version only', async () => {
      const key = someKey(at.ws);
      const first = someVerifier();
      await at.store.write((tx) => tx.write.keys.insert(key, first));
      const newer = { pepper: 2, hash: someVerifier().hash };
      await at.store.write((tx) => tx.write.slots.putPepper(somePepper(2)));
      const generation = await at.store.slots.generation();
      const rehash = (verifier: typeof newer) =>
        someUsage({ rehashed: new Map([[key.kid, { old: first.hash, verifier, generation }]]) });
      expect(await at.store.recordUsage(rehash(newer))).toBe(true);
      expect(await at.store.recordUsage(rehash({ pepper: 2, hash: someVerifier().hash }))).toBe(true);
      const after = await at.store.keys.forVerification(key.kid);
      expect([after?.pepper, [...(after?.hash ?? [])]]).toEqual([2, [...newer.hash]]);
    });

    test('are left out when the store lacks the pepper, or it is none, or the generation is another', async () => {
      const key = someKey(at.ws);
      const first = someVerifier();
      await at.store.write((tx) => tx.write.keys.insert(key, first));
      await at.store.write((tx) => tx.write.slots.putPepper(somePepper(2, 'imported')));
      const generation = await at.store.slots.generation();
      const old = first.hash;
      for (const rehash of [
        { old, verifier: { ...someVerifier(), pepper: 9 }, generation },
        { old, verifier: { ...someVerifier(), pepper: 2 }, generation },
        { old, verifier: someVerifier(), generation: generation + 1 },
      ]) {
        const batch = someUsage({ rehashed: new Map([[key.kid, rehash]]) });
        expect(await at.store.recordUsage(batch)).toBe(true);
      }
      const { pepper, hash } = (await at.store.keys.forVerification(key.kid)) ?? first;
      expect([pepper, [...hash]]).toEqual([1, [...first.hash]]);
    });
  });

  describe('adopting an imported token', () => {
    const digest = (kind: ForeignDigest['kind'], key: number): ForeignDigest => ({
      kind,
      key,
      digest: someVerifier().hash,
    });
    const imported = digest('sha256', 0);
    /** Of the imported digest. */
    const vouched = { ...someVerifier(), hash: new Uint8Array(32).fill(7) };
    const importKey = async () => {
      const key = someKey(at.ws);
      await at.store.write(async (tx) => {
        await tx.write.keys.insert(key, vouched);
        await tx.write.keys.addForeign(key.kid, 1, imported);
      });
      return key;
    };
    const adoption = async (kid: string, change: Partial<Adoption> = {}): Promise<Adoption> => ({
      ...{ kid, version: 1, old: imported, found: digest('token', 1), verifier: someVerifier() },
      spent: undefined,
      generation: await at.store.slots.generation(),
      ...change,
    });
    const adopt = async (...adopted: Adoption[]) =>
      expect(await at.store.recordUsage(someUsage({ adopted }))).toBe(true);

    test('puts a digest and a hash of our own in place of the foreign ones, and tells other verifiers', async () => {
      const key = await importKey();
      const wish = await adoption(key.kid);
      await adopt(wish);
      expect(await at.store.keys.byForeign(imported)).toBeUndefined();
      expect(await at.store.keys.byForeign(wish.found)).toEqual({ kid: key.kid, version: 1 });
      const row = await at.store.keys.forVerification(key.kid);
      expect([row?.pepper, [...(row?.hash ?? [])]]).toEqual([1, [...wish.verifier.hash]]);
      expect(await at.store.keys.foreignKinds()).toContainEqual({ kind: 'token', key: 1 });
      expect(row?.generation).not.toBe(wish.generation);
    });

    test('leaves a mark of the foreign digest, which verifiers need not know of', async () => {
      const key = await importKey();
      await at.store.write((tx) => tx.write.keys.addForeign(key.kid, 1, digest('token', 1)));
      const wish = await adoption(key.kid, { spent: digest('spent', 1) });
      await adopt(wish);
      expect(await at.store.keys.byForeign(wish.spent ?? imported)).toEqual({ kid: key.kid, version: 1 });
      expect(await at.store.keys.foreignKinds()).toContainEqual({ kind: 'spent', key: 1 });
      expect(await at.store.slots.generation()).toBe(wish.generation);
    });

    test('happens once: who comes second changes nothing', async () => {
      const key = await importKey();
      const first = await adoption(key.kid);
      await adopt(first);
      const second = await adoption(key.kid);
      await adopt(second);
      expect(await at.store.keys.byForeign(second.found)).toBeUndefined();
      const row = await at.store.keys.forVerification(key.kid);
      expect([...(row?.hash ?? [])]).toEqual([...first.verifier.hash]);
    });

    test('of many at once is of one generation, and a kind that is known already leaves that alone', async () => {
      const keys = [someKey(at.ws), someKey(at.ws), someKey(at.ws)];
      const olds = keys.map(() => digest('sha512', 0));
      await at.store.write(async (tx) => {
        for (const [n, key] of keys.entries()) {
          await tx.write.keys.insert(key, vouched);
          await tx.write.keys.addForeign(key.kid, 1, olds[n] ?? imported);
        }
      });
      const wishes = await Promise.all(keys.map(({ kid }, n) => adoption(kid, { old: olds[n] ?? imported })));
      await adopt(...wishes.slice(0, 2));
      const adoptedOnes = () =>
        Promise.all(
          keys.map(
            async ({ kid }) =>
              Buffer.compare(
                (await at.store.keys.forVerification(kid))?.hash ?? vouched.hash,
                vouched.hash,
              ) !== 0,
          ),
        );
      expect(await adoptedOnes()).toEqual([true, true, false]);
      const generation = await at.store.slots.generation();
      await adopt({ ...(wishes[2] as Adoption), generation });
      expect(await adoptedOnes()).toEqual([true, true, true]);
      expect(await at.store.slots.generation()).toBe(generation);
    });

    test('under a newer pepper replaces the older, never the other way round', async () => {
      const key = await importKey();
      const first = await adoption(key.kid);
      await adopt(first);
      await at.store.write((tx) => tx.write.slots.putPepper(somePepper(2)));
      const newer = { pepper: 2, hash: someVerifier().hash };
      const found = digest('token', 2);
      await adopt(await adoption(key.kid, { old: first.found, found, verifier: newer }));
      expect(await at.store.keys.byForeign(found)).toEqual({ kid: key.kid, version: 1 });
      await adopt(await adoption(key.kid, { old: found }));
      expect(await at.store.keys.forVerification(key.kid)).toMatchObject({ pepper: 2 });
    });

    test('goes to the version that the token is of', async () => {
      const key = await importKey();
      await at.store.write((tx) => tx.write.keys.addVersion(key.kid, 1, next(2), T0 + DAY));
      const wish = await adoption(key.kid);
      await adopt(wish);
      const [older] = await at.store.keys.versionsForVerification(key.kid);
      expect([older?.pepper, [...(older?.hash ?? [])]]).toEqual([1, [...wish.verifier.hash]]);
      const row = await at.store.keys.forVerification(key.kid);
      expect([...(row?.hash ?? [])]).not.toEqual([...wish.verifier.hash]);
    });

    test('is left out when anything of it is not so any more', async () => {
      const key = await importKey();
      const other = someKey(at.ws);
      const taken = digest('token', 1);
      await addKeys(at.store, [other]);
      await at.store.write((tx) => tx.write.keys.addForeign(other.kid, 1, taken));
      await at.store.write((tx) => tx.write.slots.putPepper(somePepper(2, 'imported')));
      const good = await adoption(key.kid);
      await adopt(
        { ...good, generation: good.generation + 1 },
        { ...good, verifier: { ...good.verifier, pepper: 2 } },
        { ...good, verifier: { ...good.verifier, pepper: 7 } },
        { ...good, kid: other.kid },
        { ...good, version: 2 },
        { ...good, old: digest('sha256', 0) },
        { ...good, found: taken },
      );
      expect(await at.store.keys.byForeign(imported)).toEqual({ kid: key.kid, version: 1 });
      expect(await at.store.keys.byForeign(taken)).toEqual({ kid: other.kid, version: 1 });
      expect(await at.store.keys.byForeign(good.found)).toBeUndefined();
      expect([...((await at.store.keys.forVerification(key.kid))?.hash ?? [])]).toEqual([...vouched.hash]);
      expect(await at.store.slots.generation()).toBe(good.generation);
    });
  });

  test('verifiers that report are there until they end', async () => {
    const report = (id: string, ms: number, closing = false) =>
      at.store.recordUsage(someUsage({ reporter: { id, at: T0 + ms, closing } }));
    expect(await at.store.verifiers()).toEqual([]);
    await report('one', 1);
    await report('two', 2);
    await report('one', 3);
    expect(await at.store.verifiers()).toEqual([
      { id: 'one', pid: process.pid, reportedAt: T0 + 3 },
      { id: 'two', pid: process.pid, reportedAt: T0 + 2 },
    ]);
    await report('two', 4, true);
    await report('three', 5, true);
    expect((await at.store.verifiers()).map(({ id }) => id)).toEqual(['one']);
  });
}
