import type { Session, Value } from './session.ts';

/** Rows of one statement: more gain nothing, and this many times 26 columns stay far below what one may bind. */
const CHUNK = 100;

/**
 * Inserts rows that have these columns, a hundred by one statement; gives back how many went in. What all of the
 * hundred have in common is bound once: binding is half of what inserting a key takes (measured, better-sqlite3 13).
 * `ending` is put behind the statement, for `ON CONFLICT`.
 */
export async function insertRows(
  session: Session,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly Value[])[],
  ending = '',
): Promise<number> {
  const into = `INSERT INTO ${table} (${columns.join(', ')})`;
  const places = `VALUES (${columns.map(() => '?').join(', ')})`;
  let inserted = 0;
  let start = 0;
  for (; start + CHUNK <= rows.length; start += CHUNK) {
    const { text, params } = selectOf(rows.slice(start, start + CHUNK), columns.length);
    inserted += await session.run(`${into} ${text} ${ending}`, params);
  }
  // One by one, so that not every length is another statement to prepare.
  for (const row of rows.slice(start)) inserted += await session.run(`${into} ${places} ${ending}`, row);
  return inserted;
}

/** The rows as a SELECT: values in common in its list, the others in a table of their own. */
function selectOf(
  rows: readonly (readonly Value[])[],
  width: number,
): { readonly text: string; readonly params: readonly Value[] } {
  const params: Value[] = [];
  const list: string[] = [];
  const own: number[] = [];
  for (let column = 0; column < width; column++) {
    const common = rows[0]?.[column] as Value;
    // A table has at least one column.
    if ((column < width - 1 || own.length > 0) && rows.every((row) => row[column] === common)) {
      params.push(common);
      list.push('?');
    } else list.push(`column${own.push(column)}`);
  }
  for (const row of rows) for (const column of own) params.push(row[column] as Value);
  const one = `(${own.map(() => '?').join(', ')})`;
  const values = rows.map(() => one).join(', ');
  // WHERE tells the parser that ON CONFLICT is not part of a join.
  return { text: `SELECT ${list.join(', ')} FROM (VALUES ${values}) AS own WHERE true`, params };
}
