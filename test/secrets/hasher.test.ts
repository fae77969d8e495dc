import { createHmac, createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { tokenHasher } from '../../src/secrets/hasher.ts';
import { newPepper, openPeppers, sealPepper } from '../../src/secrets/pepper.ts';
import { bitFlips, countedRandom, failureOf, STORE } from './fixture.ts';

const one = createSecretKey(Buffer.alloc(32, 1));
const two = createSecretKey(Buffer.alloc(32, 2));

test('hashes as DESIGN section 5 says, under the pepper asked for', () => {
  const hasher = tokenHasher(
    new Map([
      [1, one],
      [2, two],
    ]),
  );
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

test('peppers open only under their number, in their store, unchanged, once', async () => {
  const random = countedRandom('peppers');
  const at = { number: 1, storeId: STORE, createdAt: 5 };
  const pepper = newPepper(random);
  const sealed = sealPepper(one, pepper, at, random);
  expect(openPeppers(one, [sealed], STORE).get(1)?.export()).toEqual(pepper.export());
  const broken = [
    [],
    [sealed, sealed],
    [{ ...sealed, number: 2 }],
    [sealed, { ...sealed, number: 2 }],
    ...[...bitFlips(sealed.sealed)].map((bytes) => [{ ...sealed, sealed: bytes }]),
  ];
  for (const peppers of broken) {
    expect((await failureOf(() => openPeppers(one, peppers, STORE))).code).toBe('slot_damaged');
  }
  expect((await failureOf(() => openPeppers(one, [sealed], 'store_other'))).code).toBe('slot_damaged');
  expect((await failureOf(() => openPeppers(two, [sealed], STORE))).code).toBe('slot_damaged');
});
