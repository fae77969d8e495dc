import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDigest } from '../../../src/domain/import/digest.ts';

const SIZES = [32, 64];
const bare = (text: string) => text.replace(/=+$/, '');

test('hex in either case, base64 and base64url, with padding or without, come back as they were', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SIZES), fc.infiniteStream(fc.nat(255)), (size, stream) => {
      const bytes = Buffer.from([...stream.take(size)]);
      const url = bytes.toString('base64url');
      const base64 = bytes.toString('base64');
      const padded = url.padEnd(base64.length, '=');
      for (const text of [
        bytes.toString('hex'),
        bytes.toString('hex').toUpperCase(),
        base64,
        bare(base64),
        url,
        padded,
      ])
        expect(Buffer.from(parseDigest(text, size) ?? [])).toEqual(bytes);
    }),
  );
});

describe.each(SIZES)('%i bytes', (size) => {
  const bytes = Buffer.alloc(size, 0xfb); // both of + and / in base64
  const base64 = bytes.toString('base64');
  test.each([
    '',
    bytes.toString('hex').slice(1),
    `${bytes.toString('hex')}0`,
    `g${bytes.toString('hex').slice(1)}`,
    ` ${bytes.toString('hex').slice(1)}`,
    base64.slice(1),
    `${base64}=`,
    `${bare(base64)}A`,
    `${base64.slice(0, 4)} ${base64.slice(4)}`,
    // Both alphabets in one text, and bits beyond the last byte.
    `-${base64.slice(1, 8).replace('+', '-')}${base64.slice(8)}`,
    `${bare(base64).slice(0, -1)}9`,
    randomBytes(size - 1).toString('base64'),
    randomBytes(size + 1).toString('base64'),
    randomBytes(size + 1).toString('hex'),
  ])('refuses %s', (text) => {
    expect(parseDigest(text, size)).toBeUndefined();
  });
});
