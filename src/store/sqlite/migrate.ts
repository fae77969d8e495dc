import { Failure } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import type { Migration, SchemaWords } from '../migrations/migration.ts';
import { connectForReading, connectForWriting } from './connection.ts';
import type { Connection } from './driver.ts';
import { failureOf } from './errors.ts';
import { flush, makePrivateFile, removeDatabase } from './files.ts';
import { newer, versionOf } from './header.ts';
import { randomName } from './names.ts';
import { SEARCH_SCHEMA_V1 } from './search.ts';
import { SqliteSession } from './session.ts';
import { untilFree, writeLockOf } from './wait.ts';

const WORDS: SchemaWords = {
  serial: 'INTEGER PRIMARY KEY',
  integer: 'INTEGER',
  bytes: 'BLOB',
  end: ' STRICT',
  searchV1: SEARCH_SCHEMA_V1,
};

/**
 * Brings an existing store up to date, all steps in one transaction: a step that fails, or a process that
 * is killed at any point, leaves the store as the older program knows it, and the next start tries again.
 * Before that a copy is kept beside it, `<store>.before-v<n>-<random>`, 0600.
 */
export async function migrateStore(
  path: string,
  migrations: readonly Migration[],
  deps: StoreDeps,
): Promise<void> {
  const latest = migrations.at(-1)?.version ?? 0;
  const connection = await untilFree(() => connectForWriting(path), writeLockOf(path), deps);
  try {
    await untilFree(() => connection.exec('BEGIN IMMEDIATE'), writeLockOf(path), deps);
    const version = versionOf(connection, path);
    if (version > latest) throw newer(version, latest);
    const missing = migrations.filter((migration) => migration.version > version);
    if (missing.length === 0) return;
    keepCopy(path, latest, deps);
    for (const migration of missing) await step(connection, path, migration);
    connection.exec('COMMIT');
  } catch (error) {
    throw failureOf(error, path);
  } finally {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    connection.close();
  }
}

/** Runs every step on a database that nobody else has. */
export async function migrateFresh(connection: Connection, path: string, migrations: readonly Migration[]) {
  for (const migration of migrations) {
    connection.exec('BEGIN IMMEDIATE');
    await step(connection, path, migration);
    connection.exec('COMMIT');
  }
}

async function step(connection: Connection, path: string, migration: Migration): Promise<void> {
  const session = new SqliteSession(connection, path);
  await migration.up(session, WORDS);
  connection.pragma(`user_version = ${migration.version}`);
  await session.run('UPDATE meta SET min_reader = ?', [migration.minReader]);
}

/** A second connection sees what was committed before our transaction began, which holds the write lock. */
function keepCopy(path: string, version: number, deps: StoreDeps): void {
  const copy = `${path}.before-v${version}-${randomName(deps.random)}`;
  const source = connectForReading(path);
  try {
    makePrivateFile(copy);
    source.prepare('VACUUM INTO ?').run(copy);
    flush(copy, deps.platform, 'file');
  } catch (error) {
    removeDatabase(copy);
    throw new Failure('store_unreadable', 'the store could not be copied before bringing it up to date', {
      hint: 'free some space or make its folder writable, then try again',
      cause: error,
    });
  } finally {
    source.close();
  }
}
