import { lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ErrorCode, Failure } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import type { Migration } from '../migrations/migration.ts';
import { connectForWriting } from './connection.ts';
import { type Connection, loadDriver } from './driver.ts';
import { failureOf } from './errors.ts';
import { refuseForeign } from './header.ts';
import { filesOf, leftoversOf, modeOf, statOf } from './paths.ts';
import { obstacleTo } from './read-only.ts';
import { connectOnce } from './reading.ts';
import { RESERVE_BYTES } from './reserve.ts';
import { schemaDifferences } from './schema.ts';

/** Something wrong with a store's files. `fixable` is what `repair` mends. */
export interface StoreFinding {
  /** An error's own code where the store can't be opened. */
  readonly code:
    | ErrorCode
    | 'mode'
    | 'owner'
    | 'link'
    | 'leftover'
    | 'reserve'
    | 'readonly'
    | 'journal'
    | 'damaged'
    | 'schema'
    | 'search'
    | 'foreign_key'
    | 'settings';
  readonly message: string;
  readonly hint?: string | undefined;
  readonly path: string;
  readonly fixable: boolean;
}

/** Most problems of one kind that are reported. */
const MOST_REPORTED = 20;

type Inspected = Pick<StoreDeps, 'uid' | 'migrations'>;

/** Looks at files and content of an existing store. Reads all of it: seconds for a large one. Changes nothing. */
export async function inspectSqlite(path: string, deps: Inspected): Promise<readonly StoreFinding[]> {
  const files = [...inspectFiles(path, deps.uid), ...readOnly(path)];
  if (statOf(path)?.isFile() !== true) return files;
  await loadDriver();
  const content = await inspectContent(path, deps.migrations ?? MIGRATIONS);
  // Another program's database needs nothing of ours beside it.
  const isForeign = content.some(({ code }) => code === 'store_foreign');
  return [...files.filter(({ code }) => !(isForeign && code === 'reserve')), ...content];
}

/** Modes, owners, links and leftovers of everything of the store in its folder. */
function inspectFiles(path: string, uid: number | undefined): readonly StoreFinding[] {
  const { folder, reserve, journal } = filesOf(path);
  const findings: StoreFinding[] = [];
  const leftovers = new Set(leftoversOf(path));
  for (const file of [folder, ...belongings(path)]) {
    const stats = file === folder ? statSync(file) : lstatSync(file);
    const found = (code: StoreFinding['code'], message: string, fixable: boolean, hint?: string) =>
      findings.push({ code, message: `${file} ${message}`, hint, path: file, fixable });
    if (leftovers.has(file)) {
      found('leftover', 'is left of something that was interrupted', true);
      continue;
    }
    if (stats.isSymbolicLink())
      found('link', 'is a symbolic link', false, 'put the file itself in its place');
    else if (uid !== undefined && stats.uid !== uid)
      found(
        'owner',
        'belongs to another user',
        false,
        'run as its owner, or set KEYWRIGHT_HOME to a folder of your own',
      );
    else if (uid !== undefined && (stats.mode & 0o077) !== 0)
      found('mode', `is open to others (${modeOf(stats)})`, true);
    if (stats.isFile() && stats.nlink > 1 && leftovers.size === 0)
      found('link', 'has a second name (a hard link)', false, 'remove the other name');
  }
  const reserved = statOf(reserve)?.size ?? 0;
  if (statOf(path) !== undefined && reserved !== RESERVE_BYTES) {
    const state = reserved === 0 ? 'is missing' : 'is not whole';
    const message = `${reserve} ${state}: without it a full disk also stops revocations`;
    findings.push({ code: 'reserve', message, path: reserve, fixable: true });
  }
  if (statOf(journal) !== undefined) {
    const message = `${journal} is a rollback journal, which this store never writes: it may be of another database`;
    findings.push({ code: 'journal', message, path: journal, fixable: false });
  }
  return findings;
}

/** Reading and verifying go on, but nothing can be revoked. */
function readOnly(path: string): readonly StoreFinding[] {
  const obstacle = statOf(path)?.isFile() === true ? obstacleTo(path) : undefined;
  return obstacle === undefined ? [] : [{ code: 'readonly', ...obstacle, path, fixable: false }];
}

/** Everything in the folder whose name begins with the store's. */
function belongings(path: string): readonly string[] {
  const folder = dirname(path);
  return readdirSync(folder)
    .filter(
      (name) =>
        name === basename(path) ||
        name.startsWith(`${basename(path)}.`) ||
        name.startsWith(`${basename(path)}-`),
    )
    .map((name) => join(folder, name));
}

async function inspectContent(
  path: string,
  migrations: readonly Migration[],
): Promise<readonly StoreFinding[]> {
  let connection: Connection | undefined;
  try {
    let version = 0;
    connection = connectOnce(path, (found) => {
      version = refuseForeign(found, path);
    });
    // A newer store is another program's to judge.
    const schema =
      version > migrations.length ? [] : await otherSchema(connection, path, migrations.slice(0, version));
    // An index that lost its tables can't be checked, or rebuilt.
    const search = schema.every(({ fixable }) => fixable) ? searchDamage(path) : [];
    return [...schema, ...damages(connection, path), ...search, ...settings(connection, path)];
  } catch (error) {
    const failure = failureOf(error, path);
    if (!(failure instanceof Failure)) throw failure;
    const { code, message, hint } = failure;
    return [{ code, message, hint, path, fixable: false }];
  } finally {
    connection?.close();
  }
}

/** Triggers can be dropped and made; whatever else isn't as we make it holds records. */
async function otherSchema(
  connection: Connection,
  path: string,
  migrations: readonly Migration[],
): Promise<readonly StoreFinding[]> {
  const differences = await schemaDifferences(connection, migrations);
  return differences.slice(0, MOST_REPORTED).map(({ type, message }) => ({
    code: 'schema',
    message: `${path}: ${message}`,
    path,
    fixable: type === 'trigger',
  }));
}

function damages(connection: Connection, path: string): readonly StoreFinding[] {
  const check = connection
    .prepare<[], string>(`PRAGMA quick_check(${MOST_REPORTED})`)
    .pluck()
    .all() as string[];
  const found = check.filter((line) => line !== 'ok').map((line) => damage(path, `is damaged: ${line}`));
  const strays = connection.prepare<[], { table: string; parent: string }>('PRAGMA foreign_key_check').all();
  for (const { table, parent } of strays.slice(0, MOST_REPORTED)) {
    const message = `${path} has a row of ${table} that names no row of ${parent}`;
    found.push({ code: 'foreign_key', message, path, fixable: false });
  }
  return found;
}

function settings(connection: Connection, path: string): readonly StoreFinding[] {
  const mode = connection.pragma('journal_mode', { simple: true });
  // A copy in memory has no journal.
  if (mode === 'wal' || mode === 'memory') return [];
  return [
    { code: 'settings', message: `${path} is in journal mode ${String(mode)}, not WAL`, path, fixable: true },
  ];
}

/** FTS5 checks itself by an insert that writes nothing, for which it wants a connection that could write. */
function searchDamage(path: string): readonly StoreFinding[] {
  let connection: Connection | undefined;
  try {
    connection = connectForWriting(path);
    connection.exec(
      "BEGIN IMMEDIATE; INSERT INTO keys_search (keys_search, rank) VALUES ('integrity-check', 1)",
    );
    return [];
  } catch (error) {
    const failure = failureOf(error, path);
    // A store that can't be written now can't be checked this way, and isn't damaged by that.
    if (!(failure instanceof Failure) || failure.code !== 'store_damaged') return [];
    return [
      { code: 'search', message: `the search index of ${path} does not fit its keys`, path, fixable: true },
    ];
  } finally {
    if (connection?.inTransaction) connection.exec('ROLLBACK');
    connection?.close();
  }
}

function damage(path: string, what: string): StoreFinding {
  return { code: 'damaged', message: `${path} ${what}`, path, fixable: false };
}
