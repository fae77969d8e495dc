import type { LockedStore } from '../domain/ports/secrets.ts';
import { flagLine } from '../domain/shell.ts';
import { PROGRAM } from '../errors.ts';
import { KeychainFailure } from './slots/keychain/trouble.ts';

/** A keychain failure with the hint for this store: all three ways out, by the slots that it has. */
export function withWaysOut(error: unknown, store: LockedStore): unknown {
  if (!(error instanceof KeychainFailure)) return error;
  const first =
    error.trouble === 'missing'
      ? 'put back a copy of what is missing'
      : 'unlock or start the OS keychain and try again';
  return new KeychainFailure(error.trouble, error.message, {
    hint: `${first}, ${slotsOf(store)}`,
    cause: error,
  });
}

function slotsOf(store: LockedStore): string {
  const passphrase = store.slots.find((slot) => slot.kind === 'passphrase' && slot.role === 'operator');
  const keyFile = store.slots.find((slot) => slot.kind === 'key-file' && slot.role === 'operator');
  if (!passphrase && !keyFile) {
    return `there is no passphrase or key-file slot to use instead; once it opens, add one: ${PROGRAM} slots add`;
  }
  const byPassphrase = passphrase
    ? `or use the passphrase: ${PROGRAM} … ${flagLine('--slot', passphrase.name)} --passphrase-file FILE`
    : '(there is no passphrase slot)';
  const byKeyFile = keyFile
    ? `or the key file: ${PROGRAM} … ${flagLine('--slot', keyFile.name)}`
    : '(there is no key-file slot)';
  return `${byPassphrase}, ${byKeyFile}`;
}
