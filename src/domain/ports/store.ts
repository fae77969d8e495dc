import type { AuditEntry, AuditFilter } from '../audit/entry.ts';
import type { Integration } from '../integrations/integration.ts';
import type {
  ApiKey,
  ForeignDigest,
  KeyFilter,
  KeyVersion,
  Page,
  StoredVerifier,
  StoredVersion,
  VerificationRow,
} from '../keys/key.ts';
import type { Policy } from '../workspaces/policy.ts';
import type { CatalogueScope, Member, Role, Workspace } from '../workspaces/workspace.ts';
import type { AppReader, AppWriter, GrantReader, GrantWriter } from './apps.ts';
import type { RotationReader, RotationWriter } from './rotations.ts';
import type { SealedPepper, SealedRecord, SlotRecord } from './secrets.ts';
import type { RunningVerifier, UsageBatch } from './usage.ts';

/** Which store this is. */
export interface StoreIdentity {
  /** `store_` and 12 base62 characters. */
  readonly id: string;
  /** Milliseconds since 1970, UTC. */
  readonly createdAt: number;
  /** Id of the slot that `init` chose; what opens the store when nothing is said. */
  readonly primarySlot: string;
}

/** Everything that a new store begins with, written before anyone can see it. */
export interface StoreSeed {
  readonly identity: StoreIdentity;
  readonly workspace: Workspace;
  readonly owner: Member;
  readonly slots: readonly SlotRecord[];
  readonly peppers: readonly SealedPepper[];
  readonly sealed: readonly SealedRecord[];
  readonly audit: readonly AuditEntry[];
  /** Takes away what was made outside the database for it (keychain entry, key file) when the store was not made. */
  undo(): Promise<void>;
}

export interface PageRequest {
  /** Most items on the page. */
  readonly limit: number;
  /** `next` of the page before. A cursor that was not made by this store is a `usage` failure. */
  readonly after?: string | undefined;
}

export interface KeyReader {
  byKid(kid: string): Promise<ApiKey | undefined>;
  /** Keys of this exact name: the unrevoked one if there is one, else all revoked ones, newest first. */
  byName(workspaceId: string | undefined, name: string): Promise<readonly ApiKey[]>;
  /** Everything a verification looks at, in one statement. */
  forVerification(kid: string): Promise<VerificationRow | undefined>;
  /** One page, newest first; with `expiringBefore`, soonest expiry first. `now` decides what is expired. */
  page(filter: KeyFilter, page: PageRequest, now: number): Promise<Page<ApiKey>>;
  /** Unrevoked names that start with `prefix`, for completion and nearest matches; at most `limit`. */
  names(workspaceId: string | undefined, prefix: string, limit: number): Promise<readonly string[]>;
  /** How many fit the filter. */
  count(filter: KeyFilter, now: number): Promise<number>;
  /** Has any key of the workspace, revoked ones included, ever had this scope? */
  scopeUsed(workspaceId: string, scope: string): Promise<boolean>;
  /** Superseded versions of a key, newest first, rolled back ones included. */
  versions(kid: string): Promise<readonly KeyVersion[]>;
  /** Superseded versions with their hashes, newest first, for a token that isn't of the current version. */
  versionsForVerification(kid: string): Promise<readonly StoredVersion[]>;
  /** Whose token has this digest? */
  byForeign(digest: ForeignDigest): Promise<{ readonly kid: string; readonly version: number } | undefined>;
  /** Under which kinds and keys tokens may be found; empty while none was imported. Changes with the generation. */
  foreignKinds(): Promise<readonly Pick<ForeignDigest, 'kind' | 'key'>[]>;
}

export interface IntegrationReader {
  byId(id: string): Promise<Integration | undefined>;
  byName(workspaceId: string, name: string): Promise<Integration | undefined>;
  /** Those of a workspace, or of all, by name. */
  all(workspaceId?: string): Promise<readonly Integration[]>;
}

export interface WorkspaceReader {
  bySlug(slug: string): Promise<Workspace | undefined>;
  byId(id: string): Promise<Workspace | undefined>;
  /** All of them, by slug. */
  all(): Promise<readonly Workspace[]>;
  /** By name. */
  members(workspaceId: string): Promise<readonly Member[]>;
  /** This person's membership in every workspace. */
  membershipsOf(name: string): Promise<readonly Member[]>;
  /** What was set, or `DEFAULT_POLICY`. */
  policy(workspaceId: string): Promise<Policy>;
  /** The scope catalogue, by scope; empty means that there is none. */
  catalogue(workspaceId: string): Promise<readonly CatalogueScope[]>;
}

export interface AuditReader {
  head(): Promise<AuditEntry | undefined>;
  bySeq(seq: number): Promise<AuditEntry | undefined>;
  /** One page, newest first. */
  page(filter: AuditFilter, page: PageRequest): Promise<Page<AuditEntry>>;
  /** Entries from `seq` on in order, at most `limit`; for checking and exporting the chain. */
  from(seq: number, limit: number): Promise<readonly AuditEntry[]>;
}

export interface SlotReader {
  /** Oldest first. */
  all(): Promise<readonly SlotRecord[]>;
  /** Id of the slot that opens the store when nothing is said. */
  primary(): Promise<string>;
  peppers(): Promise<readonly SealedPepper[]>;
  sealed(record: string, field: string): Promise<SealedRecord | undefined>;
  allSealed(): Promise<readonly SealedRecord[]>;
  /** Another value than before means that workspaces, integrations, slots or peppers changed. */
  generation(): Promise<number>;
}

/** Reading. Sees what was committed when each call began. */
export interface Readers {
  readonly keys: KeyReader;
  readonly rotations: RotationReader;
  readonly integrations: IntegrationReader;
  readonly apps: AppReader;
  readonly grants: GrantReader;
  readonly workspaces: WorkspaceReader;
  readonly audit: AuditReader;
  readonly slots: SlotReader;
}

export interface KeyWriter {
  /** Throws `exists` when an unrevoked key of the workspace has the name. */
  insert(key: ApiKey, verifier: StoredVerifier): Promise<void>;
  /** `insert` and `addForeign` for each of them, in less time. Throws `exists` as these do, having done some of it. */
  insertImported(imported: readonly ImportedKey[]): Promise<void>;
  /** Replaces what is given. Throws `exists` as `insert` does. */
  update(kid: string, change: KeyChange): Promise<void>;
  /** Sets or clears `disabledAt` of unrevoked keys; gives back how many changed. */
  setDisabled(kids: readonly string[], at: number | null): Promise<number>;
  /** Revokes those that are not yet; gives back how many changed. */
  revoke(kids: readonly string[], at: number, reason: string | null): Promise<number>;
  /** When the secret of this version, current or superseded, was seen to arrive. */
  markShown(kid: string, version: number, at: number): Promise<void>;
  /** Gives keys to another member. */
  reassign(kids: readonly string[], owner: string): Promise<void>;
  /** Binds keys to an integration, or to none. */
  bind(kids: readonly string[], integrationId: string | null): Promise<void>;
  /**
   * Makes a new version the current one, unless the current one is no longer `from` or the key is revoked:
   * false, and nothing is changed. The version it supersedes is kept with its cut-off (null: none yet); older
   * ones whose cut-off has passed by `issuedAt` become ended.
   */
  addVersion(kid: string, from: number, next: NewVersion, cutOff: number | null): Promise<boolean>;
  /** Gives a superseded version its cut-off, unless it has an earlier one. */
  cutOff(kid: string, version: number, at: number): Promise<void>;
  /** Ends every superseded version that isn't ended; gives back how many. */
  endVersions(kid: string, at: number): Promise<number>;
  /**
   * Makes the superseded version `to` the current one again, without a cut-off and with this expiry, and ends the
   * current one, `from`, at `at`. False when those are not what they are now.
   */
  restoreVersion(
    kid: string,
    from: number,
    to: number,
    end: { readonly at: number; readonly expiresAt: number | null },
  ): Promise<boolean>;
  /** Records how an imported key's token is found. Throws `exists` when a key is found so already. */
  addForeign(kid: string, version: number, digest: ForeignDigest): Promise<void>;
  /** Notes the first use of a superseded version; false when it was noted already. */
  noteLateUse(kid: string, version: number, at: number): Promise<boolean>;
}

/** A key whose token was made elsewhere. */
export interface ImportedKey {
  readonly key: ApiKey;
  readonly verifier: StoredVerifier;
  /** How its token is found. */
  readonly found: ForeignDigest;
}

/** A new secret of a key. */
export interface NewVersion {
  readonly version: number;
  readonly verifier: StoredVerifier;
  readonly issuedAt: number;
  readonly expiresAt: number | null;
}

export type KeyChange = Partial<
  Pick<ApiKey, 'name' | 'purpose' | 'owner' | 'networks' | 'expiresAt' | 'integrationId'>
>;

export interface IntegrationWriter {
  /** Throws `exists` when the workspace has one of this name. */
  insert(integration: Integration): Promise<void>;
  /** Throws `exists` as `insert` does. */
  update(id: string, change: IntegrationChange): Promise<void>;
  /** No key may be bound to it any more. */
  remove(id: string): Promise<void>;
}

export type IntegrationChange = Partial<
  Pick<Integration, 'name' | 'purpose' | 'url' | 'configuredAt' | 'disabledAt'>
>;

export interface WorkspaceWriter {
  /** Throws `exists` when the slug is taken. */
  insert(workspace: Workspace): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  setArchived(id: string, at: number | null): Promise<void>;
  /** Throws `exists` for a member. */
  addMember(member: Member): Promise<void>;
  setRole(workspaceId: string, name: string, role: Role): Promise<void>;
  removeMember(workspaceId: string, name: string): Promise<void>;
  setPolicy(workspaceId: string, policy: Policy): Promise<void>;
  /** Throws `exists` when it is in the catalogue already. */
  addScope(scope: CatalogueScope): Promise<void>;
  /** Gives back whether it was there. */
  removeScope(workspaceId: string, scope: string): Promise<boolean>;
}

export interface SlotWriter {
  insert(slot: SlotRecord): Promise<void>;
  /** Replaces header and wrapped key (a changed passphrase, a new root key). */
  replace(slot: SlotRecord): Promise<void>;
  remove(id: string): Promise<void>;
  setPrimary(id: string): Promise<void>;
  putPepper(pepper: SealedPepper): Promise<void>;
  putSealed(record: SealedRecord): Promise<void>;
  /** Erases every version of a sealed field. */
  removeSealed(record: string, field: string): Promise<void>;
}

/** The only way to write. Everything in it commits together or not at all. */
export interface Transaction extends Readers {
  readonly write: {
    readonly keys: KeyWriter;
    readonly rotations: RotationWriter;
    readonly integrations: IntegrationWriter;
    readonly apps: AppWriter;
    readonly grants: GrantWriter;
    readonly workspaces: WorkspaceWriter;
    readonly slots: SlotWriter;
    /** Appends to the log. The caller has computed the chain (`domain/audit/chain.ts`). */
    audit(entries: readonly AuditEntry[]): Promise<void>;
    /** Replaces the seals of entries that have one: for a new root key. */
    reseal(seals: readonly { readonly seq: number; readonly seal: Uint8Array }[]): Promise<void>;
  };
}

export interface WriteOptions {
  /**
   * May use the reserve on a full disk. Only what takes access away does, and what can't be had again: the answer
   * to a refresh, whose token is spent by then.
   */
  readonly urgent?: boolean;
  /** Inserts many keys: searches find them from the end of the transaction on, not within it. */
  readonly bulk?: boolean;
}

/** An open store. */
export interface Store extends Readers {
  readonly identity: StoreIdentity;
  /**
   * Runs `work` in one durable transaction. Transactions are serialised: this process's run in the
   * order of the calls, and other processes' before or after, so what `work` reads is what it changes.
   * Waits a bounded time for other processes, then throws `busy`. `work` awaits nothing but the transaction.
   * Throws `store_full`, `store_readonly`, `busy`; nothing is written then.
   */
  write<T>(work: (tx: Transaction) => Promise<T>, options?: WriteOptions): Promise<T>;
  /**
   * Runs `work` over the store as it is at one moment: what anybody commits meanwhile is not seen. `work` awaits
   * nothing but the readers, since a snapshot that is held keeps the journal from being taken back. Not to be nested.
   */
  readTogether<T>(work: (readers: Readers) => Promise<T>): Promise<T>;
  /**
   * Runs `work`, which may take minutes and may ask somebody, while no other process or call runs one
   * of this name (`[a-zA-Z0-9_-]{1,64}`) on this store; ordinary writes go on. Waits `waitMs` (else a bounded
   * time), then throws `busy`, naming the holder's pid where it is known. When its holder dies the name is free
   * at once. Not to be nested. Throws `store_full`, `store_readonly`.
   */
  exclusively<T>(name: string, work: () => Promise<T>, options?: { readonly waitMs?: number }): Promise<T>;
  /** Writes without waiting for a lock and without durability; false when the store was busy or cannot be written. */
  recordUsage(batch: UsageBatch): Promise<boolean>;
  /** Verifiers that reported and have not ended; those whose process is gone are left out. */
  verifiers(): Promise<readonly RunningVerifier[]>;
  /** From then on reading and writing throw `store_unreadable`. */
  close(): Promise<void>;
}
