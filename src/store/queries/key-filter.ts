import type { KeyFilter } from '../../domain/keys/key.ts';
import { HOUR, MINUTE } from '../../domain/keys/last-use.ts';
import type { Session, Sql, Value } from './session.ts';

/**
 * A condition of a filter. Where an index serves it, `sql` is written so that the planner may use
 * that index; `plain` holds for the same rows and can't, so that the index of another condition
 * stays the one that is read.
 */
export interface Condition {
  readonly sql: Sql;
  readonly plain: Sql;
  readonly indexed: boolean;
}

/** Integrations whose keys don't verify. */
const STOPPED = 'SELECT id FROM integrations WHERE configured_at IS NULL OR disabled_at IS NOT NULL';

/** Workspaces whose keys don't verify. */
const ARCHIVED = 'SELECT id FROM workspaces WHERE archived_at IS NOT NULL';

/** Because of what keys may count as disabled besides themselves. Mostly nothing, and then conditions are simpler. */
export interface Stopped {
  readonly integrations: boolean;
  readonly workspaces: boolean;
}

export async function stoppedBy(session: Session, filter: KeyFilter): Promise<Stopped> {
  if (filter.status === undefined || filter.status === 'revoked')
    return { integrations: false, workspaces: false };
  const { workspaceId } = filter;
  const archived =
    workspaceId === undefined
      ? session.get(`${ARCHIVED} LIMIT 1`)
      : session.get(`${ARCHIVED} AND id = ?`, [workspaceId]);
  return {
    integrations: (await session.get(`${STOPPED} LIMIT 1`)) !== undefined,
    workspaces: (await archived) !== undefined,
  };
}

/**
 * The conditions of a filter on one row of `keys`, but for the term. `now` (ms) decides what is expired;
 * `stopped` is what `stoppedBy` said.
 */
export function conditionsOf(filter: KeyFilter, now: number, stopped: Stopped): readonly Condition[] {
  const conditions: Condition[] = [];
  const indexed = (text: string, plain: string, ...params: Value[]) =>
    conditions.push({ sql: { text, params }, plain: { text: plain, params }, indexed: true });
  const add = (text: string, ...params: Value[]) => {
    const sql = { text, params };
    conditions.push({ sql, plain: sql, indexed: false });
  };
  if (filter.workspaceId !== undefined)
    indexed('workspace_id = ?', "workspace_id || '' = ?", filter.workspaceId);
  if (filter.kid !== undefined) indexed('kid = ?', "kid || '' = ?", filter.kid);
  if (filter.owner !== undefined) indexed('owner = ?', "owner || '' = ?", filter.owner);
  if (filter.integrationId !== undefined)
    indexed('integration_id = ?', "integration_id || '' = ?", filter.integrationId);
  if (filter.mode !== undefined) add('mode = ?', filter.mode);
  if (filter.issuedBefore !== undefined) add('COALESCE(issued_at, created_at) < ?', filter.issuedBefore);
  if (filter.unusedSince !== undefined) {
    const since = filter.unusedSince;
    // A use was noted rounded down (`notedUse`): its whole minute or hour must lie before.
    add(
      `CASE WHEN last_used_at IS NULL THEN created_at < ?
        WHEN older_until > ? AND last_used_at >= COALESCE(issued_at, created_at) THEN last_used_at < ?
        ELSE last_used_at < ? END`,
      ...[since, now, since - (since % MINUTE), since - (since % HOUR)],
    );
  }
  if (filter.expiringBefore !== undefined) {
    add('revoked_at IS NULL AND expires_at > ? AND expires_at <= ?', now, filter.expiringBefore);
  }
  const bound = stopped.integrations
    ? ` AND (integration_id IS NULL OR integration_id NOT IN (${STOPPED}))`
    : '';
  const within = stopped.workspaces ? ` AND workspace_id NOT IN (${ARCHIVED})` : '';
  const alive = `revoked_at IS NULL AND disabled_at IS NULL${bound}${within}`;
  const besides = [
    ...(stopped.integrations ? [`integration_id IN (${STOPPED})`] : []),
    ...(stopped.workspaces ? [`workspace_id IN (${ARCHIVED})`] : []),
  ];
  const unexpired = `${alive} AND (expires_at IS NULL OR expires_at > ?)`;
  switch (filter.status) {
    case 'revoked':
      indexed('revoked_at IS NOT NULL', 'COALESCE(revoked_at, -1) <> -1');
      break;
    case 'disabled':
      if (besides.length > 0)
        add(`revoked_at IS NULL AND (${['disabled_at IS NOT NULL', ...besides].join(' OR ')})`);
      else
        indexed(
          'disabled_at IS NOT NULL AND revoked_at IS NULL',
          'COALESCE(disabled_at, -1) <> -1 AND revoked_at IS NULL',
        );
      break;
    case 'expired':
      add(`${alive} AND expires_at <= ?`, now);
      break;
    case 'rotating':
      indexed(
        `older_until > 0 AND older_until > ? AND ${unexpired}`,
        `COALESCE(older_until, 0) > ? AND ${unexpired}`,
        now,
        now,
      );
      break;
    case 'active':
      add(`${unexpired} AND (older_until IS NULL OR older_until <= ?)`, now, now);
      break;
  }
  return conditions;
}

/** All of them, joined. */
export function and(conditions: readonly Sql[]): Sql {
  return {
    text: conditions.map(({ text }) => `(${text})`).join(' AND '),
    params: conditions.flatMap(({ params }) => params),
  };
}
