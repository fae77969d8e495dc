import { NO_CUT_OFF, type StoredVersion } from '../../src/domain/keys/key.ts';
import type { Readers, Transaction } from '../../src/domain/ports/store.ts';
import { nameOfDigest, putForeign, refuse, type State } from './memory-state.ts';

type Reader = Readers['keys'];
type Writer = Transaction['write']['keys'];

/** Superseded versions and imported tokens. */
export function versionReader(
  state: () => State,
): Pick<Reader, 'versions' | 'versionsForVerification' | 'byForeign' | 'foreignKinds'> {
  const all = (kid: string) => state().versions.get(kid) ?? [];
  return {
    versions: async (kid) => all(kid).map(({ pepper: _, hash: __, ...version }) => version),
    versionsForVerification: async (kid) => all(kid),
    byForeign: async (digest) => state().foreign.get(nameOfDigest(digest)),
    foreignKinds: async () => state().foreignKinds,
  };
}

/** Replaces a key's superseded versions, and what the key itself says of them. */
function setVersions(state: State, kid: string, versions: readonly StoredVersion[]): void {
  const stored = state.keys.get(kid);
  if (stored === undefined) return;
  const alive = versions.filter(({ endedAt }) => endedAt === null);
  const olderUntil = Math.max(0, ...alive.map(({ cutOff }) => cutOff ?? NO_CUT_OFF));
  state.versions.set(
    kid,
    versions.toSorted((a, b) => b.version - a.version),
  );
  state.keys.set(kid, { ...stored, key: { ...stored.key, olderUntil } });
}

/** The current version as a superseded one; undefined unless it is `version`, of a key that isn't revoked. */
function superseded(
  state: State,
  kid: string,
  version: number,
  end: Pick<StoredVersion, 'cutOff' | 'endedAt'>,
): StoredVersion | undefined {
  const stored = state.keys.get(kid);
  if (stored === undefined || stored.key.version !== version || stored.key.revokedAt !== null)
    return undefined;
  const { issuedAt, expiresAt, versionFirstUsedAt, versionUsedAt, shownAt } = stored.key;
  const uses = { firstUsedAt: versionFirstUsedAt, lastUsedAt: versionUsedAt, lateUseAt: null, shownAt };
  return { kid, version, issuedAt, expiresAt, ...end, ...uses, ...stored.verifier };
}

/** Makes this version, which isn't among the superseded ones, the current one. */
function setCurrent(state: State, next: StoredVersion): void {
  const stored = state.keys.get(next.kid);
  if (stored === undefined) return;
  const { version, issuedAt, expiresAt, firstUsedAt, lastUsedAt, shownAt, pepper, hash } = next;
  const uses = { versionFirstUsedAt: firstUsedAt, versionUsedAt: lastUsedAt };
  const key = { ...stored.key, version, issuedAt, expiresAt, shownAt, ...uses };
  state.keys.set(next.kid, { key, verifier: { pepper, hash } });
}

export function versionWriter(
  state: () => State,
): Pick<Writer, 'addVersion' | 'cutOff' | 'endVersions' | 'restoreVersion' | 'noteLateUse' | 'addForeign'> {
  const all = (kid: string) => state().versions.get(kid) ?? [];
  /** Changes those that fit; gives back how many. */
  const change = (
    kid: string,
    fits: (version: StoredVersion) => boolean,
    values: (version: StoredVersion) => Partial<StoredVersion>,
  ) => {
    const fitting = all(kid).filter(fits).length;
    const changed = all(kid).map((one) => (fits(one) ? { ...one, ...values(one) } : one));
    if (fitting > 0) setVersions(state(), kid, changed);
    return fitting;
  };
  return {
    addVersion: async (kid, from, next, cutOff) => {
      const old = superseded(state(), kid, from, { cutOff, endedAt: null });
      if (old === undefined) return false;
      if (all(kid).some(({ version }) => version === next.version) || next.version === from)
        throw new Error(`version ${next.version} was there before`);
      const uses = { firstUsedAt: null, lastUsedAt: null, lateUseAt: null, shownAt: null };
      const { verifier, ...facts } = next;
      setCurrent(state(), { kid, ...facts, ...verifier, cutOff: null, endedAt: null, ...uses });
      setVersions(state(), kid, [...all(kid), old]);
      const passed = ({ endedAt, cutOff: at }: StoredVersion) =>
        endedAt === null && at !== null && at <= next.issuedAt;
      change(kid, passed, ({ cutOff: endedAt }) => ({ endedAt }));
      return true;
    },
    cutOff: async (kid, version, at) => {
      const later = (one: StoredVersion) =>
        one.version === version && (one.cutOff === null || one.cutOff > at);
      change(kid, later, () => ({ cutOff: at }));
    },
    endVersions: async (kid, at) =>
      change(
        kid,
        ({ endedAt }) => endedAt === null,
        () => ({ endedAt: at }),
      ),
    restoreVersion: async (kid, from, to, { at, expiresAt }) => {
      const back = all(kid).find(({ version }) => version === to);
      const ended = superseded(state(), kid, from, { cutOff: at, endedAt: at });
      if (back === undefined || ended === undefined) return false;
      setCurrent(state(), { ...back, expiresAt });
      setVersions(state(), kid, [...all(kid).filter((one) => one !== back), ended]);
      return true;
    },
    noteLateUse: async (kid, version, at) => {
      const unnoted = (one: StoredVersion) => one.version === version && one.lateUseAt === null;
      return change(kid, unnoted, () => ({ lateUseAt: at })) > 0;
    },
    addForeign: async (kid, version, digest) => {
      refuse(state().foreign.has(nameOfDigest(digest)), 'a key with this token is there already');
      putForeign(state(), digest, { kid, version });
    },
  };
}
