import type { SlotRecord, SlotRole } from '../../../domain/ports/secrets.ts';
import { base64urlBytes, damagedSlot, headerFields, headerLine, NUMBER } from '../header.ts';

/** What argon2id (RFC 9106) works with. */
export interface Argon2Settings {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly lanes: number;
  /** 16 bytes. */
  readonly salt: Buffer;
}

/** RFC 9106 section 4, second recommendation: 64 MiB, t=3, p=4, 128-bit salt. */
export const RECOMMENDED = { memory: 64 * 1024, passes: 3, lanes: 4 } as const;
export const SALT_SIZE = 16;
/** Above these a stored header is an attack on memory or patience, not a setting: 1 GiB, 16, 16. */
const MOST = { memory: 1024 * 1024, passes: 16, lanes: 16 } as const;

const PATTERN = new RegExp(`^argon2id v=19 m=${NUMBER},t=${NUMBER},p=${NUMBER} salt=([A-Za-z0-9_-]{22})$`);

export function passphraseHeader(role: SlotRole, { memory, passes, lanes, salt }: Argon2Settings): string {
  const text = salt.toString('base64url');
  return headerLine('passphrase', role, `argon2id v=19 m=${memory},t=${passes},p=${lanes} salt=${text}`);
}

/** Throws `slot_damaged` for a line that `passphraseHeader` doesn't make and for costs beyond the limits. */
export function parsePassphraseHeader(
  slot: Pick<SlotRecord, 'name' | 'kind' | 'role' | 'header'>,
): Argon2Settings {
  const [m, t, p, saltText] = headerFields(slot, PATTERN);
  const [memory, passes, lanes] = [Number(m), Number(t), Number(p)];
  const salt = base64urlBytes(saltText ?? '', SALT_SIZE);
  if (!salt) throw damagedSlot(slot, 'its header does not parse');
  if (lanes < 1 || passes < 1 || memory < 8 * lanes) throw damagedSlot(slot, 'its argon2 costs are too low');
  if (memory > MOST.memory || passes > MOST.passes || lanes > MOST.lanes) {
    throw damagedSlot(slot, 'its argon2 costs are above 1 GiB, 16 passes or 16 lanes');
  }
  return { memory, passes, lanes, salt };
}
