import type { ApiKey, KeyFilter, Page } from '../../domain/keys/key.ts';
import type { PageRequest } from '../../domain/ports/store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { and, type Condition, conditionsOf, stoppedBy } from './key-filter.ts';
import { KEY, type KeyRow, toKey } from './key-row.ts';
import { fold, type SearchEngine, type Session, type Sql } from './session.ts';

/** A page looks at no more rows than this; it may come back short, with a cursor that goes on. */
const MOST_LOOKED_AT = 5000;
/**
 * The same where rows are reached through an index and lie all over the table: at a million keys
 * 5,000 of them take 20 ms, 1,000 up to 10, 500 stay under 5 (measured).
 */
const MOST_SCATTERED = 500;
/** The same for what the search index offers, each of which costs a step through its lists as well. */
const MOST_MATCHES = 500;
/** Bound at once when rows are fetched by number. */
const BATCH = 100;
const END = Number.MAX_SAFE_INTEGER;

interface Source {
  readonly session: Session;
  readonly search: SearchEngine;
  readonly storeId: string;
}

/** One page of `KeyReader.page`. */
export async function keyPage(
  source: Source,
  filter: KeyFilter,
  page: PageRequest,
  now: number,
): Promise<Page<ApiKey>> {
  const conditions = conditionsOf(filter, now, await stoppedBy(source.session, filter));
  const term = filter.term === undefined || filter.term === '' ? undefined : fold(filter.term);
  if (filter.expiringBefore !== undefined) {
    return expiringPage(source, conditions, term, page, { from: now, until: filter.expiringBefore });
  }
  return newestPage(source, conditions, term, filter.workspaceId, page);
}

/** Keys that fit the filter. */
export async function countKeys(session: Session, search: SearchEngine, filter: KeyFilter, now: number) {
  const where = conditionsOf(filter, now, await stoppedBy(session, filter)).map(({ sql }) => sql);
  if (filter.term !== undefined && filter.term !== '') {
    const term = fold(filter.term);
    const number = await workspaceNumber(session, filter.workspaceId);
    const among = search.candidates(term, number, END, END);
    if (among !== undefined) where.push({ text: `seq IN (${among.text})`, params: among.params });
    where.push(search.contains(term));
  }
  const all = and([{ text: '1 = 1', params: [] }, ...where]);
  const row = await session.get<{ n: number }>(
    `SELECT count(*) AS n FROM keys WHERE ${all.text}`,
    all.params,
  );
  return row?.n ?? 0;
}

/** Newest first, through the search index, an index on a column or the table itself. */
async function newestPage(
  source: Source,
  conditions: readonly Condition[],
  term: string | undefined,
  workspaceId: string | undefined,
  { limit, after }: PageRequest,
): Promise<Page<ApiKey>> {
  const { session, search, storeId } = source;
  const below = after === undefined ? END : (decodeCursor(after, 'keys', storeId, 1)[0] ?? 0);
  let found: Found;
  if (term === undefined) {
    found = await scan(session, conditions, [], below, limit);
  } else {
    const number = await workspaceNumber(session, workspaceId);
    const contains = search.contains(term);
    const candidates = (under: number, most: number) => search.candidates(term, number, under, most);
    found = candidates(below, 1)
      ? await fetchMatches(session, candidates, [...conditions.map(({ plain }) => plain), contains], below, {
          limit,
          first: conditions.length > (workspaceId === undefined ? 0 : 1) ? MOST_MATCHES : BATCH,
        })
      : await scan(session, conditions, [contains], below, limit);
  }
  const items = found.rows.slice(0, limit);
  const last = found.rows.length > limit ? items.at(-1)?.seq : found.floor;
  return { items: items.map(toKey), next: last === undefined ? null : encodeCursor('keys', storeId, [last]) };
}

/** Up to one row more than the page holds; `floor` is where looking ended when there may be more below. */
interface Found {
  readonly rows: readonly KeyRow[];
  readonly floor: number | undefined;
}

async function scan(
  session: Session,
  conditions: readonly Condition[],
  rest: readonly Sql[],
  below: number,
  limit: number,
): Promise<Found> {
  const { driver, floor } = await chooseDriver(session, conditions, rest.length, below);
  const where = and([
    { text: 'seq < ?', params: [below] },
    ...(floor === undefined ? [] : [{ text: 'seq >= ?', params: [floor] }]),
    ...conditions.map((condition) => (condition === driver ? condition.sql : condition.plain)),
    ...rest,
  ]);
  const sql = `${KEY} WHERE ${where.text} ORDER BY seq DESC LIMIT ?`;
  return { rows: await session.all<KeyRow>(sql, [...where.params, limit + 1]), floor };
}

/**
 * Picks the index to read: the one whose next 500 entries reach furthest back. Where that index
 * answers the whole filter, or what is left fits into the bound, there is no floor.
 */
async function chooseDriver(session: Session, conditions: readonly Condition[], rest: number, below: number) {
  const indexed = conditions.filter((condition) => condition.indexed);
  if (conditions.length + rest === indexed.length && indexed.length <= 1)
    return { driver: indexed[0], floor: undefined };
  let best: { driver: Condition | undefined; floor: number | undefined } | undefined;
  const drivers = indexed.length === 0 ? [undefined] : indexed;
  for (const driver of drivers) {
    const where = and([{ text: 'seq < ?', params: [below] }, ...(driver ? [driver.sql] : [])]);
    const row = await session.get<{ seq: number }>(
      `SELECT seq FROM keys WHERE ${where.text} ORDER BY seq DESC LIMIT 1 OFFSET ?`,
      [...where.params, (driver ? MOST_SCATTERED : MOST_LOOKED_AT) - 1],
    );
    if (row === undefined) return { driver, floor: undefined };
    if (best?.floor === undefined || row.seq < best.floor) best = { driver, floor: row.seq };
  }
  return best ?? { driver: undefined, floor: undefined };
}

/** Fetches what the search index offers, in batches, until the page is full or the bound is reached. */
async function fetchMatches(
  session: Session,
  candidates: (below: number, limit: number) => Sql | undefined,
  conditions: readonly Sql[],
  below: number,
  { limit, first }: { limit: number; first: number },
): Promise<Found> {
  const where = and(conditions);
  const sql = `${KEY} WHERE seq IN (${Array<string>(BATCH).fill('?').join(', ')}) AND ${where.text} ORDER BY seq DESC`;
  const rows: KeyRow[] = [];
  let under = below;
  // Each question goes through the lists of the term again, so a filter that leaves few of them asks once.
  for (let looked = 0, most = first; looked < MOST_MATCHES; most = 4 * BATCH) {
    const query = candidates(under, most);
    const offered = query === undefined ? [] : await session.all<{ seq: number }>(query.text, query.params);
    for (let start = 0; start < offered.length; start += BATCH) {
      const batch = offered.slice(start, start + BATCH).map(({ seq }) => seq);
      const filled = batch.concat(Array<number>(BATCH - batch.length).fill(0));
      rows.push(...(await session.all<KeyRow>(sql, [...filled, ...where.params])));
      under = batch.at(-1) ?? under;
      if (rows.length > limit) return { rows, floor: under };
    }
    if (offered.length < most) return { rows, floor: undefined };
    looked += offered.length;
  }
  return { rows, floor: under };
}

/** Soonest expiry first, through the index on expiry. */
async function expiringPage(
  { session, search, storeId }: Source,
  conditions: readonly Condition[],
  term: string | undefined,
  { limit, after }: PageRequest,
  { from, until }: { from: number; until: number },
): Promise<Page<ApiKey>> {
  const position = after === undefined ? [from, END] : decodeCursor(after, 'expiring', storeId, 2);
  const rest = term === undefined ? [] : [search.contains(term)];
  const beyond = {
    text: 'expires_at > ? AND expires_at <= ? AND (expires_at, seq) > (?, ?)',
    params: [from, until, ...position],
  };
  const bound = await session.get<{ expiresAt: number; seq: number }>(
    `SELECT expires_at AS "expiresAt", seq FROM keys WHERE ${beyond.text} ORDER BY expires_at, seq LIMIT 1 OFFSET ?`,
    [...beyond.params, MOST_SCATTERED - 1],
  );
  const within = bound && { text: '(expires_at, seq) <= (?, ?)', params: [bound.expiresAt, bound.seq] };
  const where = and([beyond, ...(within ? [within] : []), ...conditions.map(({ plain }) => plain), ...rest]);
  const rows = await session.all<KeyRow>(`${KEY} WHERE ${where.text} ORDER BY expires_at, seq LIMIT ?`, [
    ...where.params,
    limit + 1,
  ]);
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : bound;
  const next = last === undefined ? null : encodeCursor('expiring', storeId, [last.expiresAt ?? 0, last.seq]);
  return { items: items.map(toKey), next };
}

async function workspaceNumber(session: Session, id: string | undefined): Promise<number | undefined> {
  if (id === undefined) return undefined;
  const row = await session.get<{ n: number }>('SELECT n FROM workspaces WHERE id = ?', [id]);
  return row?.n;
}
