import { createHmac } from 'node:crypto';
import type { OperatorAccess, SealedPepper } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';

/** The HMAC key that came with digests. */
export interface HmacKey {
  readonly number: number;
  /** To be stored; undefined when the store has this key already. */
  readonly sealed: SealedPepper | undefined;
  /** The digest under it of the empty token. */
  readonly ofNothing: Uint8Array;
}

/**
 * Gives the key its number in this store. One that came with an earlier import is recognised, so that each is kept,
 * and looked under, once. Nothing is stored yet. Throws `bad_secret_input` for a key of no byte or too many.
 */
export async function hmacKeyIn(
  store: Readers,
  access: OperatorAccess,
  key: Uint8Array,
  now: number,
): Promise<HmacKey> {
  const ofNothing = createHmac('sha256', key).digest();
  const known = (await store.slots.peppers()).find(({ number, kind }) => {
    const digest = kind === 'imported' ? access.hasher.imported(number, '') : undefined;
    return digest !== undefined && Buffer.compare(digest, ofNothing) === 0;
  });
  if (known !== undefined) return { number: known.number, sealed: undefined, ofNothing };
  const sealed = access.sealImported(key, now);
  return { number: sealed.number, sealed, ofNothing };
}
