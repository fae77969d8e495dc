import { createSecretKey, type KeyObject } from 'node:crypto';
import type { OperatorAccess, SealedPepper, SlotRecord, SlotRequest } from '../domain/ports/secrets.ts';
import type { Random } from '../domain/ports/system.ts';
import { Secret } from '../domain/secret.ts';
import { Failure } from '../errors.ts';
import { auditSealer } from './auditor.ts';
import { tokenHasher } from './hasher.ts';
import { type OperatorKeys, operatorKeys } from './keys.ts';
import {
  fits,
  LONGEST_IMPORTED,
  newPepper,
  nextNumber,
  openPeppers,
  type Peppers,
  sealPepper,
} from './pepper.ts';
import { openRecord, sealRecord } from './seal.ts';

/** What an access is built from. */
export interface Opened {
  readonly storeId: string;
  /** The slot that opened it; of a new or restored store, undefined until its first operator slot is made. */
  readonly slot: SlotRecord | undefined;
  readonly keys: OperatorKeys;
  readonly peppers: Peppers;
}

/** What an access needs beside its keys. */
export interface AccessMeans {
  readonly random: Random;
  /** 32 fresh random bytes as a key. */
  newRoot(): KeyObject;
  makeSlot(request: SlotRequest, keys: OperatorKeys, storeId: string): Promise<SlotRecord>;
  /** Notes which keys the access stands for, so that slots can be wrapped for it. */
  remember(access: OperatorAccess, keys: OperatorKeys): void;
}

/** The access of an operator. Its keys are reachable by nothing but these functions. */
export function operatorAccess(opened: Opened, means: AccessMeans): OperatorAccess {
  const { storeId, keys, peppers } = opened;
  const { random } = means;
  let slot = opened.slot;
  const access: OperatorAccess = {
    get slot() {
      if (!slot) throw new Error('no slot opened this store, and none was made yet');
      return slot;
    },
    hasher: tokenHasher(peppers),
    audit: auditSealer(keys),
    seal: (plaintext, place) => sealRecord(keys.seal, plaintext, place, storeId, random),
    open: (record) => openRecord(keys.seal, record, storeId),
    async addSlot(request) {
      const made = await means.makeSlot(request, keys, storeId);
      if (made.role === 'operator') slot ??= made;
      return made;
    },
    sealImported: (key, now) => sealImported(opened, key, now, random),
    exportRoot: () => new Secret(keys.root.export().toString('base64')),
    rekey(from, now) {
      const next = operatorKeys(means.newRoot(), storeId);
      const peppers = withNewPepper(openPeppers(keys.pepper, from.peppers, storeId), random);
      const createdAt = new Map(from.peppers.map((pepper) => [pepper.number, pepper.createdAt]));
      const sealAll = (kind: SealedPepper['kind']): SealedPepper[] =>
        [...peppers[kind]].map(([number, key]) => {
          const at = { number, kind, storeId, createdAt: createdAt.get(number) ?? now };
          return sealPepper(next.pepper, key, at, random);
        });
      return {
        access: operatorAccess({ storeId, slot, keys: next, peppers }, means),
        peppers: [...sealAll('pepper'), ...sealAll('imported')].sort((a, b) => a.number - b.number),
        sealed: from.sealed.map((record) =>
          sealRecord(next.seal, openRecord(keys.seal, record, storeId), record, storeId, random),
        ),
      };
    },
  };
  means.remember(access, keys);
  return access;
}

/** All that there are, and a new pepper, which is what new hashes are made under. */
function withNewPepper(peppers: Peppers, random: Random): Peppers {
  const added = [nextNumber(peppers), newPepper(random)] as const;
  return { ...peppers, pepper: new Map([...peppers.pepper, added]) };
}

function sealImported(
  { storeId, keys, peppers }: Opened,
  key: Uint8Array,
  now: number,
  random: Random,
): SealedPepper {
  if (!fits('imported', key.length)) {
    throw new Failure('bad_secret_input', `an HMAC key has 1 to ${LONGEST_IMPORTED} bytes`);
  }
  const at = { number: nextNumber(peppers), kind: 'imported', storeId, createdAt: now } as const;
  return sealPepper(keys.pepper, createSecretKey(key), at, random);
}
