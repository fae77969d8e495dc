import type { Migration } from '../migrations/migration.ts';
import { type Connection, connectNowhere } from './driver.ts';
import { migrateFresh } from './migrate.ts';
import { isGate } from './triggers.ts';

/** A part of a schema that is missing, was added or is another one. */
export interface SchemaDifference {
  readonly type: string;
  readonly message: string;
}

interface Part {
  readonly type: string;
  readonly name: string;
  readonly sql: string | null;
}

/** Without what SQLite makes by itself. */
const PARTS = `SELECT type, name, sql FROM sqlite_schema
  WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name`;

/** Compares a schema with what the migrations make up to its version. */
export async function schemaDifferences(
  connection: Connection,
  migrations: readonly Migration[],
): Promise<readonly SchemaDifference[]> {
  const expected = new Map((await partsAfter(migrations)).map((part) => [keyOf(part), part]));
  const found: SchemaDifference[] = [];
  const differs = ({ type, name }: Part, how: string) =>
    found.push({ type, message: `the ${type} ${name} ${how}` });
  for (const part of connection.prepare<[], Part>(PARTS).all()) {
    const own = expected.get(keyOf(part));
    expected.delete(keyOf(part));
    if (own === undefined) {
      if (!isGate(connection, part.sql)) differs(part, 'was not made by this program');
    } else if (own.sql !== part.sql && !isOfSearch(part)) differs(part, 'is not as this program makes it');
  }
  for (const part of expected.values()) differs(part, 'is missing');
  return found;
}

async function partsAfter(migrations: readonly Migration[]): Promise<readonly Part[]> {
  const connection = connectNowhere();
  try {
    await migrateFresh(connection, ':memory:', migrations);
    return connection.prepare<[], Part>(PARTS).all();
  } finally {
    connection.close();
  }
}

function keyOf({ type, name }: Part): string {
  return `${type} ${name}`;
}

/** The tables in which FTS5 keeps its index, which each version of SQLite makes in its own words. */
function isOfSearch({ type, name }: Part): boolean {
  return type === 'table' && name.startsWith('keys_search_');
}
