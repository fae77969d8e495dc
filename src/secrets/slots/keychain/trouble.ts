import { type ErrorCode, Failure, PROGRAM } from '../../../errors.ts';

/** What can go wrong with a keychain, told apart. `absent` means that there is no service at all. */
export type Trouble = 'absent' | 'unavailable' | 'locked' | 'declined' | 'timeout' | 'missing';

const CODES: Record<Trouble, ErrorCode> = {
  absent: 'keychain_unavailable',
  unavailable: 'keychain_unavailable',
  locked: 'keychain_locked',
  declined: 'keychain_declined',
  timeout: 'keychain_timeout',
  missing: 'keychain_entry_missing',
};

/** A keychain call that failed. Without a `hint` it gets one that fits any store. */
export class KeychainFailure extends Failure {
  readonly trouble: Trouble;

  constructor(trouble: Trouble, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(CODES[trouble], message, {
      hint:
        `unlock or start the OS keychain and try again, or use a passphrase: ${PROGRAM} … --unlock passphrase, ` +
        `or a key file: ${PROGRAM} … --unlock key-file`,
      ...options,
    });
    this.trouble = trouble;
  }
}

/**
 * The failure that a message of the binding means. Its error codes are all `GenericFailure`, so its words
 * are all there is; seen with @napi-rs/keyring 2.1.2 against gnome-keyring 42 and a bus without it, the
 * macOS and Windows ones from the systems' documentation. `canPrompt`: is there a display on which the
 * keychain could have asked?
 */
export function failureOf(message: string, canPrompt: boolean): KeychainFailure {
  const says = (pattern: RegExp): boolean => pattern.test(message);
  if (says(/autolaunch/i)) {
    return new KeychainFailure(
      'absent',
      'there is no OS keychain here: no D-Bus session bus (DBUS_SESSION_BUS_ADDRESS is not set)',
    );
  }
  if (says(/not provided by any \.service files|ServiceUnknown|NameHasNoOwner/i)) {
    return new KeychainFailure(
      'absent',
      'there is no OS keychain here: nothing offers org.freedesktop.secrets on the session bus',
    );
  }
  if (says(/failed to connect|connection refused/i)) {
    return new KeychainFailure(
      'unavailable',
      'the D-Bus session bus that DBUS_SESSION_BUS_ADDRESS names does not answer',
    );
  }
  // libdbus gives up on a service that owns its name and says nothing, before our own deadline.
  if (says(/did not receive a reply/i))
    return new KeychainFailure('timeout', 'the OS keychain did not answer');
  if (says(/no result found/i)) {
    return new KeychainFailure(
      'unavailable',
      'the OS keychain has no default collection (no keyring was ever made)',
    );
  }
  if (says(/dismissed/i) && !canPrompt) {
    return new KeychainFailure(
      'locked',
      'the OS keychain is locked, and there is no display on which it could ask',
    );
  }
  if (says(/dismissed|cancell?ed/i))
    return new KeychainFailure('declined', 'unlocking the OS keychain was declined');
  if (says(/\blocked\b|interaction is not allowed/i))
    return new KeychainFailure('locked', 'the OS keychain is locked');
  return new KeychainFailure('unavailable', `the OS keychain failed: ${message}`);
}
