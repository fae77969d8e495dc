import type { SlotKind, SlotRecord, SlotRole } from '../../domain/ports/secrets.ts';
import { Failure, PROGRAM } from '../../errors.ts';

/** The first words of every slot header; the rest belongs to the kind. */
export function headerLine(kind: SlotKind, role: SlotRole, rest: string): string {
  return `keywright-slot/1 ${kind} ${role} ${rest}`;
}

/**
 * The groups of `pattern` in the kind's part of the header. Throws `slot_damaged` when the line is not
 * exactly one that `headerLine` makes for this slot. Patterns have no room for two spellings of one
 * value (numbers as `NUMBER`), so that a header that parses is also canonical.
 */
export function headerFields(
  slot: Pick<SlotRecord, 'name' | 'kind' | 'role' | 'header'>,
  pattern: RegExp,
): string[] {
  const start = headerLine(slot.kind, slot.role, '');
  const fields = slot.header.startsWith(start) ? pattern.exec(slot.header.slice(start.length)) : null;
  if (!fields) throw damagedSlot(slot, 'its header does not parse');
  return fields.slice(1);
}

/** A decimal number without sign or leading zero, of at most ten digits, for use in a pattern. */
export const NUMBER = '(0|[1-9][0-9]{0,9})';

/** Bytes of base64url without padding; undefined unless they are exactly `size` and spelled canonically. */
export function base64urlBytes(text: string, size: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === size && bytes.toString('base64url') === text ? bytes : undefined;
}

/** The failure for a slot whose stored line or wrapped key is not what was stored. */
export function damagedSlot(slot: Pick<SlotRecord, 'name'>, why: string): Failure {
  return new Failure('slot_damaged', `slot ${slot.name} is damaged: ${why}`, {
    hint: `use another slot with --slot NAME (${PROGRAM} slots list), or put a copy of the store back`,
  });
}
