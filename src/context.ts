import type { Ledger } from './domain/audit/change.ts';
import type { Authorization } from './domain/ports/authorization.ts';
import type { Backups, Bytes } from './domain/ports/backup.ts';
import type { Callbacks } from './domain/ports/callback.ts';
import type { OperatorAccess, Secrets, UnlockSources, VerifierAccess } from './domain/ports/secrets.ts';
import type { Store, StoreSeed } from './domain/ports/store.ts';
import type { Actor, Anchor, Clock, Commands, Desktop, Random } from './domain/ports/system.ts';
import type { Secret } from './domain/secret.ts';
import type { Output } from './terminal/output.ts';
import type { Prompts } from './terminal/prompts.ts';

/** The options that every command takes. */
export interface Globals {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  /** False with `--no-input`. */
  readonly input?: boolean | undefined;
  /** False with `--no-color`. */
  readonly color?: boolean | undefined;
  readonly actor?: string | undefined;
  readonly slot?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly passphraseFile?: string | undefined;
  readonly passphraseFd?: string | undefined;
}

/** Where the store and what belongs to it are, and what decided that. */
export interface Places {
  /** Path of the database. */
  readonly store: string;
  /** `KEYWRIGHT_STORE`, `KEYWRIGHT_HOME`, or `the platform's folders`. */
  readonly from: string;
  /** Where a key file is made and looked for when nothing else is said. */
  readonly keyFile: string;
  /** True when key file and database end up in one folder. */
  readonly together: boolean;
}

/** Where a secret is read from; never an argument. */
type SecretSource = { readonly stdin: true } | { readonly file: string } | { readonly env: string };

/** What a look at the store's files, without opening anything secret, found. */
interface Finding {
  readonly code: string;
  readonly message: string;
  /** The command that mends it, or undefined when `doctor --fix` does. */
  readonly hint?: string | undefined;
  readonly fixable: boolean;
}

/** All that a command may reach. Everything is opened on first use, and closed by `close`. */
export interface Context {
  readonly out: Output;
  readonly ask: Prompts;
  readonly now: Clock;
  readonly random: Random;
  readonly globals: Globals;
  env(name: string): string | undefined;
  places(): Places;
  /** Throws `usage` for a name that is none. */
  actor(): Actor;
  /** The default workspace of `workspaces use`. */
  readonly config: {
    workspace(): string | undefined;
    setWorkspace(slug: string | undefined): void;
    readonly path: string;
  };

  /** Is there a file where the store should be? */
  hasStore(): boolean;
  /**
   * The open store, compared with what this machine remembers of it. Throws the exit-11 failures. With
   * `unchecked` the comparison is left to the caller (`doctor`).
   */
  store(options?: { unchecked?: boolean }): Promise<Store>;
  /** Makes the store, once among any number of processes: `seed` runs only when there is none yet. */
  createStore(seed: () => Promise<StoreSeed>): Promise<{ created: boolean }>;
  anchor(): Anchor;
  /** Slots and sealing; loaded on first use. */
  secrets(): Promise<Secrets>;
  readonly sources: UnlockSources;
  /** Unlocks the store by an operator slot; once per run, unless it is asked for `again`. Throws the exit-6 failures. */
  operator(options?: { again?: boolean }): Promise<OperatorAccess>;
  /** Unlocks what verifying needs, by what the store holds now. */
  verifier(): Promise<VerifierAccess>;
  /** For changes: unlocked, or (revoke, disable) without. */
  ledger(how: 'unlocked' | 'locked'): Promise<Ledger>;

  /** The lines on stdin without their ends, together as they arrive; null for a line that is longer than any key. */
  lines(): AsyncIterable<readonly (string | null)[]>;
  /**
   * The lines of data that may hold secrets, from stdin or a file, as `lines` gives them; null for one of more than
   * 64 KiB. Throws `bad_secret_input`, also for more than 256 MiB.
   */
  dataLines(
    from: { readonly stdin: true } | { readonly file: string },
  ): AsyncIterable<readonly (string | null)[]>;
  /** Is stdin a terminal? */
  stdinIsTTY(): boolean;
  stdoutIsTTY(): boolean;
  /** Throws `bad_secret_input`. */
  readSecret(from: SecretSource): Promise<Secret>;
  /** Lines of a file, exactly; for checking an exported log. */
  fileLines(path: string): AsyncIterable<string>;
  /** Makes a new file of mode 0600; throws `exists` rather than write over one. */
  writePrivate(path: string, chunks: AsyncIterable<string> | Bytes): Promise<void>;
  /** Sealing backups, and the store's side of them; loaded on first use. */
  backups(): Promise<Backups>;

  /** How apps are authorized; loaded on first use. */
  authorization(): Promise<Authorization>;
  /** How a consent comes back; loaded on first use. */
  callbacks(): Promise<Callbacks>;
  /** The person's browser, and where they sit; loaded on first use. */
  desktop(): Promise<Desktop>;
  /** Does a job run this, which nobody sees (`CI`)? */
  readonly inCI: boolean;
  /** Runs work that a signal to this program ends: SIGINT, SIGTERM and SIGHUP raise its signal with `cancelled`. */
  interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;

  /** For `doctor`: what is wrong with files and database, and mending what is safe to mend. */
  inspect(): Promise<readonly Finding[]>;
  repair(): Promise<readonly string[]>;
  /** Commands that the user names, such as `--deliver`; loaded on first use. */
  commands(): Promise<Commands>;
  /** Runs a task once, `ms` from now, without keeping the process alive. */
  later(task: () => void, ms: number): void;
  close(): Promise<void>;
}

/** What `main` needs before it has parsed anything. */
export interface Host {
  readonly version: string;
  /** How the program was started: `keywright`, or `npx keywright` from a clone. */
  readonly program: string;
  readonly debug: boolean;
  /** The command that installs the program again: `npm ci` in a clone. */
  readonly reinstall: string;
  open(globals: Globals): Context;
}
