import { createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { openRecord, sealRecord } from '../../src/secrets/seal.ts';
import { bitFlips, failureOf, otherLengths, STORE } from './fixture.ts';

const key = createSecretKey(randomBytes(32));
const place = { record: 'cred_1', field: 'value', version: 3 };
const seal = (text: string, at = place) => sealRecord(key, new Secret(text), at, STORE, randomBytes);

test('any well-formed text comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(openRecord(key, seal(text), STORE).reveal()).toBe(text);
    }),
  );
});

test('half a character is refused, since it would come back changed', async () => {
  expect((await failureOf(() => seal('a\ud800b'))).code).toBe('bad_secret_input');
});

test('every flipped bit, every other length, every other place is refused with its class and without the secret', async () => {
  const sealed = seal('canary-91');
  const broken = [
    ...[...bitFlips(sealed.sealed)].map((bytes) => ({ ...sealed, sealed: bytes })),
    ...[...otherLengths(sealed.sealed)].map((bytes) => ({ ...sealed, sealed: bytes })),
    { ...sealed, record: 'cred_2' },
    { ...sealed, field: 'refresh' },
    { ...sealed, version: 4 },
    { ...sealed, record: 'cred_1\0', field: 'value' },
    { ...sealed, sealed: seal('other', { ...place, record: 'cred_2' }).sealed },
    { ...sealed, sealed: seal('other', { ...place, field: 'refresh' }).sealed },
    { ...sealed, sealed: seal('other', { ...place, version: 2 }).sealed },
  ];
  for (const record of broken) {
    const failure = await failureOf(() => openRecord(key, record, STORE));
    expect(failure.code).toBe('slot_damaged');
    expect(inspect(failure)).not.toContain('canary');
  }
  expect((await failureOf(() => openRecord(key, sealed, 'store_other'))).code).toBe('slot_damaged');
});
