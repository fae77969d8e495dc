import type { AuditEntry, AuditFilter } from '../audit/entry.ts';
import type { ApiKey, KeyFilter, Page, StoredVerifier, VerificationRow } from '../keys/key.ts';
import type { CatalogueScope, Member, Workspace } from '../workspaces/workspace.ts';
import type { SealedPepper, SealedRecord, SlotRecord } from './secrets.ts';

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
}

export interface WorkspaceReader {
  bySlug(slug: string): Promise<Workspace | undefined>;
  byId(id: string): Promise<Workspace | undefined>;
  /** All of them, by slug. */
  all(): Promise<readonly Workspace[]>;
  members(workspaceId: string): Promise<readonly Member[]>;
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
  /** Another value than before means that workspaces, slots or peppers changed. */
  generation(): Promise<number>;
}

/** Reading. Sees what was committed when each call began. */
export interface Readers {
  readonly keys: KeyReader;
  readonly workspaces: WorkspaceReader;
  readonly audit: AuditReader;
  readonly slots: SlotReader;
}

export interface KeyWriter {
  /** Throws `exists` when an unrevoked key of the workspace has the name. */
  insert(key: ApiKey, verifier: StoredVerifier): Promise<void>;
  /** Replaces name, purpose, owner, networks and expiry. Throws `exists` as `insert` does. */
  update(kid: string, change: KeyChange): Promise<void>;
  /** Sets or clears `disabledAt` of unrevoked keys; gives back how many changed. */
  setDisabled(kids: readonly string[], at: number | null): Promise<number>;
  /** Revokes those that are not yet; gives back how many changed. */
  revoke(kids: readonly string[], at: number, reason: string | null): Promise<number>;
  markShown(kid: string, at: number): Promise<void>;
}

export type KeyChange = Partial<Pick<ApiKey, 'name' | 'purpose' | 'owner' | 'networks' | 'expiresAt'>>;

export interface WorkspaceWriter {
  /** Throws `exists` when the slug is taken. */
  insert(workspace: Workspace): Promise<void>;
  rename(id: string, name: string): Promise<void>;
  setArchived(id: string, at: number | null): Promise<void>;
  addMember(member: Member): Promise<void>;
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
}

/** The only way to write. Everything in it commits together or not at all. */
export interface Transaction extends Readers {
  readonly write: {
    readonly keys: KeyWriter;
    readonly workspaces: WorkspaceWriter;
    readonly slots: SlotWriter;
    /** Appends to the log. The caller has computed the chain (`domain/audit/chain.ts`). */
    audit(entries: readonly AuditEntry[]): Promise<void>;
    /** Replaces the seals of entries that have one: for a new root key. */
    reseal(seals: readonly { readonly seq: number; readonly seal: Uint8Array }[]): Promise<void>;
  };
}

export interface WriteOptions {
  /** May use the reserve on a full disk. Only revoke and disable do. */
  readonly urgent?: boolean;
}

/** Last uses and hashes under a newer pepper, gathered by a verifier. */
export interface UsageBatch {
  /** kid → ms, already rounded. */
  readonly used: ReadonlyMap<string, number>;
  /** kid → replacement, written only where the old hash is still the stored one. */
  readonly rehashed: ReadonlyMap<string, Rehash>;
}

/** A hash under a newer pepper. */
export interface Rehash {
  readonly old: Uint8Array;
  readonly verifier: StoredVerifier;
  /** Of the store when it was made (`VerificationRow`). Another one by now may lack the pepper, so it is dropped then. */
  readonly generation: number;
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
   * Runs `work`, which may take minutes and may ask somebody, while no other process or call runs one
   * of these on this store; ordinary writes go on. Waits a bounded time, then throws `busy`. When its
   * holder dies the store is free at once. Not to be nested. Throws `store_full`, `store_readonly`.
   */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Writes without waiting for a lock and without durability; false when the store was busy or cannot be written. */
  recordUsage(batch: UsageBatch): Promise<boolean>;
  /** From then on reading and writing throw `store_unreadable`. */
  close(): Promise<void>;
}
