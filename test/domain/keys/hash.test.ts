import { expect, test } from 'vitest';
import { verifierFor } from '../../../src/domain/keys/hash.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { fakeHasher } from '../../support/fake-ledger.ts';

const secret = new Secret('kw_sk_live_canary');

test('a secret key is hashed under the newest pepper, with its workspace', () => {
  const hasher = fakeHasher({ 1: 'one', 3: 'three' });
  expect(verifierFor(hasher, 'ws_1', secret)).toEqual({
    pepper: 3,
    hash: hasher.hash(3, 'ws_1', secret.reveal()),
  });
  expect(verifierFor(hasher, 'ws_2', secret).hash).not.toEqual(verifierFor(hasher, 'ws_1', secret).hash);
});

test('without that pepper nothing is hashed, and nothing of the secret is said', () => {
  const hasher = { current: 4, hash: () => undefined, find: () => undefined, imported: () => undefined };
  expect(() => verifierFor(hasher, 'ws_1', secret)).toThrow(/^pepper 4 is missing$/);
});
