import { createSecretKey, type KeyObject } from 'node:crypto';
import type { SealedPepper } from '../domain/ports/secrets.ts';
import type { Random } from '../domain/ports/system.ts';
import { Failure, PROGRAM } from '../errors.ts';
import { framed, openBytes, sealBytes } from './aead.ts';
import { KEY_SIZE } from './keys.ts';

/** Peppers by number. */
export type Peppers = ReadonlyMap<number, KeyObject>;

/** A fresh pepper. */
export function newPepper(random: Random): KeyObject {
  return createSecretKey(random(KEY_SIZE));
}

/** Seals a pepper under the pepper key (AES-256-GCM), bound to its number and store. */
export function sealPepper(
  pepperKey: KeyObject,
  pepper: KeyObject,
  at: { number: number; storeId: string; createdAt: number },
  random: Random,
): SealedPepper {
  const sealed = sealBytes(pepperKey, pepper.export(), contextOf(at.number, at.storeId), random);
  return { number: at.number, sealed, createdAt: at.createdAt };
}

/** Opens all peppers of a store; throws `slot_damaged` when one doesn't open, comes twice, or there is none. */
export function openPeppers(pepperKey: KeyObject, sealed: readonly SealedPepper[], storeId: string): Peppers {
  const peppers = new Map<number, KeyObject>();
  for (const { number, sealed: bytes } of sealed) {
    const pepper = openBytes(pepperKey, bytes, contextOf(number, storeId));
    if (pepper?.length !== KEY_SIZE || peppers.has(number)) {
      throw damaged(`pepper ${number} of the store does not pass its check`);
    }
    peppers.set(number, createSecretKey(pepper));
    pepper.fill(0);
  }
  if (peppers.size === 0) throw damaged('the store has no pepper, so no key can be verified');
  return peppers;
}

function contextOf(number: number, storeId: string): Buffer {
  return framed('keywright/v1/pepper', storeId, String(number));
}

function damaged(message: string): Failure {
  return new Failure('slot_damaged', message, { hint: `${PROGRAM} doctor` });
}
