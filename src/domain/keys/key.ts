export type Mode = 'live' | 'test';

/** Computed state of a key at a moment; never stored. `rotating`: an older version verifies, too. */
export type KeyStatus = 'active' | 'rotating' | 'expired' | 'disabled' | 'revoked';

/** `olderUntil` while an older version has no cut-off yet, because its successor is still being delivered. */
export const NO_CUT_OFF = Number.MAX_SAFE_INTEGER;

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
  /** The integration it is bound to: it verifies only while that one is configured. */
  readonly integrationId: string | null;
  /** Number of the current secret, from 1. Numbers are never used again, not even after a roll-back. */
  readonly version: number;
  /** When the current version was issued. */
  readonly issuedAt: number;
  /**
   * Until when some older version verifies, too: the latest cut-off among those that weren't ended,
   * `NO_CUT_OFF` while one has none, 0 when all are ended; null for a key that was never rotated.
   */
  readonly olderUntil: number | null;
  readonly createdAt: number;
  readonly createdBy: string;
  /** First moment at which the current version no longer verifies; null means never. */
  readonly expiresAt: number | null;
  readonly disabledAt: number | null;
  readonly revokedAt: number | null;
  readonly revokedReason: string | null;
  /** Of any version. Rounded down to the hour, to the minute while rotating, as all uses are. */
  readonly lastUsedAt: number | null;
  /** First and last use of the current version. */
  readonly versionFirstUsedAt: number | null;
  readonly versionUsedAt: number | null;
  /** When the secret key reached the terminal or pipe; null while nobody is known to have seen it. */
  readonly shownAt: number | null;
}

/** What is stored of a secret key: the number of the pepper and the keyed hash. */
export interface StoredVerifier {
  readonly pepper: number;
  /** HMAC-SHA-256, 32 bytes: of the token, or of the digest by which an imported one is found until its first success. */
  readonly hash: Uint8Array;
}

/** A superseded secret of a key. */
export interface KeyVersion {
  readonly kid: string;
  readonly version: number;
  readonly issuedAt: number;
  /** Its own expiry, as it was when it was the current one; null means never. */
  readonly expiresAt: number | null;
  /** First moment at which it no longer verifies; null while its successor is being delivered. */
  readonly cutOff: number | null;
  /** Set when it was ended outright (grace 0, finish, roll-back): it stays ended whatever the clock says. */
  readonly endedAt: number | null;
  readonly firstUsedAt: number | null;
  readonly lastUsedAt: number | null;
  /** When its first use after its successor was issued was put on record. */
  readonly lateUseAt: number | null;
  /** When its secret reached somebody; null while nobody is known to have seen it. */
  readonly shownAt: number | null;
}

/** A superseded secret with what verifying it needs. */
export type StoredVersion = KeyVersion & StoredVerifier;

/**
 * How a token that we didn't issue is found: by its keyed digest under a pepper (`token`, `key` is the
 * pepper's number), or by the digest that was imported (`key` is the imported HMAC key's number, else 0).
 * `spent` finds no token: it says under a pepper that this digest was imported before, and was replaced.
 */
export interface ForeignDigest {
  readonly kind: ForeignKind;
  readonly key: number;
  readonly digest: Uint8Array;
}

export type ForeignKind = 'token' | 'sha256' | 'sha512' | 'hmac-sha256' | 'spent';

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
  readonly integrationId: string | null;
  readonly version: number;
  readonly pepper: number;
  readonly hash: Uint8Array;
  readonly expiresAt: number | null;
  readonly olderUntil: number | null;
  readonly disabledAt: number | null;
  readonly revokedAt: number | null;
  readonly versionUsedAt: number | null;
  /** The store's generation as of this read: another value than last time means workspaces, integrations, slots or peppers changed. */
  readonly generation: number;
}

/** Filters of `keys list` and of commands on several keys. All that are given must hold. */
export interface KeyFilter {
  readonly workspaceId?: string;
  /** This key only. */
  readonly kid?: string;
  /** Substring of name or purpose, any case. */
  readonly term?: string;
  readonly status?: KeyStatus;
  readonly owner?: string;
  readonly mode?: Mode;
  /** Id of the integration it is bound to. */
  readonly integrationId?: string;
  /** Current version issued before this moment. */
  readonly issuedBefore?: number;
  /** Expires at or before this moment, and is neither revoked nor expired. */
  readonly expiringBefore?: number;
  /** Surely not used from this moment on (`notedUse`), or never used and created before it. */
  readonly unusedSince?: number;
}

/** One page. `next` is the cursor of the following page, null at the end. A page may be short, or empty, with a cursor. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
