import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { keyId, kidOfId, looksLikeId, newId, newKid } from '../../src/domain/ids.ts';
import type { Random } from '../../src/domain/ports/system.ts';
import token from '../vectors/token.json' with { type: 'json' };

const LIMIT = 62n ** 12n;

/** Gives these numbers one after the other, as nine bytes. */
function dealing(...values: readonly bigint[]): Random & { readonly left: bigint[] } {
  const left = [...values];
  const deal = (size: number): Uint8Array => {
    const value = left.shift();
    if (value === undefined) throw new Error('nothing is left to deal');
    return Buffer.from(value.toString(16).padStart(2 * size, '0'), 'hex');
  };
  return Object.assign(deal, { left });
}

test.each(token.tokens)('nine bytes make the kid $kid', ({ kid, kidBytes }) => {
  expect(newKid(dealing(BigInt(`0x${kidBytes}`)))).toBe(kid);
});

test('a draw above the range is drawn again, so that no kid is likelier than another', () => {
  const random = dealing(LIMIT, (1n << 72n) - 1n, LIMIT - 1n, 1n);
  expect(newKid(random)).toBe('zzzzzzzzzzzz');
  expect(newKid(random)).toBe('000000000001');
  expect(random.left).toEqual([]);
});

test('100 000 kids are all different and of the same width', () => {
  const kids = new Set(Array.from({ length: 100_000 }, () => newKid(randomBytes)));
  expect(kids.size).toBe(100_000);
  expect([...kids].every((kid) => /^[0-9A-Za-z]{12}$/.test(kid))).toBe(true);
});

test('every character comes up about equally often in every place', () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 31_000; i++) {
    for (const [place, character] of [...newKid(randomBytes)].entries()) {
      counts.set(`${place}${character}`, (counts.get(`${place}${character}`) ?? 0) + 1);
    }
  }
  // 500 expected of each; 300 away is 13 standard deviations.
  expect(counts.size).toBe(12 * 62);
  expect([...counts.values()].every((count) => Math.abs(count - 500) < 300)).toBe(true);
});

test('ids carry what they are of', () => {
  expect(newId('ws', dealing(1n))).toBe('ws_000000000001');
  expect(newId('slot', dealing(1n))).toBe('slot_000000000001');
  expect(newId('store', dealing(1n))).toBe('store_000000000001');
  expect(kidOfId(keyId('0123456789Ab'))).toBe('0123456789Ab');
});

test.each([
  '',
  'key_',
  'key_0123456789A',
  'key_0123456789Abc',
  'KEY_0123456789Ab',
  'ws_0123456789Ab',
  ' key_0123456789Ab',
  'key_0123456789Ab\n',
  'key_0123456789-b',
  'key___proto__000',
])('%j is no id of a key', (text) => {
  expect(kidOfId(text)).toBeUndefined();
});

test.each([
  ['key_0123456789Ab', true],
  ['grant_0123456789Ab', true],
  ['app_0123456789Ab', true],
  ['billing', false],
  ['key_billing', false],
  ['key_0123456789Ab-copy', false],
])('%s looks like an id: %s', (text, expected) => {
  expect(looksLikeId(text)).toBe(expected);
});
