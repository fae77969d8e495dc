import { constants, rmdirSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Bytes, Head, StoreCopy } from '../../domain/ports/backup.ts';
import type { Store } from '../../domain/ports/store.ts';
import { Failure } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { connectForReading, connectForWriting } from './connection.ts';
import { copyPages } from './copy.ts';
import { linkInto, refuseForeignJournal } from './create.ts';
import { withCreationLock } from './creation-lock.ts';
import { loadDriver } from './driver.ts';
import { failureOf } from './errors.ts';
import { flush } from './files.ts';
import { closeLog } from './log-gate.ts';
import { randomName } from './names.ts';
import { checkPath, filesOf, leftoversOf, makeFolder, statOf } from './paths.ts';
import { keepReserve } from './reserve.ts';
import { openSqlite } from './store.ts';

/** Most problems that are reported. */
const MOST_REPORTED = 20;

/**
 * Writes a database into a file beside the store's place, 0600 and in a folder of 0700, opens it as a store and
 * gives it to `work`; afterwards it is gone, and so is what was made for it where no store came of it. Holds the lock that the making of a store takes, so that twenty at once
 * make one. Throws `backup_damaged`, `backup_foreign`, `store_newer`, `store_full`, `busy`.
 */
export async function copiedSqlite<T>(
  path: string,
  deps: StoreDeps,
  database: Bytes,
  work: (copy: StoreCopy) => Promise<T>,
): Promise<T> {
  checkPath(path);
  const folders = makeFolder(filesOf(path).folder, deps.uid);
  await loadDriver();
  const lockFile = statOf(filesOf(path).creationLock) === undefined ? [filesOf(path).creationLock] : [];
  const fresh = [...lockFile, ...folders];
  return withCreationLock(path, deps, async () => {
    // Nobody else makes or copies a store now: what lies around is of processes that were killed.
    removeAll(leftoversOf(path));
    const aside = `${path}.new-${randomName(deps.random)}`;
    try {
      await fill(aside, database);
      const store = await openSqlite(aside, deps).catch((error: unknown) => {
        throw aboutBackup(error, aside);
      });
      try {
        return await work(copyOf(store, { aside, path, deps }));
      } finally {
        await store.close();
      }
    } finally {
      removeAll(leftoversOf(path).filter((file) => file.startsWith(aside)));
      if (statOf(path) === undefined) forget(fresh);
    }
  });
}

/** A lock file and folders that nobody needs: a look at a backup leaves nothing. What others use by now stays. */
function forget(paths: readonly string[]): void {
  try {
    for (const path of paths) {
      if (statOf(path)?.isDirectory() === true) rmdirSync(path);
      else rmSync(path, { force: true });
    }
  } catch {
    // Not empty; or on Windows, where what is open keeps its name.
  }
}

interface Where {
  readonly aside: string;
  readonly path: string;
  readonly deps: StoreDeps;
}

function copyOf(store: Store, where: Where): StoreCopy {
  const { aside, path, deps } = where;
  return {
    store,
    damages: async () => damagesOf(aside),
    async place() {
      await store.close();
      if (statOf(path) !== undefined) throw new Failure('exists', `there is a store at ${path} by now`);
      refuseForeignJournal(path);
      settle(aside);
      flush(aside, deps.platform, 'file');
      linkInto(aside, path);
      flush(filesOf(path).folder, deps.platform, 'folder');
      keepReserve(path, deps.random);
    },
    async replace(expected) {
      await store.close();
      await replace(where, expected);
    },
  };
}

async function replace({ aside, path, deps }: Where, expected: Head | undefined): Promise<void> {
  const source = connectForReading(aside);
  try {
    const open = await closeLog(path, expected, deps);
    try {
      await copyPages(source, path, deps);
    } catch (error) {
      // What failed first is what is told; a gate that can't be opened now opens by itself.
      await open().catch(() => undefined);
      throw failureOf(error, path);
    }
  } finally {
    source.close();
  }
}

/** The file as it is to lie there: in WAL mode, and complete without its journal. */
function settle(aside: string): void {
  const connection = connectForWriting(aside);
  try {
    connection.exec('PRAGMA journal_mode = WAL; PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    connection.close();
  }
}

function damagesOf(aside: string): readonly string[] {
  const connection = connectForReading(aside);
  try {
    const check = connection.prepare<[], string>(`PRAGMA integrity_check(${MOST_REPORTED})`).pluck();
    const strays = connection
      .prepare<[], { table: string; parent: string }>('PRAGMA foreign_key_check')
      .all();
    return [
      ...check
        .all()
        .filter((line) => line !== 'ok')
        .map((line) => `its database is damaged: ${line}`),
      ...strays
        .slice(0, MOST_REPORTED)
        .map(({ table, parent }) => `its database has a row of ${table} that names no row of ${parent}`),
    ];
  } catch (error) {
    throw aboutBackup(failureOf(error, aside), aside);
  } finally {
    connection.close();
  }
}

async function fill(aside: string, database: Bytes): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const file = await open(aside, flags, 0o600).catch((error: unknown) => {
    throw unwritable(aside, error);
  });
  try {
    for await (const piece of database) await file.appendFile(piece);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw new Failure('store_full', 'the disk is full; the backup does not fit beside the store', {
      hint: 'free some space, then try again',
      cause: error,
    });
  } finally {
    await file.close();
  }
}

/** Nothing can be made where the store is. */
function unwritable(aside: string, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code !== 'EROFS' && code !== 'EACCES' && code !== 'EPERM') return cause;
  const message = `nothing can be written in ${dirname(aside)} (${code}), where a backup is looked at`;
  return new Failure('store_readonly', message, { hint: 'make it writable, then try again', cause });
}

/** What is wrong with the file is wrong with the backup, and its name says nothing to anybody. */
function aboutBackup(error: unknown, aside: string): unknown {
  if (!(error instanceof Failure)) return error;
  const codes = { store_damaged: 'backup_damaged', store_foreign: 'backup_foreign' } as const;
  const code =
    error.code === 'store_damaged' || error.code === 'store_foreign' ? codes[error.code] : error.code;
  const message = error.message.replaceAll(`: ${aside}`, '').replaceAll(aside, 'the backup');
  const hint = code === error.code ? error.hint : 'try another copy of it';
  return new Failure(code, code === error.code ? message : `in the backup: ${message}`, {
    hint,
    cause: error,
  });
}

function removeAll(files: readonly string[]): void {
  for (const file of files) rmSync(file, { force: true });
}
