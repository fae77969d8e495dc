import type { ApiKey, KeyVersion } from '../keys/key.ts';
import type { Rotation } from '../rotations/rotation.ts';

/** A key with its superseded versions, newest first. */
export interface WithVersions {
  readonly key: ApiKey;
  readonly versions: readonly KeyVersion[];
}

/** An end that came nearer, ms; `outright`: it was ended, so it stays so whatever the clock says. */
interface CutOff {
  readonly version: number;
  readonly at: number;
  readonly outright: boolean;
}

/** What has happened to a key since a backup and must not be undone by restoring that. */
export interface Fate {
  /** It was revoked. */
  readonly revoked: boolean;
  /** The delivery that is open in the backup, taken back since. */
  readonly rolledBack: Rotation | undefined;
  /** It was disabled; or the version that comes back as the current one was given an end, which says more. */
  readonly disable: 'disabled' | 'rotated' | undefined;
  /** Superseded versions that end earlier by now. */
  readonly cutOffs: readonly CutOff[];
  /** An expiry that came nearer. */
  readonly expiresAt: number | undefined;
}

/** A key in a backup, with its delivery that is open there and what the store says of that. */
export interface Backed extends WithVersions {
  readonly open: Rotation | undefined;
  readonly openNow: Rotation | undefined;
}

/**
 * The delivery of the backup that is to be taken back there, too. One that the store doesn't know was of another
 * branch of the key's history, like its new version. A revocation closes a delivery and takes nothing back.
 */
function rolledBackSince(now: WithVersions, { open, openNow }: Backed): Rotation | undefined {
  if (open === undefined || openNow === undefined) return open;
  return openNow.state === 'rolled-back' && now.key.version !== open.toVersion ? open : undefined;
}

/** A key as it comes back with its delivery rolled back: with the version from before, which the roll-back extends by nothing. */
export function withoutDelivery(
  { key, versions }: WithVersions,
  { fromVersion, toVersion }: Pick<Rotation, 'fromVersion' | 'toVersion'>,
): WithVersions {
  const old = versions.find(({ version }) => version === fromVersion);
  if (old === undefined) return { key, versions };
  const ends = [old.expiresAt, old.cutOff].filter((end) => end !== null);
  const expiresAt = ends.length === 0 ? null : Math.min(...ends);
  return {
    key: { ...key, version: fromVersion, issuedAt: old.issuedAt, expiresAt },
    versions: versions.filter(({ version }) => version !== fromVersion && version !== toVersion),
  };
}

/**
 * Compares a key as it is with the same key in a backup. A version that was given an end since, even one that is
 * still to come, would come back without it, a leaked one for good: so the key is to be disabled until somebody has
 * looked. The older versions of an overlap keep the earlier of their two ends.
 */
export function fateOf(now: WithVersions, backed: Backed): Fate {
  const { key } = now;
  const rolledBack = rolledBackSince(now, backed);
  const before = rolledBack === undefined ? backed : withoutDelivery(backed, rolledBack);
  const ended = endOf(now, before.key.version) !== undefined;
  const disabled = key.disabledAt !== null && before.key.disabledAt === null;
  return {
    revoked: key.revokedAt !== null && before.key.revokedAt === null,
    rolledBack,
    disable: ended ? 'rotated' : disabled ? 'disabled' : undefined,
    cutOffs: before.versions
      .filter(({ endedAt }) => endedAt === null)
      .flatMap(({ version, cutOff, issuedAt }) => {
        const end = endOf(now, version);
        if (end === undefined) return [];
        const { at = issuedAt, outright } = end;
        return cutOff === null || at < cutOff ? [{ version, at, outright }] : [];
      }),
    expiresAt: nearerExpiry(key, before.key),
  };
}

/** What end a version was given: none while it is current or its successor is being delivered. */
function endOf(
  { key, versions }: WithVersions,
  version: number,
): { readonly at: number | undefined; readonly outright: boolean } | undefined {
  if (key.version === version) return undefined;
  const found = versions.find((one) => one.version === version);
  // Not there at all: rotated on another branch of the key's history, so nobody can say that it may live.
  if (found === undefined) return { at: undefined, outright: true };
  if (found.endedAt !== null) return { at: found.endedAt, outright: true };
  return found.cutOff === null ? undefined : { at: found.cutOff, outright: false };
}

function nearerExpiry(now: ApiKey, before: ApiKey): number | undefined {
  if (now.version !== before.version || now.expiresAt === null) return undefined;
  return before.expiresAt === null || now.expiresAt < before.expiresAt ? now.expiresAt : undefined;
}
