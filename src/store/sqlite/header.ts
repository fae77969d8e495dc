import { Failure, PROGRAM } from '../../errors.ts';
import type { Migration } from '../migrations/migration.ts';
import { APPLICATION_ID } from './connection.ts';
import type { Connection } from './driver.ts';
import { failureOf } from './errors.ts';
import { refuseTriggers } from './triggers.ts';

/** What to do with a store of this version: use it, bring it up to date first, or only read it. */
export type Standing = 'current' | 'older' | 'newer';

/**
 * Reads, before anything is written, whose file this is and which version of the schema it has.
 * Throws `store_foreign`, `store_newer` (naming both versions), `store_damaged`.
 */
export function standingOf(
  connection: Connection,
  path: string,
  migrations: readonly Migration[],
  readNewer: boolean,
): Standing {
  const version = refuseForeign(connection, path);
  const latest = migrations.at(-1)?.version ?? 0;
  if (version <= latest) refuseTriggers(connection, path);
  if (version === latest) return 'current';
  if (version > latest) {
    if (readNewer && minReaderOf(connection, path) <= latest) return 'newer';
    throw newer(version, latest);
  }
  if (version < 1) {
    throw new Failure('store_damaged', `the store has no schema version: ${path}`, {
      hint: `put a copy of it back, or move it away and begin anew: ${PROGRAM} doctor --accept-rollback, then ${PROGRAM} init`,
    });
  }
  return 'older';
}

/** Gives back the schema's version of a store of this program; throws `store_foreign` for any other database. */
export function refuseForeign(connection: Connection, path: string): number {
  const { application, version } = headerOf(connection, path);
  if (application === APPLICATION_ID) return version;
  throw new Failure('store_foreign', `the database is not a store of this program: ${path}`, {
    hint: 'put a copy of the store back, or move that file away',
  });
}

export function newer(version: number, latest: number): Failure {
  return new Failure(
    'store_newer',
    `the store has version ${version}, and this program knows versions up to ${latest}`,
    { hint: 'npm install --global keywright@latest' },
  );
}

/** The schema's version as of now. */
export function versionOf(connection: Connection, path: string): number {
  return headerOf(connection, path).version;
}

interface Header {
  readonly application: number;
  readonly version: number;
}

const HEADER = `SELECT application_id AS application, user_version AS version
  FROM pragma_application_id, pragma_user_version`;
const NONE: Header = { application: 0, version: 0 };
/** Asked with every write, and preparing it takes a third of one. */
const prepared = new WeakMap<Connection, () => Header | undefined>();

function headerOf(connection: Connection, path: string): Header {
  return reading(path, () => {
    let ask = prepared.get(connection);
    if (ask === undefined) {
      const statement = connection.prepare<[], Header>(HEADER);
      ask = () => statement.get();
      prepared.set(connection, ask);
    }
    return ask() ?? NONE;
  });
}

function minReaderOf(connection: Connection, path: string): number {
  const sql = 'SELECT min_reader AS oldest FROM meta';
  const row = reading(path, () => connection.prepare<[], { oldest: number }>(sql).get());
  return row?.oldest ?? Number.POSITIVE_INFINITY;
}

function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureOf(error, path);
  }
}
