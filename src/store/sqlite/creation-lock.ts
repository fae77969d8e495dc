import type { StoreDeps } from '../deps.ts';
import { type Connection, connect } from './driver.ts';
import { failureOf, sqliteCode } from './errors.ts';
import { claimLockFile } from './lock-file.ts';
import { fileAt, filesOf, makeFolder } from './paths.ts';
import { untilFree } from './wait.ts';

/** How often a lock file may be taken away under a process before it gives up. */
const MOST_TRIES = 20;

/**
 * Runs `work` while no other process creates a store at this path. The lock is SQLite's exclusive lock on
 * an empty file beside the store, which the kernel frees when its holder dies. The file stays, unless `work` takes
 * it away: then whoever waited for it starts anew. Throws `busy`.
 */
export async function withCreationLock<T>(path: string, deps: StoreDeps, work: () => Promise<T>): Promise<T> {
  const lockFile = filesOf(path).creationLock;
  let connection: Connection | undefined;
  try {
    for (let tries = 1; connection === undefined; tries++)
      connection = await locked(path, deps, tries === MOST_TRIES);
    return await work();
  } catch (error) {
    throw sqliteCode(error) === undefined ? error : failureOf(error, lockFile);
  } finally {
    connection?.close();
  }
}

/** Undefined when the file, or the folder, was taken away meanwhile: a lock on what has no name keeps nobody out. */
async function locked(path: string, deps: StoreDeps, last: boolean): Promise<Connection | undefined> {
  const { folder, creationLock: lockFile } = filesOf(path);
  let connection: Connection | undefined;
  let claimed: string | undefined;
  try {
    makeFolder(folder, deps.uid);
    claimLockFile(lockFile, deps.uid);
    claimed = fileAt(lockFile);
    const opened = connect(lockFile, { readonly: false, busyMs: 0 });
    connection = opened;
    const awaited = { lockFile, what: 'the making of this store' };
    await untilFree(() => opened.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'), awaited, deps);
    if (claimed !== undefined && fileAt(lockFile) === claimed) return connection;
  } catch (error) {
    const gone = fileAt(lockFile) === undefined || fileAt(lockFile) !== claimed;
    if (last || !gone) {
      connection?.close();
      throw error;
    }
  }
  connection?.close();
  if (last) throw new Error(`${lockFile} is taken away again and again`);
  return undefined;
}
