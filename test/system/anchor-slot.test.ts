import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { decodeSlot, encodeSlot, SLOT_SIZE } from '../../src/system/anchor-slot.ts';
import frozen from '../vectors/anchor-v1.json' with { type: 'json' };

const mark = {
  storeId: frozen.store_id,
  seq: frozen.seq,
  head: Uint8Array.from(Buffer.from(frozen.head, 'hex')),
};
const mac = (body: Uint8Array): Uint8Array => createHmac('sha256', frozen.key).update(body).digest();
const slotOf = (start: string): Buffer => {
  const slot = Buffer.alloc(SLOT_SIZE);
  Buffer.from(start, 'base64').copy(slot);
  return slot;
};

test('the frozen slots are read, and written as they were (case 62)', () => {
  const [sealed, unsealed] = [slotOf(frozen.sealed), slotOf(frozen.unsealed)];
  const read = decodeSlot(sealed);
  if (read === undefined || read === 'foreign') throw new Error('the frozen slot is not read');
  expect(read.mark).toEqual(mark);
  expect(Buffer.from(read.mac ?? [])).toEqual(Buffer.from(mac(read.body)));
  expect(decodeSlot(unsealed)).toMatchObject({ mark, mac: undefined });
  expect(encodeSlot(mark, mac)).toEqual(sealed);
  expect(encodeSlot(mark)).toEqual(unsealed);
});

test('a slot with any bit flipped is torn or foreign, never another mark', () => {
  const slot = slotOf(frozen.sealed);
  for (let bit = 0; bit < 160 * 8; bit++) {
    const flipped = Buffer.from(slot);
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const read = decodeSlot(flipped);
    if (read !== undefined && read !== 'foreign') expect(read.mark).toEqual(mark);
  }
});
