import { createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { framed, openBytes, sealBytes } from '../../src/secrets/aead.ts';
import { bitFlips, otherLengths } from './fixture.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** AES-256 test cases 13, 14 and 16 of McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B. */
const PUBLISHED = [
  {
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    plain: '',
    aad: '',
    cipher: '',
    tag: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    key: '00'.repeat(32),
    nonce: '00'.repeat(12),
    plain: '00'.repeat(16),
    aad: '',
    cipher: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    key: 'feffe9928665731c6d6a8f9467308308'.repeat(2),
    nonce: 'cafebabefacedbaddecaf888',
    plain:
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    aad: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
    cipher:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
];

describe('published vectors', () => {
  test.each(PUBLISHED)('AES-256-GCM $tag', ({ key, nonce, plain, aad, cipher, tag }) => {
    const secret = createSecretKey(hex(key));
    const sealed = hex(nonce + cipher + tag);
    expect(sealBytes(secret, hex(plain), hex(aad), () => hex(nonce))).toEqual(sealed);
    expect(openBytes(secret, sealed, hex(aad))).toEqual(hex(plain));
  });
});

type Open = (key: KeyObject, sealed: Uint8Array, context: Uint8Array) => Buffer | undefined;

/** What would be wrong: the tag's length is taken from what is there. */
const withoutTagLength: Open = (key, sealed, context) => {
  const tag = sealed.subarray(12 + PLAIN.length);
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
    decipher.setAAD(context).setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed.subarray(12, 12 + PLAIN.length)), decipher.final()]);
  } catch {
    return undefined;
  }
};

/** What would be wrong: plaintext is handed out before the tag is checked. */
const withoutFinal: Open = (key, sealed, context) => {
  if (sealed.length < 28) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(context).setAuthTag(sealed.subarray(-16));
  return decipher.update(sealed.subarray(12, -16));
};

const PLAIN = Buffer.from('canary-3f9a');

/** Which manipulations of a sealed text `open` takes. */
function taken(open: Open): string[] {
  const key = createSecretKey(randomBytes(32));
  const context = Buffer.from('context');
  const sealed = sealBytes(key, PLAIN, context, randomBytes);
  const accepted: string[] = [];
  const note = (what: string, opened: Buffer | undefined): void => {
    if (opened) accepted.push(what);
  };
  for (const changed of bitFlips(sealed)) note('flipped bit', open(key, changed, context));
  for (const changed of otherLengths(sealed))
    note(`${changed.length - sealed.length} bytes`, open(key, changed, context));
  for (const changed of bitFlips(context)) note('other context', open(key, sealed, changed));
  for (const changed of bitFlips(key.export()))
    note('other key', open(createSecretKey(changed), sealed, context));
  return [...new Set(accepted)];
}

test('nothing that was changed in any bit or length opens', () => {
  expect(taken(openBytes)).toEqual([]);
});

test('the check above sees a missing tag length and an early plaintext', () => {
  expect(taken(withoutTagLength)).toEqual(expect.arrayContaining(['-12 bytes', '-8 bytes', '-4 bytes']));
  expect(taken(withoutFinal)).toContain('flipped bit');
});

test('what is sealed opens again, and never twice to the same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.uint8Array({ maxLength: 50 }), (plain, context) => {
      const key = createSecretKey(randomBytes(32));
      const sealed = sealBytes(key, plain, context, randomBytes);
      expect(openBytes(key, sealed, context)).toEqual(Buffer.from(plain));
      expect(sealBytes(key, plain, context, randomBytes)).not.toEqual(sealed);
    }),
  );
});

test('framed lists are equal only when the lists are', () => {
  const list = fc.array(fc.string({ maxLength: 5 }), { maxLength: 4 });
  fc.assert(
    fc.property(list, list, (one, other) => {
      expect(framed(...one).equals(framed(...other))).toBe(JSON.stringify(one) === JSON.stringify(other));
    }),
  );
  expect(framed('ab', 'c')).not.toEqual(framed('a', 'bc'));
});
