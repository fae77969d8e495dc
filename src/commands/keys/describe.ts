import { keyId } from '../../domain/ids.ts';
import { statusOfIntegration } from '../../domain/integrations/integration.ts';
import type { ApiKey, KeyStatus } from '../../domain/keys/key.ts';
import { HOUR, notedUse } from '../../domain/keys/last-use.ts';
import { statusOf } from '../../domain/keys/status.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { commandOn } from '../../domain/shell.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import type { Column } from '../../terminal/output.ts';
import { age, deadline, NEAR, rfc3339 } from '../../terminal/time.ts';

/** A key with what it takes to show it. */
export interface Shown {
  readonly key: ApiKey;
  readonly workspace: string;
  /** Name of the integration it is bound to. */
  readonly integration: string | null;
  /** What keeps it from verifying besides itself: an integration that isn't configured, or an archived workspace. */
  readonly stoppedBy: 'integration' | 'workspace' | undefined;
}

/** Puts names to what keys refer to by id. */
export async function showing(
  store: Pick<Readers, 'workspaces' | 'integrations'>,
): Promise<(key: ApiKey) => Shown> {
  const all = await store.workspaces.all();
  const workspaces = slugs(all);
  const archived = new Set(all.filter(({ archivedAt }) => archivedAt !== null).map(({ id }) => id));
  const integrations = new Map((await store.integrations.all()).map((one) => [one.id, one]));
  return (key) => {
    const workspace = workspaces.get(key.workspaceId) ?? '?';
    const bound = archived.has(key.workspaceId) ? 'workspace' : undefined;
    if (key.integrationId === null) return { key, workspace, integration: null, stoppedBy: bound };
    const integration = integrations.get(key.integrationId);
    const stopped = integration === undefined || statusOfIntegration(integration) !== 'configured';
    return {
      ...{ key, workspace, integration: integration?.name ?? '?' },
      stoppedBy: bound ?? (stopped ? 'integration' : undefined),
    };
  };
}

/** The state of the key as the filters of `keys list` mean it. */
export function shownStatus({ key, stoppedBy }: Shown, now: number): KeyStatus {
  return statusOf(key, now, stoppedBy !== undefined);
}

/** What keeps a key that isn't disabled itself from verifying all the same, and the command that ends that. */
export function stillStopped(shown: Shown): string | undefined {
  const { workspace, integration, stoppedBy } = shown;
  if (stoppedBy === 'workspace')
    return `${workspace} is archived, so it does not verify: ${commandOn('workspaces archive', workspace, '--undo')}`;
  if (stoppedBy !== 'integration') return undefined;
  const enable = commandOn('integrations enable', integration ?? '?', '-w', workspace);
  return `its integration ${integration} is disabled, so it does not verify: ${enable}`;
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
