import type { AuditEntry, AuditFilter, Facts } from '../../domain/audit/entry.ts';
import type { Page } from '../../domain/keys/key.ts';
import type { AuditReader, PageRequest } from '../../domain/ports/store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { insertRows } from './insert-rows.ts';
import type { Session, Sql, Value } from './session.ts';

/** A page of a filtered list looks at no more entries than this. */
const MOST_LOOKED_AT = 5000;

const ENTRY = `SELECT seq, at, actor, os_user AS "osUser", action, target, workspace_id AS "workspaceId", facts,
  locked, prev, hash, seal FROM audit`;

type EntryRow = Omit<AuditEntry, 'facts' | 'locked'> & { readonly facts: string; readonly locked: number };

export function auditReader(session: Session, storeId: () => string): AuditReader {
  const one = async (clause: string, params: readonly Value[] = []) => {
    const row = await session.get<EntryRow>(`${ENTRY} ${clause}`, params);
    return row && toEntry(row);
  };
  return {
    head: () => one('ORDER BY seq DESC LIMIT 1'),
    bySeq: (seq) => one('WHERE seq = ?', [seq]),
    page: (filter, page) => auditPage(session, storeId(), filter, page),
    async from(seq, limit) {
      const rows = await session.all<EntryRow>(`${ENTRY} WHERE seq >= ? ORDER BY seq LIMIT ?`, [seq, limit]);
      return rows.map(toEntry);
    },
  };
}

/** Appends entries whose chain is computed already. */
export async function appendAudit(session: Session, entries: readonly AuditEntry[]): Promise<void> {
  await insertRows(session, 'audit', COLUMNS, entries.map(rowOf));
}

/** In the order of `rowOf`. */
const COLUMNS = [
  ...['seq', 'at', 'actor', 'os_user', 'action', 'target', 'workspace_id', 'facts', 'locked', 'prev', 'hash'],
  'seal',
];

function rowOf(entry: AuditEntry): readonly Value[] {
  const { seq, at, actor, osUser, action, target, workspaceId, facts, locked, prev, hash, seal } = entry;
  const what = [action, target, workspaceId, JSON.stringify(facts), locked ? 1 : 0];
  return [seq, at, actor, osUser, ...what, prev, hash, seal];
}

/** Replaces seals, after a new root key. */
export async function resealAudit(
  session: Session,
  seals: readonly { readonly seq: number; readonly seal: Uint8Array }[],
): Promise<void> {
  for (const { seq, seal } of seals)
    await session.run('UPDATE audit SET seal = ? WHERE seq = ?', [seal, seq]);
}

async function auditPage(
  session: Session,
  storeId: string,
  filter: AuditFilter,
  { limit, after }: PageRequest,
): Promise<Page<AuditEntry>> {
  const newest = await session.get<{ seq: number }>('SELECT seq FROM audit ORDER BY seq DESC LIMIT 1');
  const below =
    after === undefined ? (newest?.seq ?? 0) + 1 : (decodeCursor(after, 'audit', storeId, 1)[0] ?? 0);
  const conditions = conditionsOf(filter);
  // The index on target serves that filter alone; everything else reads backwards through the log.
  const indexed = filter.target !== undefined && conditions.length === 1;
  const floor = indexed || conditions.length === 0 ? 0 : Math.max(0, below - MOST_LOOKED_AT);
  const where = [{ text: 'seq < ? AND seq >= ?', params: [below, floor] }, ...conditions];
  const rows = await session.all<EntryRow>(
    `${ENTRY} WHERE ${where.map(({ text }) => text).join(' AND ')} ORDER BY seq DESC LIMIT ?`,
    [...where.flatMap(({ params }) => params), limit + 1],
  );
  const items = rows.slice(0, limit).map(toEntry);
  const last = rows.length > limit ? items.at(-1)?.seq : floor > 1 ? floor : undefined;
  return { items, next: last === undefined ? null : encodeCursor('audit', storeId, [last]) };
}

function conditionsOf(filter: AuditFilter): readonly Sql[] {
  const conditions: Sql[] = [];
  const add = (text: string, ...params: Value[]) => conditions.push({ text, params });
  if (filter.target !== undefined) add('target = ?', filter.target);
  if (filter.actor !== undefined) add('actor = ?', filter.actor);
  if (filter.action !== undefined) {
    const verbs = `${filter.action}.`;
    add('(action = ? OR substr(action, 1, ?) = ?)', filter.action, verbs.length, verbs);
  }
  if (filter.since !== undefined) add('at >= ?', filter.since);
  if (filter.workspaceId !== undefined) add('workspace_id = ?', filter.workspaceId);
  return conditions;
}

function toEntry(row: EntryRow): AuditEntry {
  return { ...row, facts: factsOf(row.facts), locked: row.locked === 1 };
}

/** Facts that were edited into no JSON must not stop the check of the log: its hash names the entry. */
function factsOf(text: string): Facts {
  try {
    return JSON.parse(text) as Facts;
  } catch {
    return { unreadable: text };
  }
}
