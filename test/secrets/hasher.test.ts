import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { tokenHasher } from '../../src/secrets/hasher.ts';
import { newPepper, openPeppers, sealPepper } from '../../src/secrets/pepper.ts';
import { bitFlips, countedRandom, failureOf, otherLengths, STORE } from './fixture.ts';

const one = createSecretKey(Buffer.alloc(32, 1));
const two = createSecretKey(Buffer.alloc(32, 2));

const numbered = (...keys: [number, KeyObject][]) => new Map(keys);
const hmac = (key: KeyObject, ...parts: string[]) =>
  createHmac('sha256', key).update(parts.join('\0')).digest();

test('hashes as DESIGN section 5 says, under the pepper asked for', () => {
  const hasher = tokenHasher({ pepper: numbered([1, one], [2, two]), imported: numbered([3, two]) });
  const message = Buffer.concat([
    Buffer.from('keywright/v1'),
    Buffer.of(0),
    Buffer.from('ws_000000000001'),
    Buffer.of(0),
    Buffer.from('kw_sk_live_tökén'),
  ]);
  expect(hasher.current).toBe(2);
  expect(hasher.hash(1, 'ws_000000000001', 'kw_sk_live_tökén')).toEqual(
    createHmac('sha256', one).update(message).digest(),
  );
  expect(hasher.hash(2, 'ws_000000000001', 'kw_sk_live_tökén')).toEqual(
    createHmac('sha256', two).update(message).digest(),
  );
  expect(hasher.hash(3, 'ws_000000000001', 'kw_sk_live_tökén')).toBeUndefined();
});

test('finds tokens that carry no kid by another digest than the one that proves them', () => {
  const hasher = tokenHasher({ pepper: numbered([1, one]), imported: numbered([2, two]) });
  expect(hasher.find(1, 'tökén')).toEqual(hmac(one, 'keywright/find/v1', 'tökén'));
  expect(hasher.find(2, 'tökén')).toBeUndefined();
  expect(hasher.imported(2, 'tökén')).toEqual(hmac(two, 'tökén'));
  expect(hasher.imported(1, 'tökén')).toBeUndefined();
  expect(hasher.hash(2, 'ws_1', 'tökén')).toBeUndefined();
});

test('peppers and imported keys open only under their kind and number, in their store, unchanged, once', async () => {
  const random = countedRandom('peppers');
  const key = newPepper(random);
  const at = { number: 1, kind: 'pepper', storeId: STORE, createdAt: 5 } as const;
  const pepper = sealPepper(one, key, at, random);
  const imported = sealPepper(one, key, { ...at, number: 2, kind: 'imported' }, random);
  const opened = openPeppers(one, [pepper, imported], STORE);
  expect([opened.pepper.get(1)?.export(), opened.imported.get(2)?.export()]).toEqual([
    key.export(),
    key.export(),
  ]);
  expect([opened.pepper.size, opened.imported.size]).toEqual([1, 1]);
  const short = sealPepper(one, createSecretKey(Buffer.alloc(31, 1)), at, random);
  const long = createSecretKey(Buffer.alloc(1025, 1));
  const broken = [
    [],
    [imported],
    [short],
    [pepper, sealPepper(one, long, { ...at, number: 2, kind: 'imported' }, random)],
    [pepper, pepper],
    [{ ...pepper, number: 2 }],
    [pepper, { ...pepper, number: 2 }],
    [{ ...pepper, kind: 'imported' as const }, imported],
    [pepper, { ...imported, kind: 'pepper' as const }],
    [pepper, { ...imported, number: 1 }],
    [pepper, sealPepper(one, key, { ...at, kind: 'imported' }, random)],
    [pepper, { ...imported, kind: '__proto__' as 'imported' }],
    ...[...bitFlips(pepper.sealed)].map((sealed) => [{ ...pepper, sealed }]),
    ...[...bitFlips(imported.sealed)].map((sealed) => [pepper, { ...imported, sealed }]),
    ...[...otherLengths(imported.sealed)].map((sealed) => [pepper, { ...imported, sealed }]),
  ];
  for (const peppers of broken) {
    expect((await failureOf(() => openPeppers(one, peppers, STORE))).code).toBe('slot_damaged');
  }
  expect((await failureOf(() => openPeppers(one, [pepper], 'store_other'))).code).toBe('slot_damaged');
  expect((await failureOf(() => openPeppers(two, [pepper], STORE))).code).toBe('slot_damaged');
});
