import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { derive, operatorKeys } from '../../src/secrets/keys.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** RFC 5869 appendix A, test cases 1 to 3. */
const PUBLISHED = [
  {
    ikm: '0b'.repeat(22),
    salt: '000102030405060708090a0b0c',
    info: 'f0f1f2f3f4f5f6f7f8f9',
    okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    ikm: Buffer.from(Array.from({ length: 80 }, (_, i) => i)).toString('hex'),
    salt: Buffer.from(Array.from({ length: 80 }, (_, i) => 0x60 + i)).toString('hex'),
    info: Buffer.from(Array.from({ length: 80 }, (_, i) => 0xb0 + i)).toString('hex'),
    okm: 'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  },
  {
    ikm: '0b'.repeat(22),
    salt: '',
    info: '',
    okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
];

describe('HKDF-SHA-256', () => {
  test.each(PUBLISHED)('RFC 5869 $okm', ({ ikm, salt, info, okm }) => {
    const made = hkdfSync('sha256', hex(ikm), hex(salt), hex(info), okm.length / 2);
    expect(Buffer.from(made).toString('hex')).toBe(okm);
  });

  test('derive is extract and expand as RFC 5869 section 2 writes them', () => {
    const root = Buffer.alloc(32, 7);
    const prk = createHmac('sha256', 'store_1').update(root).digest();
    const okm = createHmac('sha256', prk).update('keywright/v1/record\0key_1').update(Buffer.of(1)).digest();
    expect(derive(root, 'store_1', 'keywright/v1/record', 'key_1').export()).toEqual(okm);
    expect(derive(createSecretKey(root), 'store_1', 'keywright/v1/record', 'key_1').export()).toEqual(okm);
  });
});

test('all keys under a root differ, and differ between stores', () => {
  const root = createSecretKey(Buffer.alloc(32, 1));
  const all = ['store_1', 'store_2'].flatMap((store) => {
    const { root: _, ...derived } = operatorKeys(root, store);
    return Object.values(derived).map((key) => key.export().toString('hex'));
  });
  expect(new Set(all).size).toBe(10);
});
