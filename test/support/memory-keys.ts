import { statusOfIntegration } from '../../src/domain/integrations/integration.ts';
import type { ApiKey, KeyFilter, KeyStatus } from '../../src/domain/keys/key.ts';
import { notedUse } from '../../src/domain/keys/last-use.ts';
import type { Readers, Transaction } from '../../src/domain/ports/store.ts';
import { Failure } from '../../src/errors.ts';
import { pageOf, refuse, type State } from './memory-state.ts';
import { versionReader, versionWriter } from './memory-versions.ts';

export function keyReader(state: () => State): Readers['keys'] {
  const keys = () => [...state().keys.values()].map((stored) => stored.key);
  const fitting = (filter: KeyFilter, now: number) =>
    keys().filter((key) => fitsKey(key, filter, statusIn(state(), key, now), now));
  const within = (key: ApiKey, workspaceId: string | undefined) =>
    (workspaceId ?? key.workspaceId) === key.workspaceId;
  return {
    ...versionReader(state),
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
      const found = fitting(filter, now).toReversed();
      const expiring = filter.expiringBefore !== undefined;
      if (expiring) found.reverse().sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0));
      const kind = expiring ? 'expiring' : 'keys';
      return pageOf(found, (key) => `${kind} ${key.kid}`, page, state().identity.id);
    },
    names: async (workspaceId, prefix, limit) => {
      const live = keys().filter((key) => key.revokedAt === null && within(key, workspaceId));
      const names = live.map((key) => key.name).filter((name) => name.startsWith(prefix));
      return [...new Set(names)].sort().slice(0, limit);
    },
    count: async (filter, now) => fitting(filter, now).length,
    scopeUsed: async (workspaceId, scope) =>
      keys().some((key) => key.workspaceId === workspaceId && key.scopes.includes(scope)),
  };
}

/** As filters see it, spelled out here: what `statusOf` says of the key, and its integration and workspace besides. */
function statusIn(state: State, key: ApiKey, now: number): KeyStatus {
  if (key.revokedAt !== null) return 'revoked';
  const bound = state.integrations.find(({ id }) => id === key.integrationId);
  const archived = state.workspaces.some(
    ({ id, archivedAt }) => id === key.workspaceId && archivedAt !== null,
  );
  const stopped = archived || (bound !== undefined && statusOfIntegration(bound) !== 'configured');
  if (key.disabledAt !== null || stopped) return 'disabled';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  return (key.olderUntil ?? 0) > now ? 'rotating' : 'active';
}

function fitsKey(key: ApiKey, filter: KeyFilter, is: KeyStatus, now: number): boolean {
  const { workspaceId, term, status, owner, mode, expiringBefore, unusedSince } = filter;
  const words = `${key.name}\n${key.purpose ?? ''}`.toLowerCase();
  const expires = key.expiresAt ?? Number.POSITIVE_INFINITY;
  return (
    (workspaceId ?? key.workspaceId) === key.workspaceId &&
    (filter.kid ?? key.kid) === key.kid &&
    (owner ?? key.owner) === key.owner &&
    (mode ?? key.mode) === key.mode &&
    (filter.integrationId ?? key.integrationId) === key.integrationId &&
    words.includes((term ?? '').toLowerCase()) &&
    (status ?? is) === is &&
    (filter.issuedBefore === undefined || key.issuedAt < filter.issuedBefore) &&
    (expiringBefore === undefined ||
      (key.revokedAt === null && expires > now && expires <= expiringBefore)) &&
    (unusedSince === undefined || isUnused(key, unusedSince, now))
  );
}

function isUnused(key: ApiKey, since: number, now: number): boolean {
  if (key.lastUsedAt === null) return key.createdAt < since;
  const { from, within } = notedUse(key, key.lastUsedAt, now);
  return from + within <= since;
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
  const versions = versionWriter(state);
  const insert: Transaction['write']['keys']['insert'] = async (key, verifier) => {
    refuseTaken(key.workspaceId, key.name);
    state().keys.set(key.kid, { key, verifier });
  };
  return {
    ...versions,
    insert,
    insertImported: async (imported) => {
      for (const { key, verifier, found } of imported) {
        await insert(key, verifier);
        await versions.addForeign(key.kid, key.version, found);
      }
    },
    update: async (kid, values) => {
      const key = state().keys.get(kid)?.key;
      if (key === undefined) throw new Failure('not_found', `no key key_${kid}`);
      if (values.name !== undefined && values.name !== key.name) refuseTaken(key.workspaceId, values.name);
      change(kid, values);
    },
    setDisabled: (kids, disabledAt) => changeLive(kids, { disabledAt }),
    revoke: (kids, revokedAt, revokedReason) => changeLive(kids, { revokedAt, revokedReason }),
    markShown: async (kid, version, shownAt) => {
      if (state().keys.get(kid)?.key.version === version) change(kid, { shownAt });
      const versions = state().versions.get(kid) ?? [];
      const shown = versions.map((one) => (one.version === version ? { ...one, shownAt } : one));
      if (versions.length > 0) state().versions.set(kid, shown);
    },
    reassign: async (kids, owner) => {
      for (const kid of kids) change(kid, { owner });
    },
    bind: async (kids, integrationId) => {
      for (const kid of kids) change(kid, { integrationId });
    },
  };
}
