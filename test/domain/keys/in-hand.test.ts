import { expect, test } from 'vitest';
import { importedInHand, issuedInHand } from '../../../src/domain/keys/in-hand.ts';
import { newSecretKey } from '../../../src/domain/keys/token.ts';
import { finishOverlap } from '../../../src/domain/rotations/overlap.ts';
import { fakeRandom, openDesk } from '../../support/fake-ledger.ts';
import { aKey } from '../../support/fake-verifier.ts';
import { HOUR, openRotationDesk } from '../../support/rotation-desk.ts';

test('a secret is of the version that it was issued as, and lives while that verifies', async () => {
  const desk = await openRotationDesk();
  const { kid } = desk.key;
  const next = (await desk.rotate()).secretKey.reveal();
  const inHand = (token: string) => issuedInHand(desk.store, desk.means.hasher, token, desk.clock.at);
  expect(await inHand(next)).toEqual({ kid, version: 2, living: true });
  expect(await inHand(desk.token)).toEqual({ kid, version: 1, living: true });
  desk.clock.at += HOUR;
  expect(await inHand(desk.token)).toEqual({ kid, version: 1, living: false });
});

test('what was ended outright lives no more, and a key that was revoked still has its secret', async () => {
  const desk = await openRotationDesk();
  await desk.rotate();
  await finishOverlap(desk.ledger, desk.key);
  await desk.store.write((tx) => tx.write.keys.revoke([desk.key.kid], 1, null));
  const found = await issuedInHand(desk.store, desk.means.hasher, desk.token, desk.clock.at);
  expect(found).toMatchObject({ version: 1, living: false });
});

test('what only has the shape of a secret of a key is none', async () => {
  const desk = openDesk();
  const { key } = await aKey(desk);
  const made = newSecretKey(key, fakeRandom('somebody else')).reveal();
  expect(await issuedInHand(desk.store, desk.means.hasher, made, desk.clock.at)).toBeUndefined();
  const unknown = newSecretKey({ ...key, kid: 'k00000000000' }, fakeRandom()).reveal();
  expect(await issuedInHand(desk.store, desk.means.hasher, unknown, desk.clock.at)).toBeUndefined();
});

test('nothing is unlocked to look for a token where none was imported, or that has our shape', async () => {
  const desk = openDesk();
  const { key, token } = await aKey(desk);
  const unlock = () => Promise.reject(new Error('unlocked'));
  const inHand = (text: string) => importedInHand(desk.store, unlock, text, desk.clock.at);
  expect(await inHand('legacy-token-0123456789')).toBeUndefined();
  const digest = new Uint8Array(32);
  await desk.store.write((tx) => tx.write.keys.addForeign(key.kid, 1, { kind: 'sha256', key: 0, digest }));
  expect(await inHand(token.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')))).toBeUndefined();
  await expect(inHand('legacy-token-0123456789')).rejects.toThrow('unlocked');
});
