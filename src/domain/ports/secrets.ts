import type { Secret } from '../secret.ts';

export type SlotKind = 'keychain' | 'passphrase' | 'key-file';
/** `operator` wraps the root key, `verifier` the verifier key alone. */
export type SlotRole = 'operator' | 'verifier';

/** One way to unlock a store, as stored. */
export interface SlotRecord {
  /** `slot_` and 12 base62 characters. */
  readonly id: string;
  /** What people call it; unique in the store. */
  readonly name: string;
  readonly kind: SlotKind;
  readonly role: SlotRole;
  /** One line of text that says how to get the wrapping key; bound to the wrapped key by its tag. */
  readonly header: string;
  /** The wrapped key: nonce, ciphertext, tag. */
  readonly wrapped: Uint8Array;
  readonly createdAt: number;
}

/** A numbered pepper, or an HMAC key that came with imported verifiers, sealed under the verifier key. */
export interface SealedPepper {
  /** One sequence for both kinds, from 1. */
  readonly number: number;
  readonly kind: 'pepper' | 'imported';
  readonly sealed: Uint8Array;
  readonly createdAt: number;
}

/** A secret sealed under the seal key, bound to (record, field, version). */
export interface SealedRecord {
  readonly record: string;
  readonly field: string;
  readonly version: number;
  readonly sealed: Uint8Array;
}

/** Computes keyed hashes of tokens. */
export interface TokenHasher {
  /** Number of the newest pepper; new hashes use it. */
  readonly current: number;
  /**
   * HMAC-SHA-256(pepper[n], "keywright/v1" 0 workspace id 0 token), 32 bytes; undefined when this
   * hasher does not have pepper n.
   */
  hash(pepper: number, workspaceId: string, token: string): Uint8Array | undefined;
  /** HMAC-SHA-256(pepper[n], "keywright/find/v1" 0 token), 32 bytes: how a token that carries no kid is found. */
  find(pepper: number, token: string): Uint8Array | undefined;
  /** HMAC-SHA-256(imported key n, token), 32 bytes; undefined when this hasher does not have that key. */
  imported(key: number, token: string): Uint8Array | undefined;
}

/** Seals heads of the audit log. */
export interface AuditSealer {
  /** HMAC-SHA-256 over (seq, hash) with the audit key, 32 bytes. */
  seal(seq: number, hash: Uint8Array): Uint8Array;
  /** HMAC-SHA-256 for the anchor file, with its own label. */
  anchorMac(body: Uint8Array): Uint8Array;
}

/** A store unlocked by a verifier or operator slot. */
export interface VerifierAccess {
  readonly slot: SlotRecord;
  readonly hasher: TokenHasher;
}

/** What a new slot is made from. */
export interface SlotRequest {
  readonly name: string;
  readonly kind: SlotKind;
  readonly role: SlotRole;
  /** For kind `passphrase`. */
  readonly passphrase?: Secret;
  /** For kind `key-file`: where to make it; must not exist. Its folder is made 0700. */
  readonly keyFile?: string;
}

/** A store unlocked by an operator slot. */
export interface OperatorAccess extends VerifierAccess {
  readonly audit: AuditSealer;
  seal(plaintext: Secret, at: { record: string; field: string; version: number }): SealedRecord;
  /** Throws `slot_damaged` when the record is not exactly what was sealed there. */
  open(record: SealedRecord): Secret;
  /**
   * Makes what the slot needs outside the database (a keychain entry that was written and read
   * back, a key file) and wraps the key for it. The record is not stored yet; when storing fails,
   * `Secrets.discard` takes the outside part away again.
   */
  addSlot(request: SlotRequest): Promise<SlotRecord>;
  /** An HMAC key that came with imported verifiers, with the next number, sealed under the verifier key. */
  sealImported(key: Uint8Array, now: number): SealedPepper;
  /** The root key itself, in base64: for a backup, which is sealed as a whole. Nothing else may have it. */
  exportRoot(): Secret;
  /**
   * A new root key: everything given is opened with the old one and sealed with the new one, and
   * a new pepper is added. Nothing is stored yet; the old access keeps working.
   */
  rekey(
    from: { peppers: readonly SealedPepper[]; sealed: readonly SealedRecord[] },
    now: number,
  ): { access: OperatorAccess; peppers: readonly SealedPepper[]; sealed: readonly SealedRecord[] };
}

/** Where the means to open a slot come from. */
export interface UnlockSources {
  /** Id, name or kind of the slot asked for; undefined: the store's primary one, or what `keyFile` or a given passphrase imply. */
  readonly slot?: string | undefined;
  /** A key file named by flag or environment. */
  readonly keyFile?: string | undefined;
  /** True when a passphrase was given by flag, descriptor or environment, so that passphrase slots come first. */
  readonly passphraseGiven: boolean;
  /** The given passphrase, or one asked for on the terminal; throws `passphrase_needed` when there is neither. */
  passphrase(slotName: string): Promise<Secret>;
}

/** What of a store is needed to unlock it. */
export interface LockedStore {
  readonly id: string;
  readonly primarySlot: string;
  readonly slots: readonly SlotRecord[];
  readonly peppers: readonly SealedPepper[];
}

/** Makes and opens slots. The one implementation is in `src/secrets/`. */
export interface Secrets {
  /** A fresh root key for a new store with its first pepper (number 1); no slot yet. */
  create(storeId: string, now: number): { access: OperatorAccess; pepper: SealedPepper };
  /** Takes a root key that `exportRoot` gave out, for a restored store. Throws `slot_damaged` when it isn't that store's. */
  adopt(store: LockedStore, root: Secret): OperatorAccess;
  /** Throws exit-6 failures; never falls through to another kind of slot than the one chosen. */
  unlockOperator(store: LockedStore, sources: UnlockSources): Promise<OperatorAccess>;
  /** By a verifier slot when there is one that the sources can open, else by an operator slot. */
  unlockVerifier(store: LockedStore, sources: UnlockSources): Promise<VerifierAccess>;
  /** Opens exactly this slot and checks what it wraps. Throws as unlocking does. */
  test(store: LockedStore, slot: SlotRecord, sources: UnlockSources): Promise<void>;
  /**
   * Opens the slot by the old key and wraps the new one (of `access`) for it, with a fresh wrapping key
   * outside the database where it has one. Old and new both open until `settle`.
   */
  rewrap(
    store: LockedStore,
    slot: SlotRecord,
    access: OperatorAccess,
    sources: UnlockSources,
  ): Promise<SlotRecord>;
  /** After the new record is stored: takes away what only the old record needed outside the database. */
  settle(old: SlotRecord, current: SlotRecord): Promise<void>;
  /** Takes away what the slot has outside the database. An entry that is gone already is fine. */
  discard(slot: SlotRecord): Promise<void>;
  /** Does the OS keychain pass a write-read-delete round trip? Throws keychain_locked, _declined, _timeout; `absent` only when there is no service at all. */
  probeKeychain(): Promise<'works' | 'absent'>;
}
