/** Exit codes of the program (README, "Exit codes"). They are stable. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  conflict: 5,
  locked: 6,
  network: 7,
  reauthorize: 8,
  incomplete: 9,
  findings: 10,
  noStore: 11,
  busy: 12,
  cancelled: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * Every error code that `--json` can name, with its exit code and what it means.
 * `keywright help errors` prints this table.
 */
export const ERRORS = {
  unexpected: {
    exit: EXIT.failed,
    meaning: 'something failed that should not have; KEYWRIGHT_DEBUG=1 shows where',
  },
  output_failed: {
    exit: EXIT.failed,
    meaning: 'the answer could not be written; a secret it held was undone',
  },
  node_too_old: { exit: EXIT.failed, meaning: 'this program needs a newer Node.js' },
  native_module: {
    exit: EXIT.failed,
    meaning: 'a native module is missing or was built for another Node.js',
  },
  usage: { exit: EXIT.usage, meaning: 'an unknown command or flag, a missing or malformed value' },
  needs_yes: { exit: EXIT.usage, meaning: 'a destructive command without a terminal and without --yes' },
  ambiguous: { exit: EXIT.usage, meaning: 'a name that fits more than one thing' },
  secret_in_argument: {
    exit: EXIT.usage,
    meaning: 'a secret was given as an argument, where others can read it',
  },
  bad_secret_input: {
    exit: EXIT.usage,
    meaning: 'a secret from stdin, file or environment is empty, too large or malformed',
  },
  not_found: { exit: EXIT.notFound, meaning: 'no such workspace, key, slot, scope or other thing' },
  not_verified: { exit: EXIT.denied, meaning: 'a key does not verify' },
  forbidden: { exit: EXIT.denied, meaning: 'a role or policy forbids it' },
  exists: { exit: EXIT.conflict, meaning: 'it exists already' },
  wrong_state: { exit: EXIT.conflict, meaning: 'it is in a state that does not allow this' },
  changed: { exit: EXIT.conflict, meaning: 'it changed meanwhile, or the count was not the one expected' },
  locked: { exit: EXIT.locked, meaning: 'the store cannot be unlocked' },
  keychain_unavailable: {
    exit: EXIT.locked,
    meaning: 'this machine has no OS keychain service that answers',
  },
  keychain_locked: { exit: EXIT.locked, meaning: 'the OS keychain is locked' },
  keychain_declined: { exit: EXIT.locked, meaning: 'unlocking the OS keychain was declined' },
  keychain_timeout: { exit: EXIT.locked, meaning: 'the OS keychain did not answer in time' },
  keychain_entry_missing: { exit: EXIT.locked, meaning: "the store's entry is gone from the OS keychain" },
  passphrase_needed: { exit: EXIT.locked, meaning: 'a passphrase is needed and there is nobody to ask' },
  passphrase_wrong: {
    exit: EXIT.locked,
    meaning: 'the passphrase does not open a slot of this store, or not the backup',
  },
  key_file_unusable: {
    exit: EXIT.locked,
    meaning: 'the key file is missing, readable by others, damaged or of another store',
  },
  slot_damaged: { exit: EXIT.locked, meaning: 'a slot or what it seals does not pass its check' },
  rotation_incomplete: {
    exit: EXIT.incomplete,
    meaning: 'the new secret is live, and a later step of the rotation is not done',
  },
  identity_wrong: { exit: EXIT.locked, meaning: 'no identity was given that opens the backup' },
  callback_unavailable: {
    exit: EXIT.network,
    meaning: 'no port can be opened for the browser to come back to, or not the one asked for',
  },
  consent_denied: { exit: EXIT.denied, meaning: 'the person, or the provider for them, did not consent' },
  consent_timeout: { exit: EXIT.network, meaning: 'nobody consented in time' },
  provider_unreachable: {
    exit: EXIT.network,
    meaning: 'a provider cannot be reached, or did not answer in time',
  },
  provider_failed: { exit: EXIT.network, meaning: 'a provider answered with an error, or nothing usable' },
  authorization_mismatch: {
    exit: EXIT.network,
    meaning: 'an answer is not from whom it should be, or not what was asked for; nothing was sent there',
  },
  needs_authorization: { exit: EXIT.reauthorize, meaning: 'the app must be authorized again' },
  findings: { exit: EXIT.findings, meaning: 'a check found something' },
  no_store: { exit: EXIT.noStore, meaning: 'there is no store yet' },
  store_missing: { exit: EXIT.noStore, meaning: 'the store that was here is gone' },
  store_damaged: { exit: EXIT.noStore, meaning: 'the store is damaged or empty' },
  store_foreign: {
    exit: EXIT.noStore,
    meaning: 'the file is not a store of this program, or another store than before',
  },
  store_newer: { exit: EXIT.noStore, meaning: 'the store was written by a newer version of this program' },
  store_rolled_back: { exit: EXIT.noStore, meaning: 'the store is older than this machine remembers' },
  store_readonly: { exit: EXIT.noStore, meaning: 'the store cannot be written' },
  store_full: { exit: EXIT.noStore, meaning: 'the disk is full' },
  store_permissions: {
    exit: EXIT.noStore,
    meaning: 'a file or folder of the store is open to others, or belongs to someone else',
  },
  store_unreadable: { exit: EXIT.noStore, meaning: 'a file or folder of the store cannot be read or made' },
  backup_damaged: { exit: EXIT.noStore, meaning: 'a part of the backup was changed or is missing' },
  backup_foreign: { exit: EXIT.noStore, meaning: 'the file is not a backup of this program' },
  busy: { exit: EXIT.busy, meaning: 'another process holds the store; try again' },
  cancelled: { exit: EXIT.cancelled, meaning: 'cancelled, or the answer was no' },
} as const satisfies Record<string, { exit: ExitCode; meaning: string }>;

/** One word for another, or one more at the end. */
export type Retry = { readonly replace: string; readonly by: string } | { readonly append: string };

export type ErrorCode = keyof typeof ERRORS;

/** Stands for the program's name in a hint; rendered as it was started (`npx keywright` from a clone). */
export const PROGRAM = '{keywright}';

/**
 * Everything that can go wrong in a way we know of: a code, one sentence in lower case
 * without a final period, and the next command to run. Thrown anywhere, rendered once, by `main`.
 * Neither message nor hint ever holds a secret.
 */
export class Failure extends Error {
  readonly code: ErrorCode;
  /** What to do next. `{keywright}` stands for the program (`PROGRAM`). */
  readonly hint: string | undefined;
  /** How the command line that failed becomes the next one; `main` puts that behind the hint. */
  readonly retry: Retry | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string | undefined; retry?: Retry; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.hint = options.hint;
    this.retry = options.retry;
  }

  get exitCode(): ExitCode {
    return ERRORS[this.code].exit;
  }
}
