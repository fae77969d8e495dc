import type { Secret } from '../secret.ts';

/** Milliseconds since 1970, UTC. */
export type Clock = () => number;

/** `size` random bytes from the operating system. */
export type Random = (size: number) => Uint8Array;

/** Who runs this command. */
export interface Actor {
  readonly name: string;
  /** Where the name came from. */
  readonly from: '--actor' | 'KEYWRIGHT_ACTOR' | 'OS user';
  readonly osUser: string;
}

/** What this machine remembers of a store. */
export interface AnchorMark {
  readonly storeId: string;
  readonly seq: number;
  /** Hash of audit entry `seq`, 32 bytes. */
  readonly head: Uint8Array;
}

/** The small file that remembers a store's id and audit head outside the database (DESIGN section 7). */
export interface Anchor {
  /** The highest readable mark, undefined when there is none. With `check`, marks whose MAC is wrong are left out. */
  read(check?: (body: Uint8Array) => Uint8Array): AnchorMark | undefined;
  /** Does a readable mark carry a MAC that is wrong? */
  tampered(check: (body: Uint8Array) => Uint8Array): boolean;
  /**
   * Writes the mark unless a higher one, or one of another store, is there. `mac` is absent while the store is
   * locked. Without a lock: of two processes that raise at the same instant the lower mark may stay, until the
   * next raise; an anchor that is behind is normal.
   */
  raise(mark: AnchorMark, mac?: (body: Uint8Array) => Uint8Array): void;
  /** Forgets everything and starts from this mark, or from nothing. */
  reset(mark: AnchorMark | undefined, mac?: (body: Uint8Array) => Uint8Array): void;
  /** Where it is, for messages. */
  readonly path: string;
}

/** How a command of the user's ended. */
export interface CommandEnd {
  /** Did it end with exit code 0? */
  readonly ok: boolean;
  /** Why not, for a message: `exit 1`, `SIGKILL`, `no end within 5 min`. */
  readonly reason: string;
  /** A signal told this program to stop meanwhile. */
  readonly interrupted: boolean;
  /** How long it ran, ms. */
  readonly ms: number;
}

/** A command of the user's, split into words and found; it is never stored and runs without a shell. */
export interface OutsideCommand {
  /** Its first word, as typed: what messages call it. */
  readonly name: string;
  /**
   * Runs it with `input` (or nothing) on stdin and `env` added to the caller's environment, without this program's
   * own variables. What it prints goes to stderr, with `hide` replaced wherever it occurs. Ended at `timeoutMs`, with
   * what it started unless a person sits in front. One that doesn't read its stdin is judged by its exit code all the
   * same. Never throws.
   */
  run(options: {
    readonly input?: Secret | undefined;
    readonly hide?: Secret | undefined;
    readonly env: { readonly [name: string]: string };
    readonly timeoutMs: number;
  }): Promise<CommandEnd>;
}

/** Commands that the user names, to be run by this program. */
export interface Commands {
  /**
   * The command in `text`, split as a POSIX shell does. Throws `usage`, naming `flag`, when it needs a shell, can't be
   * split, or isn't found.
   */
  find(text: string, flag: string): OutsideCommand;
  /** Waits this many ms; true when a signal told this program to stop instead. */
  pause(ms: number): Promise<boolean>;
}

/** The screen that the person sits at. */
export interface Desktop {
  /** Why a browser of this machine is probably not theirs; undefined when it may well be. */
  readonly remoteness: 'ssh' | 'container' | 'no-display' | undefined;
  /** `ana@box`: this machine and its user, as another one reaches it by SSH. */
  readonly login: string;
  /**
   * Opens a URL, https or http on this machine, without waiting for the browser. False when it is another URL or no
   * browser could be started.
   */
  open(url: string): Promise<boolean>;
}
