import type { ForeignDigest, StoredVerifier } from '../keys/key.ts';

/** Last uses and hashes under a newer pepper, gathered by a verifier. */
export interface UsageBatch {
  readonly used: readonly VersionUse[];
  /** kid → replacement, written only where the old hash is still the stored one. */
  readonly rehashed: ReadonlyMap<string, Rehash>;
  /** Imported tokens that are to be found by a digest of our own from now on. */
  readonly adopted: readonly Adoption[];
  /** Which verifier reports. Left out by one that ends with this batch and never reported before. */
  readonly reporter?: Reporter;
}

/** A use of one version, rounded. */
export interface VersionUse {
  readonly kid: string;
  readonly version: number;
  /** Is it a superseded version? */
  readonly older: boolean;
  /** ms. */
  readonly at: number;
}

/** The first success of an imported token: a digest and a hash of our own take the place of what was imported. */
export interface Adoption {
  readonly kid: string;
  readonly version: number;
  readonly old: ForeignDigest;
  readonly found: ForeignDigest;
  /** What remembers `old`, so that it is not imported again; undefined when that was no imported digest. */
  readonly spent: ForeignDigest | undefined;
  readonly verifier: StoredVerifier;
  /** As in `Rehash`. */
  readonly generation: number;
}

/** A running verifier, as it says of itself. */
export interface Reporter {
  readonly id: string;
  /** ms. */
  readonly at: number;
  /** It ends now and is forgotten. */
  readonly closing: boolean;
}

/** A verifier that may hold uses which it hasn't written yet. */
export interface RunningVerifier {
  readonly id: string;
  /** Its process, as people find it; null where that isn't known. */
  readonly pid: number | null;
  readonly reportedAt: number;
}

/** A hash under a newer pepper. */
export interface Rehash {
  readonly old: Uint8Array;
  readonly verifier: StoredVerifier;
  /** Of the store when it was made (`VerificationRow`). Another one by now may lack the pepper, so it is dropped then. */
  readonly generation: number;
}
