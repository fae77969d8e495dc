import type { AuditEntry } from '../../src/domain/audit/entry.ts';
import type { ApiKey, KeyFilter, Page, StoredVerifier } from '../../src/domain/keys/key.ts';
import { statusOf } from '../../src/domain/keys/status.ts';
import type { SealedPepper, SealedRecord, SlotRecord } from '../../src/domain/ports/secrets.ts';
import type { PageRequest, Readers, StoreIdentity, Transaction } from '../../src/domain/ports/store.ts';
import type { CatalogueScope, Member, Workspace } from '../../src/domain/workspaces/workspace.ts';
import { Failure } from '../../src/errors.ts';

interface StoredKey {
  readonly key: ApiKey;
  readonly verifier: StoredVerifier;
}

/** Everything in it, as plain values that are replaced and never changed in place. */
export interface State {
  identity: StoreIdentity;
  generation: number;
  /** By kid, in order of creation. */
  keys: Map<string, StoredKey>;
  workspaces: Workspace[];
  members: Member[];
  catalogue: CatalogueScope[];
  slots: SlotRecord[];
  peppers: SealedPepper[];
  sealed: SealedRecord[];
  audit: AuditEntry[];
}

export function keyReader(state: () => State): Readers['keys'] {
  const keys = () => [...state().keys.values()].map((stored) => stored.key);
  const within = (key: ApiKey, workspaceId: string | undefined) =>
    (workspaceId ?? key.workspaceId) === key.workspaceId;
  return {
    byKid: async (kid) => state().keys.get(kid)?.key,
    byName: async (workspaceId, name) => {
      const named = keys().filter((key) => within(key, workspaceId) && key.name === name);
      const live = named.filter((key) => key.revokedAt === null);
      return (live.length > 0 ? live : named).toReversed();
    },
    forVerification: async (kid) => {
      const stored = state().keys.get(kid);
      if (stored === undefined) return undefined;
      const { key, verifier } = stored;
      const texts = { scopes: key.scopes.join(' '), networks: key.networks.join(' ') };
      return { ...key, ...texts, ...verifier, generation: state().generation };
    },
    page: async (filter, page, now) => {
      const fitting = keys()
        .filter((key) => fitsKey(key, filter, now))
        .toReversed();
      const expiring = filter.expiringBefore !== undefined;
      if (expiring) fitting.reverse().sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0));
      const kind = expiring ? 'expiring' : 'keys';
      return pageOf(fitting, (key) => `${kind} ${key.kid}`, page, state().identity.id);
    },
    names: async (workspaceId, prefix, limit) => {
      const live = keys().filter((key) => key.revokedAt === null && within(key, workspaceId));
      const names = live.map((key) => key.name).filter((name) => name.startsWith(prefix));
      return [...new Set(names)].sort().slice(0, limit);
    },
    count: async (filter, now) => keys().filter((key) => fitsKey(key, filter, now)).length,
    scopeUsed: async (workspaceId, scope) =>
      keys().some((key) => key.workspaceId === workspaceId && key.scopes.includes(scope)),
  };
}

function fitsKey(key: ApiKey, filter: KeyFilter, now: number): boolean {
  const { workspaceId, term, status, owner, mode, expiringBefore, unusedSince } = filter;
  const words = `${key.name}\n${key.purpose ?? ''}`.toLowerCase();
  const expires = key.expiresAt ?? Number.POSITIVE_INFINITY;
  return (
    (workspaceId ?? key.workspaceId) === key.workspaceId &&
    (owner ?? key.owner) === key.owner &&
    (mode ?? key.mode) === key.mode &&
    words.includes((term ?? '').toLowerCase()) &&
    (status === undefined || statusOf(key, now) === status) &&
    (expiringBefore === undefined ||
      (key.revokedAt === null && expires > now && expires <= expiringBefore)) &&
    (unusedSince === undefined || (key.lastUsedAt ?? key.createdAt) < unusedSince)
  );
}

/** The cursor names the last item seen; keys and entries are never removed, so it is found again. */
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

export function keyWriter(state: () => State): Transaction['write']['keys'] {
  const refuseTaken = (workspaceId: string, name: string) => {
    const live = [...state().keys.values()].map(({ key }) => key).filter((key) => key.revokedAt === null);
    const taken = live.some((key) => key.workspaceId === workspaceId && key.name === name);
    refuse(taken, `the workspace already has a key "${name}"`);
  };
  const change = (kid: string, values: Partial<ApiKey>) => {
    const stored = state().keys.get(kid);
    if (stored !== undefined) state().keys.set(kid, { ...stored, key: { ...stored.key, ...values } });
  };
  const changeLive = async (kids: readonly string[], values: Partial<ApiKey>) => {
    const live = new Set(kids.filter((kid) => state().keys.get(kid)?.key.revokedAt === null));
    for (const kid of live) change(kid, values);
    return live.size;
  };
  return {
    insert: async (key, verifier) => {
      refuseTaken(key.workspaceId, key.name);
      state().keys.set(key.kid, { key, verifier });
    },
    update: async (kid, values) => {
      const key = state().keys.get(kid)?.key;
      if (key === undefined) throw new Failure('not_found', `no key key_${kid}`);
      if (values.name !== undefined && values.name !== key.name) refuseTaken(key.workspaceId, values.name);
      change(kid, values);
    },
    setDisabled: (kids, disabledAt) => changeLive(kids, { disabledAt }),
    revoke: (kids, revokedAt, revokedReason) => changeLive(kids, { revokedAt, revokedReason }),
    markShown: async (kid, shownAt) => change(kid, { shownAt }),
  };
}

export function refuse(taken: boolean, message: string): void {
  if (taken) throw new Failure('exists', message);
}
