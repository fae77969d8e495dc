import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newKid } from '../../../src/domain/ids.ts';
import type { Mode } from '../../../src/domain/keys/key.ts';
import {
  findSecretKey,
  isBrand,
  newSecretKey,
  parsePublicKey,
  parseSecretKey,
  publicKey,
} from '../../../src/domain/keys/token.ts';
import { tokenHasher } from '../../../src/secrets/hasher.ts';
import frozen from '../../vectors/token.json' with { type: 'json' };

const BASE62 = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
const TOKENS = frozen.tokens.map((token) => ({ ...token, mode: token.mode as Mode }));
const { secretKey: TOKEN, ...PARTS } = TOKENS[0] as (typeof TOKENS)[0];

const brands = fc.stringMatching(/^[a-z][a-z0-9]{1,15}$/);
const modes = fc.constantFrom<Mode>('live', 'test');
const kids = fc.stringMatching(/^[0-9A-Za-z]{12}$/);
const parts = fc.record({ brand: brands, mode: modes, kid: kids });

describe.each(TOKENS)('the frozen token $publicKey', (token) => {
  const { brand, mode, kid, secretKey } = token;

  test('is what its bytes make', () => {
    const made = newSecretKey({ brand, mode, kid }, () => Buffer.from(token.secretBytes, 'hex'));
    expect(made.reveal()).toBe(secretKey);
    expect(secretKey.endsWith(token.check)).toBe(true);
  });

  test('parses to its parts and its public key', () => {
    expect(parseSecretKey(secretKey)).toEqual({ brand, mode, kid });
    expect(publicKey({ brand, mode, kid })).toBe(token.publicKey);
    expect(parsePublicKey(token.publicKey)).toEqual({ brand, mode, kid });
  });

  test('has the hash that is stored of it', () => {
    const pepper = Buffer.from(frozen.pepper, 'hex');
    const input = Buffer.concat([
      Buffer.from('keywright/v1'),
      Buffer.of(0),
      Buffer.from(frozen.workspaceId),
      Buffer.of(0),
      Buffer.from(secretKey),
    ]);
    expect(createHmac('sha256', pepper).update(input).digest('hex')).toBe(token.hash);
    const peppers = { pepper: new Map([[7, createSecretKey(pepper)]]), imported: new Map() };
    const hash = tokenHasher(peppers).hash(7, frozen.workspaceId, secretKey);
    expect(hash).toEqual(Buffer.from(token.hash, 'hex'));
  });
});

describe('the checksum', () => {
  test('catches every change of a single character', () => {
    let changes = 0;
    for (const { secretKey } of TOKENS) {
      for (let at = 0; at < secretKey.length; at++) {
        for (const character of [...BASE62, '_', '-', ' ', '\0', 'é', 'Ａ', '٣']) {
          if (character === secretKey[at]) continue;
          changes++;
          const changed = secretKey.slice(0, at) + character + secretKey.slice(at + 1);
          expect(parseSecretKey(changed), changed).toBeUndefined();
        }
      }
    }
    expect(changes).toBeGreaterThan(19_000);
  });

  test('catches what is lost, doubled, put in or swapped', () => {
    for (let at = 0; at < TOKEN.length; at++) {
      const [before, here, after] = [TOKEN.slice(0, at), TOKEN[at] ?? '', TOKEN.slice(at + 1)];
      const changed = [
        before + after,
        before + here + here + after,
        before,
        after,
        ...BASE62.map((one) => before + one + here + after),
      ];
      const swapped = before + (after[0] ?? '') + here + after.slice(1);
      if (here !== after[0] && after !== '') changed.push(swapped);
      for (const text of changed) if (text !== TOKEN) expect(parseSecretKey(text), text).toBeUndefined();
    }
  });

  test('a parser without it would let such a change through', () => {
    const shape = /^([a-z][a-z0-9]{1,15})_sk_(live|test)_([0-9A-Za-z]{12})[0-9A-Za-z]{49}$/;
    const changed = `${TOKEN.slice(0, 30)}${TOKEN[30] === 'a' ? 'b' : 'a'}${TOKEN.slice(31)}`;
    expect(shape.test(changed)).toBe(true);
    expect(parseSecretKey(changed)).toBeUndefined();
  });
});

describe('what is no token', () => {
  const bare = TOKEN.slice(3);
  test.each([
    ['nothing', ''],
    ['a space', ' '],
    ['a space before', ` ${TOKEN}`],
    ['a space behind', `${TOKEN} `],
    ['a newline behind', `${TOKEN}\n`],
    ['CRLF behind', `${TOKEN}\r\n`],
    ['NUL behind', `${TOKEN}\0`],
    ['a byte order mark before', `\ufeff${TOKEN}`],
    ['its public key', PARTS.publicKey],
    ['no brand', bare],
    ['a brand of one letter', `k_${bare}`],
    ['a brand of 17', `${'k'.repeat(17)}_${bare}`],
    ['a brand in capitals', TOKEN.replace('kw', 'KW')],
    ['another mode', TOKEN.replace('_live_', '_prod_')],
    ['a mode of Object', TOKEN.replace('_live_', '___proto___')],
    ['two tokens', TOKEN + TOKEN],
    ['Bearer', `Bearer ${TOKEN}`],
    ['full-width letters', TOKEN.replace('kw', 'ｋｗ')],
    ['half a surrogate pair', `\ud800${TOKEN}`],
    ['10 MB', 'kw_sk_live_'.padEnd(10_000_000, 'a')],
    ['10 MB that begin right', TOKEN.padEnd(10_000_000, 'a')],
    ['10 MB of separators', '_sk_live_'.repeat(1_111_112)],
  ])('%s', (_, text) => {
    expect(parseSecretKey(text)).toBeUndefined();
  });

  test('any length near the right one', () => {
    for (let length = 0; length < 200; length++) {
      if (length !== TOKEN.length)
        expect(parseSecretKey(TOKEN.padEnd(length, '0').slice(0, length))).toBeUndefined();
    }
  });

  test('any text at all', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 120 }),
        (text) => parseSecretKey(text) === undefined,
      ),
      { numRuns: 500 },
    );
  });
});

describe('a new token', () => {
  test('has fixed widths, parses, and its public key parses to the same', () => {
    const check = (some: { brand: string; mode: Mode; kid: string }): void => {
      const token = newSecretKey(some, randomBytes).reveal();
      expect(token).toHaveLength(some.brand.length + '_sk_live_'.length + 12 + 43 + 6);
      expect(parseSecretKey(token)).toEqual(some);
      expect(parsePublicKey(publicKey(some))).toEqual(some);
      expect(parseSecretKey(publicKey(some))).toBeUndefined();
      expect(parsePublicKey(token)).toBeUndefined();
    };
    fc.assert(fc.property(parts, check), { numRuns: 300 });
  });

  test('asks once for 32 bytes, and every one of their 256 bits makes another token', () => {
    const asked: number[] = [];
    const made = (bytes: Uint8Array): string =>
      newSecretKey(PARTS, (size) => {
        asked.push(size);
        return bytes;
      }).reveal();
    const zero = made(new Uint8Array(32));
    const flipped = Array.from({ length: 256 }, (_, bit) => {
      const bytes = new Uint8Array(32);
      bytes[bit >> 3] = 1 << (bit & 7);
      return made(bytes);
    });
    expect(new Set([zero, ...flipped]).size).toBe(257);
    expect(asked.every((size) => size === 32) && asked.length === 257).toBe(true);
  });

  test('100 000 of them are all different', () => {
    const tokens = new Set<string>();
    for (let i = 0; i < 100_000; i++)
      tokens.add(newSecretKey({ ...PARTS, kid: newKid(randomBytes) }, randomBytes).reveal());
    expect(tokens.size).toBe(100_000);
  });

  test('prints as a secret', () => {
    expect(`${newSecretKey(PARTS, randomBytes)}`).toBe('[secret]');
  });
});

test.each([
  ['kw', true],
  ['acme2', true],
  ['a'.repeat(16), true],
  ['a', false],
  ['a'.repeat(17), false],
  ['', false],
  ['2a', false],
  ['KW', false],
  ['a_b', false],
  ['a-b', false],
  ['kw\n', false],
  ['кw', false],
])('brand %j: %s', (text, expected) => {
  expect(isBrand(text)).toBe(expected);
});

test.each([
  '',
  'kw_pk_live_',
  `${PARTS.publicKey}0`,
  `${PARTS.publicKey}\n`,
  PARTS.publicKey.slice(0, -1),
  PARTS.publicKey.replace('live', 'prod'),
  PARTS.publicKey.replace('_pk_', '_sk_'),
])('%j is no public key', (text) => {
  expect(parsePublicKey(text)).toBeUndefined();
});

describe('a secret key inside a text', () => {
  const expected = { brand: PARTS.brand, mode: PARTS.mode, kid: PARTS.kid };
  test.each([
    ['alone', TOKEN],
    ['with a flag', `--key=${TOKEN}`],
    ['in an address', `https://example.com/?key=${TOKEN}&a=b`],
    ['with a wrong checksum', `${TOKEN.slice(0, -1)}${TOKEN.endsWith('a') ? 'b' : 'a'}`],
    ['cut short', TOKEN.slice(0, 50)],
    ['in quotes', `'"${TOKEN}"'`],
    ['on a second line', `a\n${TOKEN}\nb`],
  ])('%s', (_, text) => {
    expect(findSecretKey(text)).toEqual(expected);
  });

  test.each(['', 'billing', PARTS.publicKey, 'kw_sk_live_', 'kw_sk_live_short'])('none in %j', (text) => {
    expect(findSecretKey(text)).toBeUndefined();
  });

  test('10 MB are looked through', () => {
    expect(findSecretKey('a'.repeat(10_000_000) + TOKEN)?.kid).toBe(PARTS.kid);
  });
});
