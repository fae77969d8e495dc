import type { Adoption, Rehash, UsageBatch, VersionUse } from '../../src/domain/ports/usage.ts';
import { nameOfDigest, putForeign, type State } from './memory-state.ts';

/** Writes a batch into `state`. */
export function recordUsage(state: State, { used, rehashed, adopted }: UsageBatch): void {
  const { generation } = state;
  const fits = (change: Rehash | Adoption) =>
    change.generation === generation &&
    state.peppers.some(({ number, kind }) => kind === 'pepper' && number === change.verifier.pepper);
  for (const use of used) note(state, use);
  for (const [kid, rehash] of rehashed) {
    const stored = state.keys.get(kid);
    const unchanged = stored !== undefined && Buffer.compare(stored.verifier.hash, rehash.old) === 0;
    if (fits(rehash) && unchanged) state.keys.set(kid, { ...stored, verifier: rehash.verifier });
  }
  for (const adoption of adopted) if (fits(adoption)) adopt(state, adoption);
}

function note(state: State, { kid, version, at }: VersionUse): void {
  const stored = state.keys.get(kid);
  if (stored === undefined) return;
  const { key } = stored;
  const current = key.version === version;
  const ofVersion = {
    versionUsedAt: later(key.versionUsedAt, at),
    versionFirstUsedAt: earlier(key.versionFirstUsedAt, at),
  };
  const lastUsedAt = later(key.lastUsedAt, at);
  state.keys.set(kid, { ...stored, key: { ...key, lastUsedAt, ...(current ? ofVersion : {}) } });
  if (current) return;
  const versions = (state.versions.get(kid) ?? []).map((one) =>
    one.version === version
      ? { ...one, lastUsedAt: later(one.lastUsedAt, at), firstUsedAt: earlier(one.firstUsedAt, at) }
      : one,
  );
  state.versions.set(kid, versions);
}

function adopt(state: State, { kid, version, old, found, spent, verifier }: Adoption): void {
  const isOwn = (whose: { kid: string; version: number } | undefined) =>
    whose?.kid === kid && whose.version === version;
  const taken = state.foreign.get(nameOfDigest(found));
  if (!isOwn(state.foreign.get(nameOfDigest(old))) || (taken !== undefined && !isOwn(taken))) return;
  state.foreign.delete(nameOfDigest(old));
  putForeign(state, found, { kid, version });
  if (spent !== undefined) putForeign(state, spent, { kid, version });
  const stored = state.keys.get(kid);
  if (stored?.key.version === version && stored.verifier.pepper <= verifier.pepper)
    state.keys.set(kid, { ...stored, verifier });
  const versions = (state.versions.get(kid) ?? []).map((one) =>
    one.version === version && one.pepper <= verifier.pepper ? { ...one, ...verifier } : one,
  );
  state.versions.set(kid, versions);
}

const later = (before: number | null, at: number) => Math.max(before ?? at, at);
const earlier = (before: number | null, at: number) => Math.min(before ?? at, at);
