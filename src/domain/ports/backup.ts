import type { Secret } from '../secret.ts';
import type { Store } from './store.ts';

/** A stream of bytes, in pieces of any size. */
export type Bytes = AsyncIterable<Uint8Array>;

/** Bytes that hold a file open until they were read to the end or `close` is called. */
export type Closable = Bytes & { close(): Promise<void> };

/** What a backup is sealed to: age recipients, at least one, or a passphrase. */
export type SealTo = { readonly recipients: readonly string[] } | { readonly passphrase: Secret };

/** What a backup is opened with. */
export interface OpenWith {
  /** Contents of age identity files. */
  readonly identities: readonly Secret[];
  /** Called only for a file that is sealed with a passphrase. */
  passphrase(): Promise<Secret>;
}

/** The store's database as of one moment. */
export interface Snapshot {
  /** The version of its schema. */
  readonly schema: number;
  /** Bytes of the database. */
  readonly size: number;
  /** How many API keys it holds, revoked ones included. */
  readonly keys: number;
  /** How many entries its audit log has. */
  readonly entries: number;
  /** To be read once, to the end or not. */
  readonly database: Bytes;
  /** Gives up what was not read. */
  discard(): Promise<void>;
}

/** The newest audit entry of a store. */
export interface Head {
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** A backup's database, in a private file beside the store, brought up to date and opened. Gone when its work ends. */
export interface StoreCopy {
  readonly store: Store;
  /** What the database's own check finds wrong, a line each. Reads all of it. */
  damages(): Promise<readonly string[]>;
  /** Makes it the store of this place; closes it before. Throws `exists` when there is one by now. */
  place(): Promise<void>;
  /**
   * Puts its content in place of the store's, in one step that open readers see; closes it before. Throws
   * `changed` when the store's head is not `expected` any more, `busy`; nothing is replaced then.
   */
  replace(expected: Head | undefined): Promise<void>;
}

/** Sealing in the age format, and the store's side of a backup. */
export interface Backups {
  /** Throws `usage` for what is no recipient. */
  checkRecipients(recipients: readonly string[]): void;
  /** Throws `bad_secret_input` for a passphrase that is too short for a new backup. */
  checkPassphrase(passphrase: Secret): void;
  seal(content: Bytes, to: SealTo): Promise<Bytes>;
  /**
   * The content of an age file, armored or not. Reading it throws `backup_damaged` where a byte was changed or
   * is missing; opening throws that too, `backup_foreign` for another kind of file, `passphrase_wrong`, `identity_wrong`.
   */
  open(sealed: Bytes, by: OpenWith): Promise<Bytes>;
  /** A file's bytes. Throws `not_found`, `usage`. */
  read(path: string): Closable;
  /** Copies the store as it is now; others go on writing meanwhile. */
  snapshot(): Promise<Snapshot>;
  /** Throws `backup_damaged`, `backup_foreign`, `store_newer` for what is no database of ours. One at a time: `busy`. */
  copied<T>(database: Bytes, work: (copy: StoreCopy) => Promise<T>): Promise<T>;
}
