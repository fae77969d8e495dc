import type { KeyFilter } from '../../domain/keys/key.ts';
import type { Sql, Value } from './session.ts';

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

/** The conditions of a filter on one row of `keys`, but for the term. `now` (ms) decides what is expired. */
export function conditionsOf(filter: KeyFilter, now: number): readonly Condition[] {
  const conditions: Condition[] = [];
  const indexed = (text: string, plain: string, ...params: Value[]) =>
    conditions.push({ sql: { text, params }, plain: { text: plain, params }, indexed: true });
  const add = (text: string, ...params: Value[]) => {
    const sql = { text, params };
    conditions.push({ sql, plain: sql, indexed: false });
  };
  if (filter.workspaceId !== undefined)
    indexed('workspace_id = ?', "workspace_id || '' = ?", filter.workspaceId);
  if (filter.owner !== undefined) indexed('owner = ?', "owner || '' = ?", filter.owner);
  if (filter.mode !== undefined) add('mode = ?', filter.mode);
  if (filter.unusedSince !== undefined) add('COALESCE(last_used_at, created_at) < ?', filter.unusedSince);
  if (filter.expiringBefore !== undefined) {
    add('revoked_at IS NULL AND expires_at > ? AND expires_at <= ?', now, filter.expiringBefore);
  }
  switch (filter.status) {
    case 'revoked':
      indexed('revoked_at IS NOT NULL', 'COALESCE(revoked_at, -1) <> -1');
      break;
    case 'disabled':
      indexed(
        'disabled_at IS NOT NULL AND revoked_at IS NULL',
        'COALESCE(disabled_at, -1) <> -1 AND revoked_at IS NULL',
      );
      break;
    case 'expired':
      add('revoked_at IS NULL AND disabled_at IS NULL AND expires_at <= ?', now);
      break;
    case 'active':
      add('revoked_at IS NULL AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > ?)', now);
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
