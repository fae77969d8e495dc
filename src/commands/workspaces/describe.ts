import { statusOfIntegration } from '../../domain/integrations/integration.ts';
import { allKeys } from '../../domain/keys/select.ts';
import { statusOf as statusOfKey } from '../../domain/keys/status.ts';
import type { Readers } from '../../domain/ports/store.ts';
import type { Workspace } from '../../domain/workspaces/workspace.ts';
import type { Column } from '../../terminal/output.ts';
import { age, rfc3339 } from '../../terminal/time.ts';

/** A workspace for `--json`. Fields are only ever added. */
export function workspaceJson(workspace: Workspace): object {
  return {
    id: workspace.id,
    slug: workspace.slug,
    name: workspace.name,
    kind: workspace.kind,
    brand: workspace.brand,
    status: statusOf(workspace),
    created_at: rfc3339(workspace.createdAt),
    created_by: workspace.createdBy,
    archived_at: workspace.archivedAt === null ? null : rfc3339(workspace.archivedAt),
  };
}

/** The columns of `workspaces list`; their order in TSV is frozen. */
export function workspaceColumns(now: number): readonly Column<Workspace>[] {
  return [
    { header: 'WORKSPACE', tsv: (one) => one.slug },
    { header: 'NAME', tsv: (one) => one.name, flexible: true },
    { header: 'KIND', tsv: (one) => one.kind },
    { header: 'STATUS', tsv: statusOf },
    { header: 'BRAND', tsv: (one) => one.brand },
    { header: 'CREATED', tsv: (one) => rfc3339(one.createdAt), cell: (one) => age(one.createdAt, now) },
  ];
}

export function statusOf(workspace: Workspace): 'active' | 'archived' {
  return workspace.archivedAt === null ? 'active' : 'archived';
}

/** How many keys of an archived workspace will verify once it is active again. Reads all of them. */
export async function countWaking(store: Readers, workspaceId: string, now: number): Promise<number> {
  const integrations = new Map((await store.integrations.all()).map((one) => [one.id, one]));
  let count = 0;
  for await (const key of allKeys(store, { workspaceId }, now)) {
    const bound = key.integrationId === null ? undefined : integrations.get(key.integrationId);
    const stopped = bound !== undefined && statusOfIntegration(bound) !== 'configured';
    if (['active', 'rotating'].includes(statusOfKey(key, now, stopped))) count++;
  }
  return count;
}

/** How many keys of the workspace verify at `now`, as far as they themselves decide it. */
export async function countLive(store: Readers, workspaceId: string, now: number): Promise<number> {
  const active = await store.keys.count({ workspaceId, status: 'active' }, now);
  return active + (await store.keys.count({ workspaceId, status: 'rotating' }, now));
}
