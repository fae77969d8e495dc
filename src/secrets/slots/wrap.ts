import { createSecretKey, type KeyObject } from 'node:crypto';
import type { SlotRecord } from '../../domain/ports/secrets.ts';
import type { Random } from '../../domain/ports/system.ts';
import { framed, openBytes, SEAL_OVERHEAD, sealBytes } from '../aead.ts';
import { derive, KEY_SIZE } from '../keys.ts';

type Bound = Pick<SlotRecord, 'id' | 'role' | 'header'>;

/** Wraps a key for a slot: nonce, ciphertext, tag (60 bytes), bound to header, store, slot and role. */
export function wrapKey(
  wrapping: Uint8Array,
  key: KeyObject,
  slot: Bound,
  storeId: string,
  random: Random,
): Buffer {
  return sealBytes(
    derive(wrapping, storeId, 'keywright/v1/slot'),
    key.export(),
    contextOf(slot, storeId),
    random,
  );
}

/** The wrapped key; undefined when wrapping key, header, store, slot, role or wrapped bytes differ. */
export function unwrapKey(wrapping: Uint8Array, slot: SlotRecord, storeId: string): KeyObject | undefined {
  if (slot.wrapped.length !== KEY_SIZE + SEAL_OVERHEAD) return undefined;
  const key = openBytes(
    derive(wrapping, storeId, 'keywright/v1/slot'),
    slot.wrapped,
    contextOf(slot, storeId),
  );
  if (!key) return undefined;
  const unwrapped = createSecretKey(key);
  key.fill(0);
  return unwrapped;
}

function contextOf(slot: Bound, storeId: string): Buffer {
  return framed('keywright/v1/slot', slot.header, storeId, slot.id, slot.role);
}
