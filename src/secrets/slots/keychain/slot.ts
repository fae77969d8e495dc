import type { SlotRecord, SlotRole } from '../../../domain/ports/secrets.ts';
import type { Random } from '../../../domain/ports/system.ts';
import { KEY_SIZE } from '../../keys.ts';
import { damagedSlot, headerFields, headerLine } from '../header.ts';
import type { SlotMeans } from '../slot.ts';
import type { KeychainEntries } from './entries.ts';
import { SERVICE } from './protocol.ts';

const PATTERN = new RegExp(`^service=${SERVICE} account=([0-9A-Za-z]{22})$`);

export function keychainHeader(role: SlotRole, account: string): string {
  return headerLine('keychain', role, `service=${SERVICE} account=${account}`);
}

/** The account of the slot's entry; throws `slot_damaged` for a line that `keychainHeader` doesn't make. */
export function parseKeychainHeader(slot: SlotRecord): string {
  return headerFields(slot, PATTERN)[0] ?? '';
}

/** Slots opened by a 32-byte entry in the OS keychain; only that small key is there, not every secret. */
export function keychainMeans(entries: KeychainEntries, random: Random): SlotMeans {
  const fresh = async (role: SlotRole) => {
    const key = random(KEY_SIZE);
    return { header: keychainHeader(role, await entries.write(key)), key };
  };

  return {
    make: ({ role }) => fresh(role),
    unlock: (slot) => entries.read(parseKeychainHeader(slot)),
    renew: (slot) => fresh(slot.role),
    async settle(old, current) {
      const account = parseKeychainHeader(old);
      if (account !== parseKeychainHeader(current)) await entries.remove(account);
    },
    discard: (slot) => entries.remove(parseKeychainHeader(slot)),
    refused: (slot) => damagedSlot(slot, 'the key in the OS keychain does not open it'),
  };
}
