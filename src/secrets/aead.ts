import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import type { Random } from '../domain/ports/system.ts';

const CIPHER = 'aes-256-gcm';
const NONCE = 12;
const TAG = 16;
/** Bytes that sealing adds. */
export const SEAL_OVERHEAD = NONCE + TAG;

/**
 * Several texts or byte strings as one, each after its length (32 bit, big-endian), so that no two
 * different lists give the same bytes.
 */
export function framed(...parts: readonly (string | Uint8Array)[]): Buffer {
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part, 'utf8') : part;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    pieces.push(length, bytes);
  }
  return Buffer.concat(pieces);
}

/** AES-256-GCM (NIST SP 800-38D) with a fresh 96-bit nonce: nonce ‖ ciphertext ‖ 16-byte tag. */
export function sealBytes(
  key: KeyObject,
  plaintext: Uint8Array,
  context: Uint8Array,
  random: Random,
): Buffer {
  const nonce = random(NONCE);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG });
  cipher.setAAD(context);
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

/**
 * What `sealBytes` sealed; undefined when a bit of key, context or sealed bytes differs. Node hands
 * out plaintext before the tag is checked, so nothing leaves here before `final()` has passed; without
 * `authTagLength` it would take a tag cut to 4 bytes.
 */
export function openBytes(key: KeyObject, sealed: Uint8Array, context: Uint8Array): Buffer | undefined {
  if (sealed.length < SEAL_OVERHEAD) return undefined;
  const end = sealed.length - TAG;
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE), { authTagLength: TAG });
  decipher.setAAD(context);
  decipher.setAuthTag(sealed.subarray(end));
  const start = decipher.update(sealed.subarray(NONCE, end));
  try {
    return Buffer.concat([start, decipher.final()]);
  } catch {
    start.fill(0);
    return undefined;
  }
}
