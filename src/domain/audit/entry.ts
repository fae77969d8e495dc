/** Facts of an audit entry: plain data, never a secret. */
export type Facts = { readonly [name: string]: string | number | boolean | null | readonly string[] };

/** What a use case says of a change; sequence, time, actor and chain are added when it is written. */
export interface NewEntry {
  /** `<noun>.<verb>`, e.g. `key.create`. */
  readonly action: string;
  /** Id of what was changed: `key_…`, `ws_…`, `slot_…`, `store_…`. */
  readonly target: string;
  readonly workspaceId: string | null;
  readonly facts: Facts;
}

/** An entry of the audit log. */
export interface AuditEntry extends NewEntry {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly actor: string;
  /** The OS user, where it differs from the actor. */
  readonly osUser: string | null;
  /** Made without the audit key, so not sealed by its own transaction. */
  readonly locked: boolean;
  /** SHA-256 of the entry before; 32 zero bytes for the first. */
  readonly prev: Uint8Array;
  /** SHA-256 over this entry's canonical form, `prev` included. */
  readonly hash: Uint8Array;
  /** HMAC over (seq, hash) with the audit key, on the last entry of each transaction that had it. */
  readonly seal: Uint8Array | null;
}

/** Filters of `audit list`. All that are given must hold. */
export interface AuditFilter {
  readonly target?: string;
  readonly actor?: string;
  /** Exact action, or a noun for all its verbs (`key`). */
  readonly action?: string;
  /** At or after this moment, ms. */
  readonly since?: number;
  readonly workspaceId?: string;
}
