import { expect, test } from 'vitest';
import { refuseToken } from '../../../src/domain/import/token.ts';
import { newSecretKey } from '../../../src/domain/keys/token.ts';
import { fakeRandom } from '../../support/fake-ledger.ts';

const own = newSecretKey({ brand: 'kw', mode: 'live', kid: '0123456789Ab' }, fakeRandom()).reveal();

test.each(['x'.repeat(16), 'x'.repeat(4096), 'sk_live_51H8xYz!~0123', '!"#$%&()*+,-./:;<=>?@[]^_`{|}'])(
  '%s',
  (text) => {
    expect(refuseToken(text)).toBeUndefined();
  },
);

test.each([
  ['x'.repeat(15), 'has 15 characters; a token has 16 to 4096'],
  ['x'.repeat(4097), 'has 4097 characters; a token has 16 to 4096'],
  ['has a space in the middle', 'holds something other than visible ASCII characters'],
  ['ends-with-a-newline-0\n', 'holds something other than visible ASCII characters'],
  ['tökén-0123456789012', 'holds something other than visible ASCII characters'],
  ['nul-\0-0123456789012', 'holds something other than visible ASCII characters'],
  [own, 'is shaped like a key of this program; those move with a backup'],
  [`${own.slice(0, -1)}?`, 'is shaped like a key of this program; those move with a backup'],
  ['kw_pk_live_0123456789Ab', 'is shaped like a public key'],
])('%s', (text, reason) => {
  expect(refuseToken(text)).toBe(reason);
});
