import type { KeyObject } from 'node:crypto';
import type { OperatorAccess, SealedPepper, SlotRecord, SlotRequest } from '../domain/ports/secrets.ts';
import type { Random } from '../domain/ports/system.ts';
import { auditSealer } from './auditor.ts';
import { newest, tokenHasher } from './hasher.ts';
import { type OperatorKeys, operatorKeys } from './keys.ts';
import { newPepper, openPeppers, type Peppers, sealPepper } from './pepper.ts';
import { openRecord, sealRecord } from './seal.ts';

/** What an access is built from. */
export interface Opened {
  readonly storeId: string;
  /** The slot that opened it; of a new store, undefined until its first slot is made. */
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
      if (!slot) throw new Error('a new store has no slot before its first is made');
      return slot;
    },
    hasher: tokenHasher(peppers),
    audit: auditSealer(keys),
    seal: (plaintext, place) => sealRecord(keys.seal, plaintext, place, storeId, random),
    open: (record) => openRecord(keys.seal, record, storeId),
    async addSlot(request) {
      const made = await means.makeSlot(request, keys, storeId);
      slot ??= made;
      return made;
    },
    newPepper: (now) =>
      sealPepper(
        keys.pepper,
        newPepper(random),
        { number: newest(peppers) + 1, storeId, createdAt: now },
        random,
      ),
    rekey(from, now) {
      const next = operatorKeys(means.newRoot(), storeId);
      const carried = new Map(openPeppers(keys.pepper, from.peppers, storeId));
      const added = newest(carried) + 1;
      carried.set(added, newPepper(random));
      const createdAt = new Map(from.peppers.map((pepper) => [pepper.number, pepper.createdAt]));
      const sealPepperAgain = ([number, pepper]: [number, KeyObject]): SealedPepper =>
        sealPepper(next.pepper, pepper, { number, storeId, createdAt: createdAt.get(number) ?? now }, random);
      return {
        access: operatorAccess({ storeId, slot, keys: next, peppers: carried }, means),
        peppers: [...carried].map(sealPepperAgain),
        sealed: from.sealed.map((record) =>
          sealRecord(next.seal, openRecord(keys.seal, record, storeId), record, storeId, random),
        ),
      };
    },
  };
  means.remember(access, keys);
  return access;
}
