import type { AnchorMark } from '../domain/ports/system.ts';

/** One slot per disk sector, so that a torn write never touches the other one. */
export const SLOT_SIZE = 512;

const MAGIC = Buffer.from('kwanchr1');
const ID_AT = 8;
const ID_SIZE = 40; // one byte of length, then the id
const SEQ_AT = ID_AT + ID_SIZE;
const HEAD_AT = SEQ_AT + 8;
const MAC_AT = HEAD_AT + 32;
const CHECKSUM_AT = MAC_AT + 32;
const NO_MAC = Buffer.alloc(32);

/** A readable slot. */
export interface AnchorSlot {
  readonly mark: AnchorMark;
  /** What the MAC is over. */
  readonly body: Uint8Array;
  /** Undefined for a mark that was written while the store was locked. */
  readonly mac: Uint8Array | undefined;
}

/**
 * Layout: magic (8 bytes), store id (length, then 39), seq (64 bit, big-endian), head (32), MAC over all of that
 * (32, zeros when the store was locked), a checksum of everything before (4), zeros.
 */
export function encodeSlot(mark: AnchorMark, mac?: (body: Uint8Array) => Uint8Array): Buffer {
  const id = Buffer.from(mark.storeId, 'latin1');
  if (id.length >= ID_SIZE || mark.head.length !== 32)
    throw new RangeError('the mark does not fit an anchor slot');
  const slot = Buffer.alloc(SLOT_SIZE);
  MAGIC.copy(slot);
  slot[ID_AT] = id.length;
  id.copy(slot, ID_AT + 1);
  slot.writeBigUInt64BE(BigInt(mark.seq), SEQ_AT);
  slot.set(mark.head, HEAD_AT);
  if (mac !== undefined) slot.set(mac(slot.subarray(0, MAC_AT)), MAC_AT);
  slot.writeUInt32BE(checksum(slot), CHECKSUM_AT);
  return slot;
}

/** Undefined for an empty or torn slot; `foreign` for bytes that this program never wrote. */
export function decodeSlot(slot: Buffer): AnchorSlot | undefined | 'foreign' {
  const magic = slot.subarray(0, MAGIC.length);
  if (!magic.equals(MAGIC)) return magic.every((byte) => byte === 0) ? undefined : 'foreign';
  if (checksum(slot) !== slot.readUInt32BE(CHECKSUM_AT)) return undefined;
  const mac = slot.subarray(MAC_AT, MAC_AT + 32);
  const idLength = slot[ID_AT] ?? 0;
  return {
    mark: {
      storeId: slot.toString('latin1', ID_AT + 1, ID_AT + 1 + Math.min(idLength, ID_SIZE - 1)),
      seq: Number(slot.readBigUInt64BE(SEQ_AT)),
      head: Uint8Array.from(slot.subarray(HEAD_AT, HEAD_AT + 32)),
    },
    body: Uint8Array.from(slot.subarray(0, MAC_AT)),
    mac: mac.equals(NO_MAC) ? undefined : Uint8Array.from(mac),
  };
}

/**
 * FNV-1a, 32 bits: it tells a torn write from a whole one, no more; the MAC is for edits. Every command
 * reads the anchor, and loading SHA-256 for that would cost it 5 ms.
 */
function checksum(slot: Buffer): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < CHECKSUM_AT; at++) hash = Math.imul(hash ^ (slot[at] as number), 0x01000193);
  return hash >>> 0;
}
