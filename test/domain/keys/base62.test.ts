import fc from 'fast-check';
import { expect, test } from 'vitest';
import { base62, base62OfBytes } from '../../../src/domain/keys/base62.ts';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The number that a base62 text stands for. */
function numberOf(text: string): bigint {
  return [...text].reduce((value, character) => value * 62n + BigInt(ALPHABET.indexOf(character)), 0n);
}

test.each([
  [0n, 1, '0'],
  [61n, 1, 'z'],
  [62n, 2, '10'],
  [35n, 3, '00Z'],
  [36n, 3, '00a'],
  [2n ** 32n - 1n, 6, '4gfFC3'],
])('%d in %d characters is %s', (value, width, text) => {
  expect(base62(value, width)).toBe(text);
});

test('what does not fit is refused, not cut', () => {
  expect(() => base62(62n, 1)).toThrow(RangeError);
  expect(() => base62OfBytes(new Uint8Array(32).fill(255), 42)).toThrow(RangeError);
});

test('43 characters hold any 32 bytes, and no two alike', () => {
  const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const check = (some: Uint8Array): void => {
    const text = base62OfBytes(some, 43);
    expect(text).toMatch(/^[0-9A-Za-z]{43}$/);
    expect(numberOf(text).toString(16).padStart(64, '0')).toBe(Buffer.from(some).toString('hex'));
  };
  fc.assert(fc.property(bytes, check), { numRuns: 300 });
});

test('a larger number is a later text', () => {
  const number = fc.bigInt({ min: 0n, max: 62n ** 12n - 1n });
  const check = (a: bigint, b: bigint): boolean => a < b === base62(a, 12) < base62(b, 12);
  fc.assert(fc.property(number, number, check), { numRuns: 300 });
});
