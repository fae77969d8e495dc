import { keyId } from '../../domain/ids.ts';
import { statusOfIntegration } from '../../domain/integrations/integration.ts';
import type { ApiKey, KeyStatus } from '../../domain/keys/key.ts';
import { HOUR, notedUse } from '../../domain/keys/last-use.ts';
import { statusOf } from '../../domain/keys/status.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Readers } from '../../domain/ports/store.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import type { Column } from '../../terminal/output.ts';
import { age, deadline, NEAR, rfc3339 } from '../../terminal/time.ts';

/** A key with what it takes to show it. */
export interface Shown {
  readonly key: ApiKey;
  readonly workspace: string;
  /** Name of the integration it is bound to. */
  readonly integration: string | null;
  /** Is it bound to an integration that isn't configured? Then it doesn't verify. */
  readonly stopped: boolean;
}

/** Puts names to what keys refer to by id. */
export async function showing(
  store: Pick<Readers, 'workspaces' | 'integrations'>,
): Promise<(key: ApiKey) => Shown> {
  const workspaces = slugs(await store.workspaces.all());
  const integrations = new Map((await store.integrations.all()).map((one) => [one.id, one]));
  return (key) => {
    const workspace = workspaces.get(key.workspaceId) ?? '?';
    if (key.integrationId === null) return { key, workspace, integration: null, stopped: false };
    const integration = integrations.get(key.integrationId);
    const stopped = integration === undefined || statusOfIntegration(integration) !== 'configured';
    return { key, workspace, integration: integration?.name ?? '?', stopped };
  };
}

/** The state of the key as the filters of `keys list` mean it. */
export function shownStatus({ key, stopped }: Shown, now: number): KeyStatus {
  return statusOf(key, now, stopped);
}

/** The slug of each workspace by its id. */
export function slugs(workspaces: readonly Workspace[]): ReadonlyMap<string, string> {
  return new Map(workspaces.map((workspace) => [workspace.id, workspace.slug]));
}

/** A key for `--json`. Fields are only ever added. */
export function keyJson(shown: Shown, now: number): object {
  const { key, workspace, integration } = shown;
  return {
    id: keyId(key.kid),
    public_key: publicKey(key),
    name: key.name,
    workspace,
    mode: key.mode,
    status: shownStatus(shown, now),
    scopes: key.scopes,
    owner: key.owner,
    integration,
    purpose: key.purpose,
    networks: key.networks,
    version: key.version,
    issued_at: rfc3339(key.issuedAt),
    created_at: rfc3339(key.createdAt),
    created_by: key.createdBy,
    expires_at: time(key.expiresAt),
    last_used_at: time(key.lastUsedAt),
    disabled_at: time(key.disabledAt),
    revoked_at: time(key.revokedAt),
    revoked_reason: key.revokedReason,
  };
}

/** The columns of `keys list`; their order in TSV is frozen. */
export function keyColumns(now: number): readonly Column<Shown>[] {
  return [
    { header: 'PUBLIC KEY', tsv: ({ key }) => publicKey(key) },
    { header: 'NAME', tsv: ({ key }) => key.name, flexible: true },
    { header: 'WORKSPACE', tsv: ({ workspace }) => workspace },
    {
      header: 'STATUS',
      tsv: (shown) => shownStatus(shown, now),
      color: (shown) => COLORS[shownStatus(shown, now)],
    },
    { header: 'MODE', tsv: ({ key }) => key.mode },
    { header: 'SCOPES', tsv: ({ key }) => key.scopes.join(','), flexible: true, lesser: true },
    { header: 'OWNER', tsv: ({ key }) => key.owner, flexible: true, lesser: true },
    {
      header: 'USED',
      tsv: ({ key }) => time(key.lastUsedAt) ?? '',
      cell: ({ key }) => usedCell(key, key.lastUsedAt, now),
      lesser: true,
    },
    {
      header: 'EXPIRES',
      tsv: ({ key }) => time(key.expiresAt) ?? '',
      cell: ({ key }) => deadlineCell(key, now),
    },
    {
      header: 'CREATED',
      tsv: ({ key }) => rfc3339(key.createdAt),
      cell: ({ key }) => age(key.createdAt, now),
    },
  ];
}

/** A revoked key is gone for good: when it would have expired says nothing. */
function deadlineCell({ expiresAt, revokedAt }: ApiKey, now: number): string {
  if (revokedAt !== null) return '';
  return expiresAt === null ? 'never' : away(expiresAt, now);
}

const COLORS = {
  active: 'green',
  rotating: 'green',
  expired: 'yellow',
  disabled: 'yellow',
  revoked: 'red',
} as const;

/** For a column: `5h`, `<1h`, or `never`; `at` is the key's last use, or a version's. */
export function usedCell(key: ApiKey, at: number | null, now: number): string {
  if (at === null) return 'never';
  const { from, within } = notedUse(key, at, now);
  if (now - from >= within || from > now) return age(from, now);
  return within === HOUR ? '<1h' : '<1m';
}

/** `5h ago`, `within the last hour`, or `never`; `at` as for `usedCell`. */
export function usedText(key: ApiKey, at: number | null, now: number): string {
  if (at === null) return 'never';
  const { from, within } = notedUse(key, at, now);
  if (now - from >= within || from > now) return away(from, now);
  return `within the last ${within === HOUR ? 'hour' : 'minute'}`;
}

/** `last used 5h ago`, or `never used`; `at` as for `usedCell`. */
export function lastUsed(key: ApiKey, now: number, at = key.lastUsedAt): string {
  return at === null ? 'never used' : `last used ${usedText(key, at, now)}`;
}

/** `in 90d`, or `1h ago`. */
export function away(at: number, now: number): string {
  return at > now ? age(at, now) : `${age(at, now)} ago`;
}

/** `never expires`; the date of its last day, UTC; or the moment when that is near. */
export function expiry(at: number | null, now: number): string {
  if (at === null) return 'never expires';
  const near = Math.abs(at - now) <= NEAR;
  return `expires ${near ? deadline(at, now) : new Date(at - 1).toISOString().slice(0, 10)}`;
}

/** An edited row may hold a number that is no date: it is shown as `?`, and denies where it matters. */
function time(at: number | null): string | null {
  if (at === null) return null;
  return Number.isNaN(new Date(at).getTime()) ? '?' : rfc3339(at);
}
