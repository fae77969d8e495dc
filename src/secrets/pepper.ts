import { createSecretKey, type KeyObject } from 'node:crypto';
import type { SealedPepper } from '../domain/ports/secrets.ts';
import type { Random } from '../domain/ports/system.ts';
import { Failure, PROGRAM } from '../errors.ts';
import { framed, openBytes, sealBytes } from './aead.ts';
import { KEY_SIZE } from './keys.ts';

/** Keys by number. */
type NumberedKeys = ReadonlyMap<number, KeyObject>;

/** What tokens are hashed under: our own peppers, and HMAC keys that came with imported verifiers. One sequence. */
export interface Peppers {
  readonly pepper: NumberedKeys;
  readonly imported: NumberedKeys;
}

/** Where a sealed one belongs. */
export type PepperPlace = Pick<SealedPepper, 'number' | 'kind' | 'createdAt'> & { readonly storeId: string };

/** Most bytes of an imported HMAC key; those of SHA-256 use 64 (RFC 2104 section 3). */
export const LONGEST_IMPORTED = 1024;

/** A label for each kind, so that one can't be put in the other's place. */
const LABELS = { pepper: 'keywright/v1/pepper', imported: 'keywright/v1/imported' } as const;

/** A fresh pepper. */
export function newPepper(random: Random): KeyObject {
  return createSecretKey(random(KEY_SIZE));
}

/** The number after the highest of both kinds. */
export function nextNumber({ pepper, imported }: Peppers): number {
  return Math.max(...pepper.keys(), ...imported.keys()) + 1;
}

/** Seals a pepper or an imported key under the pepper key (AES-256-GCM), bound to its kind, number and store. */
export function sealPepper(
  pepperKey: KeyObject,
  key: KeyObject,
  at: PepperPlace,
  random: Random,
): SealedPepper {
  const { number, kind, createdAt, storeId } = at;
  const sealed = sealBytes(pepperKey, key.export(), contextOf(kind, number, storeId), random);
  return { number, kind, sealed, createdAt };
}

/**
 * Opens all peppers and imported keys of a store; throws `slot_damaged` when one doesn't open, a number
 * comes twice, or there is no pepper.
 */
export function openPeppers(pepperKey: KeyObject, sealed: readonly SealedPepper[], storeId: string): Peppers {
  const opened = { pepper: new Map<number, KeyObject>(), imported: new Map<number, KeyObject>() };
  for (const { number, kind, sealed: bytes } of sealed) {
    const known = Object.hasOwn(LABELS, kind);
    const key = known ? openBytes(pepperKey, bytes, contextOf(kind, number, storeId)) : undefined;
    const taken = opened.pepper.has(number) || opened.imported.has(number);
    if (key === undefined || taken || !fits(kind, key.length))
      throw damaged(`pepper ${number} of the store does not pass its check`);
    opened[kind].set(number, createSecretKey(key));
    key.fill(0);
  }
  if (opened.pepper.size === 0) throw damaged('the store has no pepper, so no key can be verified');
  return opened;
}

/** Is this a size that a key of this kind has, bytes? */
export function fits(kind: SealedPepper['kind'], size: number): boolean {
  return kind === 'pepper' ? size === KEY_SIZE : size >= 1 && size <= LONGEST_IMPORTED;
}

function contextOf(kind: SealedPepper['kind'], number: number, storeId: string): Buffer {
  return framed(LABELS[kind], storeId, String(number));
}

function damaged(message: string): Failure {
  return new Failure('slot_damaged', message, { hint: `${PROGRAM} doctor` });
}
