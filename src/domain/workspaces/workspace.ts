export type WorkspaceKind = 'personal' | 'company';
export type Role = 'owner' | 'admin' | 'developer' | 'viewer';

/** The tenant. Every key belongs to exactly one. Times are milliseconds since 1970, UTC. */
export interface Workspace {
  /** `ws_` and 12 base62 characters; part of every key's hash, so it never changes. */
  readonly id: string;
  /** `[a-z0-9][a-z0-9-]{0,62}`, unique, never changes. */
  readonly slug: string;
  /** Display name; may change. */
  readonly name: string;
  readonly kind: WorkspaceKind;
  /** First part of its keys' tokens, `[a-z][a-z0-9]{1,15}`. */
  readonly brand: string;
  readonly createdAt: number;
  readonly createdBy: string;
  /** While set, none of its keys verifies. */
  readonly archivedAt: number | null;
}

/** A person in a workspace. */
export interface Member {
  readonly workspaceId: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
}

/** An entry of a workspace's optional scope catalogue. */
export interface CatalogueScope {
  readonly workspaceId: string;
  readonly scope: string;
  readonly description: string | null;
}
