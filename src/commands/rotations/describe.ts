import { keyId } from '../../domain/ids.ts';
import type { ApiKey, KeyVersion } from '../../domain/keys/key.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { endOfOlder, livingOlder } from '../../domain/rotations/overlap.ts';
import { isOpen, type Rotation } from '../../domain/rotations/rotation.ts';
import type { Column } from '../../terminal/output.ts';
import { age, deadline, rfc3339 } from '../../terminal/time.ts';

/** A rotation with what it takes to show it. */
export interface ShownRotation {
  readonly rotation: Rotation;
  readonly key: ApiKey | undefined;
  readonly workspace: string;
  /** Undefined when it isn't superseded any more, after a roll-back. */
  readonly old: KeyVersion | undefined;
}

/** The rotation with its key and the version that it superseded. */
export async function shownRotation(
  store: Readers,
  rotation: Rotation,
  workspaces: ReadonlyMap<string, string>,
): Promise<ShownRotation> {
  const versions = await store.keys.versions(rotation.kid);
  return {
    rotation,
    key: await store.keys.byKid(rotation.kid),
    workspace: workspaces.get(rotation.workspaceId) ?? '?',
    old: oldOf(rotation, versions),
  };
}

/** The version that a rotation superseded; undefined after a roll-back, whatever became of it since. */
export function oldOf(rotation: Rotation, versions: readonly KeyVersion[]): KeyVersion | undefined {
  if (rotation.state === 'rolled-back') return undefined;
  return versions.find(({ version }) => version === rotation.fromVersion);
}

/** A rotation for `--json`. Fields are only ever added. */
export function rotationJson(rotation: Rotation, old: KeyVersion | undefined): object {
  return {
    id: rotation.id,
    state: rotation.state,
    open: isOpen(rotation),
    from_version: rotation.fromVersion,
    to_version: rotation.toVersion,
    delivery: rotation.delivery,
    check: rotation.check,
    grace_seconds: Math.round(rotation.graceMs / 1000),
    old_valid_until: old === undefined ? null : time(endOf(old)),
    started_at: rfc3339(rotation.startedAt),
    started_by: rotation.startedBy,
    updated_at: rfc3339(rotation.updatedAt),
  };
}

/** A version for `--json`; `current` is the one that `olderUntil` is not about. */
export function versionJson(version: Listed): object {
  return {
    version: version.version,
    current: version.current,
    issued_at: rfc3339(version.issuedAt),
    first_used_at: time(version.firstUsedAt),
    last_used_at: time(version.lastUsedAt),
    expires_at: time(version.expiresAt),
    valid_until: time(version.current ? version.expiresAt : endOf(version)),
    ended_at: time(version.endedAt),
  };
}

/** A version of a key, the current one included. */
export type Listed = Omit<KeyVersion, 'kid' | 'lateUseAt' | 'shownAt'> & { readonly current: boolean };

/** All versions of a key, newest first by number; the current one may stand further down after a roll-back. */
export function versionsOf(key: ApiKey, superseded: readonly KeyVersion[]): readonly Listed[] {
  const current: Listed = {
    current: true,
    version: key.version,
    issuedAt: key.issuedAt,
    expiresAt: key.expiresAt,
    cutOff: null,
    endedAt: null,
    firstUsedAt: key.versionFirstUsedAt,
    lastUsedAt: key.versionUsedAt,
  };
  const all = [current, ...superseded.map((version) => ({ ...version, current: false }))];
  return all.map(usedSinceIssued).sort((a, b) => b.version - a.version);
}

/** Uses are noted rounded down; none is shown as before the version was there. */
function usedSinceIssued(version: Listed): Listed {
  const since = (at: number | null) => (at === null ? null : Math.max(at, version.issuedAt));
  return { ...version, firstUsedAt: since(version.firstUsedAt), lastUsedAt: since(version.lastUsedAt) };
}

/**
 * When it ended or will; null while nothing ends it, and where nobody knows when it ended: what ended outright
 * without a moment of its own has 0.
 */
function endOf(
  { endedAt, cutOff, expiresAt }: Pick<KeyVersion, 'endedAt' | 'cutOff' | 'expiresAt'>,
  revokedAt: number | null = null,
): number | null {
  const ends = [endedAt, cutOff, expiresAt, revokedAt].filter((end) => end !== null);
  if (ends.includes(0)) return endedAt === 0 ? null : endedAt;
  return ends.length === 0 ? null : Math.min(...ends);
}

/** `version 6 ends today 03:01 UTC`, `version 6 has ended`, `version 6 stays valid`. */
export function endOfOldText(key: ApiKey, old: KeyVersion | undefined, from: number, now: number): string {
  if (old === undefined) return `version ${from} is the current one`;
  const end = endOfOlder(old, key.olderUntil);
  const open = old.cutOff === null && old.endedAt === null;
  if (end === null || (open && end > now)) return `version ${from} stays valid`;
  return end <= now ? `version ${from} has ended` : `version ${from} ends ${deadline(end, now)}`;
}

/**
 * What became of the older versions of `valid`, the numbers that verified before: with no grace all that ended are
 * named, else the one before this.
 */
export function endedText(
  key: ApiKey,
  rotation: Rotation,
  { versions, valid }: { readonly versions: readonly KeyVersion[]; readonly valid: readonly number[] },
  now: number,
): string {
  const left = new Set(validVersions(key, versions, now));
  const ended = valid.filter((version) => !left.has(version)).sort((a, b) => a - b);
  if (rotation.graceMs === 0 && ended.length > 1)
    return `versions ${ended.slice(0, -1).join(', ')} and ${ended.at(-1)} have ended`;
  const old = versions.find(({ version }) => version === rotation.fromVersion);
  return endOfOldText(key, old, rotation.fromVersion, now);
}

/** Numbers of the versions that verify, the current one included. */
export function validVersions(key: ApiKey, versions: readonly KeyVersion[], now: number): readonly number[] {
  return [key.version, ...livingOlder(key, versions, now).map(({ version }) => version)];
}

/** The columns of `rotations list`; their order in TSV is frozen. */
export function rotationColumns(now: number): readonly Column<ShownRotation>[] {
  return [
    { header: 'ID', tsv: ({ rotation }) => rotation.id },
    { header: 'KEY', tsv: ({ key }) => key?.name ?? '', flexible: true },
    { header: 'PUBLIC KEY', tsv: ({ key }) => (key === undefined ? '' : publicKey(key)) },
    { header: 'WORKSPACE', tsv: ({ workspace }) => workspace },
    { header: 'VERSIONS', tsv: ({ rotation }) => `${rotation.fromVersion}-${rotation.toVersion}` },
    {
      header: 'STATE',
      tsv: ({ rotation }) => rotation.state,
      color: ({ rotation }) => (isOpen(rotation) ? 'yellow' : undefined),
    },
    {
      header: 'OLD VALID UNTIL',
      tsv: ({ old, key }) => (old === undefined ? '' : (time(endOf(old, key?.revokedAt)) ?? '')),
      cell: (shown) => oldCell(shown, now),
    },
    { header: 'BY', tsv: ({ rotation }) => rotation.startedBy, flexible: true, lesser: true },
    {
      header: 'SINCE',
      tsv: ({ rotation }) => rfc3339(rotation.startedAt),
      cell: ({ rotation }) => age(rotation.startedAt, now),
    },
  ];
}

function oldCell({ key, old }: ShownRotation, now: number): string {
  if (key === undefined || old === undefined || key.revokedAt !== null) return '';
  const end = endOfOlder(old, key.olderUntil);
  if (end !== null && end <= now) return 'ended';
  return end === null || old.cutOff === null ? 'no end yet' : deadline(end, now);
}

/** The key, its workspace and its rotation for `rotations list --json`. */
export function shownRotationJson({ rotation, key, workspace, old }: ShownRotation): object {
  return {
    ...rotationJson(rotation, old),
    key_id: keyId(rotation.kid),
    public_key: key === undefined ? null : publicKey(key),
    name: key?.name ?? null,
    workspace,
  };
}

function time(at: number | null): string | null {
  return at === null || at === 0 ? null : rfc3339(at);
}
