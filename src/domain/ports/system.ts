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
