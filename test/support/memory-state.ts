import type { App, Grant, RefreshIntent } from '../../src/domain/apps/app.ts';
import type { AuditEntry } from '../../src/domain/audit/entry.ts';
import type { Integration } from '../../src/domain/integrations/integration.ts';
import type {
  ApiKey,
  ForeignDigest,
  Page,
  StoredVerifier,
  StoredVersion,
} from '../../src/domain/keys/key.ts';
import type { SealedPepper, SealedRecord, SlotRecord } from '../../src/domain/ports/secrets.ts';
import type { PageRequest, StoreIdentity, StoreSeed } from '../../src/domain/ports/store.ts';
import type { Rotation } from '../../src/domain/rotations/rotation.ts';
import type { Policy } from '../../src/domain/workspaces/policy.ts';
import type { CatalogueScope, Member, Workspace } from '../../src/domain/workspaces/workspace.ts';
import { Failure } from '../../src/errors.ts';

interface StoredKey {
  readonly key: ApiKey;
  readonly verifier: StoredVerifier;
}

/** Everything in a store in memory, as plain values that are replaced and never changed in place. */
export interface State {
  identity: StoreIdentity;
  generation: number;
  /** By kid, in order of creation. */
  keys: Map<string, StoredKey>;
  /** Superseded versions by kid, newest first. */
  versions: Map<string, readonly StoredVersion[]>;
  /** Whose token it is, by `nameOfDigest`. */
  foreign: Map<string, { readonly kid: string; readonly version: number }>;
  foreignKinds: readonly Pick<ForeignDigest, 'kind' | 'key'>[];
  rotations: readonly Rotation[];
  integrations: readonly Integration[];
  apps: readonly App[];
  grants: readonly Grant[];
  intents: readonly RefreshIntent[];
  workspaces: readonly Workspace[];
  members: readonly Member[];
  /** By workspace. */
  policies: Map<string, Policy>;
  catalogue: readonly CatalogueScope[];
  slots: readonly SlotRecord[];
  peppers: readonly SealedPepper[];
  sealed: readonly SealedRecord[];
  audit: readonly AuditEntry[];
}

export function stateOf(seed: StoreSeed): State {
  return {
    identity: seed.identity,
    generation: 1,
    keys: new Map(),
    versions: new Map(),
    foreign: new Map(),
    foreignKinds: [],
    rotations: [],
    integrations: [],
    apps: [],
    grants: [],
    intents: [],
    workspaces: [seed.workspace],
    members: [seed.owner],
    policies: new Map(),
    catalogue: [],
    slots: seed.slots,
    peppers: seed.peppers,
    sealed: seed.sealed,
    audit: seed.audit,
  };
}

/** A copy to be changed, of which nothing is seen until it takes the place of the state. */
export function draftOf(state: State): State {
  return {
    ...state,
    keys: new Map(state.keys),
    versions: new Map(state.versions),
    foreign: new Map(state.foreign),
    policies: new Map(state.policies),
  };
}

export function nameOfDigest({ kind, key, digest }: ForeignDigest): string {
  return `${kind} ${key} ${Buffer.from(digest).toString('hex')}`;
}

/** Records how a token is found; a kind that is new to verifiers, who don't look for `spent`, changes the generation. */
export function putForeign(
  state: State,
  { kind, key, digest }: ForeignDigest,
  whose: { kid: string; version: number },
): void {
  state.foreign.set(nameOfDigest({ kind, key, digest }), whose);
  if (state.foreignKinds.some((one) => one.kind === kind && one.key === key)) return;
  state.foreignKinds = [...state.foreignKinds, { kind, key }].sort(
    (a, b) => a.kind.localeCompare(b.kind) || a.key - b.key,
  );
  if (kind !== 'spent') state.generation += 1;
}

/** The cursor names the last item seen; what is paged is never removed, so it is found again. */
export function pageOf<T>(
  items: readonly T[],
  name: (item: T) => string,
  { limit, after }: PageRequest,
  storeId: string,
): Page<T> {
  const cursor = (item: T) => Buffer.from(`${storeId} ${name(item)}`).toString('base64url');
  const start = after === undefined ? 0 : items.findIndex((item) => cursor(item) === after) + 1;
  if (after !== undefined && start === 0)
    throw new Failure('usage', 'the value of --after does not continue this list');
  const shown = items.slice(start, start + limit);
  const last = shown.at(-1);
  return { items: shown, next: last !== undefined && start + limit < items.length ? cursor(last) : null };
}

export function refuse(taken: boolean, message: string): void {
  if (taken) throw new Failure('exists', message);
}

export function replaced<T extends { readonly id: string }>(
  items: readonly T[],
  id: string,
  values: Partial<T>,
): readonly T[] {
  return items.map((item) => (item.id === id ? { ...item, ...values } : item));
}
