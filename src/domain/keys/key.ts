export type Mode = 'live' | 'test';

/** Computed state of a key at a moment; never stored. `rotating` comes with overlapping versions. */
export type KeyStatus = 'active' | 'expired' | 'disabled' | 'revoked';

/** An API key issued by us, without its secret. Times are milliseconds since 1970, UTC. */
export interface ApiKey {
  /** 12 base62 characters; `key_<kid>` is the key's id, `<brand>_pk_<mode>_<kid>` its public key. */
  readonly kid: string;
  readonly workspaceId: string;
  readonly brand: string;
  readonly mode: Mode;
  readonly name: string;
  readonly purpose: string | null;
  /** The member who answers for the key. */
  readonly owner: string;
  /** `resource:action`, in the order given. Empty means that it may do nothing. */
  readonly scopes: readonly string[];
  /** CIDR blocks it may be used from; empty means any address. */
  readonly networks: readonly string[];
  /** Number of the current secret, from 1. */
  readonly version: number;
  readonly createdAt: number;
  readonly createdBy: string;
  /** First moment at which it no longer verifies; null means never. */
  readonly expiresAt: number | null;
  readonly disabledAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedReason: string | null;
  /** Rounded down to the hour. */
  readonly lastUsedAt: number | null;
  /** When the secret key reached the terminal or pipe; null while nobody is known to have seen it. */
  readonly shownAt: number | null;
}

/** What is stored of a secret key: the number of the pepper and the keyed hash. */
export interface StoredVerifier {
  readonly pepper: number;
  /** HMAC-SHA-256, 32 bytes. */
  readonly hash: Uint8Array;
}

/** A key together with what a verification needs, read in one statement. */
export interface VerificationRow {
  readonly kid: string;
  readonly workspaceId: string;
  readonly brand: string;
  readonly mode: string;
  readonly owner: string;
  /** As stored: scopes separated by one space. */
  readonly scopes: string;
  /** As stored: CIDR blocks separated by one space; empty means any. */
  readonly networks: string;
  readonly version: number;
  readonly pepper: number;
  readonly hash: Uint8Array;
  readonly expiresAt: number | null;
  readonly disabledAt: number | null;
  readonly revokedAt: number | null;
  readonly lastUsedAt: number | null;
  /** The store's generation as of this read: another value than last time means workspaces, slots or peppers changed. */
  readonly generation: number;
}

/** Filters of `keys list` and of commands on several keys. All that are given must hold. */
export interface KeyFilter {
  readonly workspaceId?: string;
  /** Substring of name or purpose, any case. */
  readonly term?: string;
  readonly status?: KeyStatus;
  readonly owner?: string;
  readonly mode?: Mode;
  /** Expires at or before this moment, and is neither revoked nor expired. */
  readonly expiringBefore?: number;
  /** Last used before this moment, or never used and created before it. */
  readonly unusedSince?: number;
}

/** One page. `next` is the cursor of the following page, null at the end. A page may be short, or empty, with a cursor. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
