import { base62OfBytes } from '../../../domain/keys/base62.ts';
import type { Random } from '../../../domain/ports/system.ts';
import { KEY_SIZE } from '../../keys.ts';
import { call, type KeychainSetup, Patience } from './call.ts';
import { KeychainFailure } from './trouble.ts';

/** 32-byte entries in the OS keychain. An entry never changes: a new key gets a new account. */
export interface KeychainEntries {
  /** Throws `keychain_entry_missing` only when the keychain is open and has no such entry. */
  read(account: string): Promise<Uint8Array>;
  /** Writes and reads back; gives back the fresh account. Throws when what comes back differs. */
  write(value: Uint8Array): Promise<string>;
  /** Fine when there is none. */
  remove(account: string): Promise<void>;
  /** A write-read-delete round trip; `absent` only when there is no service at all. */
  probe(): Promise<'works' | 'absent'>;
}

export function keychainEntries(setup: KeychainSetup, random: Random): KeychainEntries {
  async function patiently<T>(work: (patience: Patience) => Promise<T>): Promise<T> {
    const patience = new Patience(setup);
    try {
      return await work(patience);
    } finally {
      patience.over();
    }
  }

  return {
    read: (account) => patiently((patience) => readEntry(setup, account, random, patience)),
    write: (value) => patiently((patience) => writeEntry(setup, value, random, patience)),
    remove: (account) =>
      patiently(async (patience) => {
        await call(setup, { op: 'delete', account }, patience);
      }),
    probe: () =>
      patiently(async (patience) => {
        try {
          await roundTrip(setup, random, patience);
          return 'works';
        } catch (error) {
          if (error instanceof KeychainFailure && error.trouble === 'absent') return 'absent';
          throw error;
        }
      }),
  };
}

async function readEntry(setup: KeychainSetup, account: string, random: Random, patience: Patience) {
  const found = await call(setup, { op: 'read', account }, patience);
  if (found) return sized(found);
  // Locked keyrings of some services hide their entries, and one without a default collection has
  // none: a round trip unlocks it or fails, so that what can't be read isn't taken for absent.
  await roundTrip(setup, random, patience);
  const unlocked = await call(setup, { op: 'read', account }, patience);
  if (unlocked) return sized(unlocked);
  throw new KeychainFailure(
    'missing',
    `the OS keychain has no entry keywright/${account}: it was deleted, or is on another machine`,
  );
}

async function writeEntry(setup: KeychainSetup, value: Uint8Array, random: Random, patience: Patience) {
  const account = newAccount(random);
  const request = { account, value: Buffer.from(value).toString('base64') };
  const found = await call(setup, { op: 'write', ...request }, patience).catch((error: unknown) => {
    // A helper that died in the middle may have written: reading says so.
    const died = error instanceof KeychainFailure && error.trouble === 'unavailable';
    if (!died) throw error;
    return call(setup, { op: 'read', account }, patience).catch(() => Promise.reject(error));
  });
  if (found?.equals(value)) return account;
  await call(setup, { op: 'delete', account }, patience).catch(() => {}); // Nobody knows its name: it is only litter.
  throw notKept();
}

async function roundTrip(setup: KeychainSetup, random: Random, patience: Patience): Promise<void> {
  const value = Buffer.from(random(KEY_SIZE));
  const request = { account: newAccount(random), value: value.toString('base64') };
  const found = await call(setup, { op: 'probe', ...request }, patience);
  if (!found?.equals(value)) throw notKept();
}

/** 128 random bits. */
function newAccount(random: Random): string {
  return base62OfBytes(random(16), 22);
}

function sized(value: Buffer): Uint8Array {
  if (value.length === KEY_SIZE) return value;
  throw new KeychainFailure(
    'unavailable',
    `the entry in the OS keychain has ${value.length} bytes in place of ${KEY_SIZE}`,
  );
}

function notKept(): KeychainFailure {
  return new KeychainFailure('unavailable', 'the OS keychain did not give back what was written to it');
}
