import { Failure, PROGRAM } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { connect } from './driver.ts';
import { failureOf, sqliteCode } from './errors.ts';
import { makePrivateFile } from './files.ts';
import { checkFile, filesOf, statOf } from './paths.ts';
import { untilFree } from './wait.ts';

/** Runs `work` while no other process creates a store at this path. Throws `busy`. */
export function withCreationLock<T>(path: string, deps: StoreDeps, work: () => Promise<T>): Promise<T> {
  return locked(path, 'the making of this store', deps, work);
}

/**
 * Runs `work` while nobody else runs one on this store. The same lock as for making it: who makes a
 * store meets no store, and who changes one meets one. Throws `busy`, `store_readonly`, `store_full`.
 */
export async function withStoreLock<T>(path: string, deps: StoreDeps, work: () => Promise<T>): Promise<T> {
  const lockFile = filesOf(path).creationLock;
  try {
    claim(lockFile, deps.uid);
  } catch (error) {
    throw unclaimable(lockFile, error);
  }
  return locked(path, 'this store for a change that is made alone', deps, work);
}

function unclaimable(lockFile: string, error: unknown): unknown {
  if (error instanceof Failure || !(error instanceof Error) || !('code' in error)) return error;
  const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new Failure(
    full ? 'store_full' : 'store_readonly',
    `${lockFile} cannot be made (${String(error.code)})`,
    { hint: full ? 'free some space, then try again' : `${PROGRAM} doctor`, cause: error },
  );
}

/**
 * The lock is SQLite's exclusive lock on an empty file beside the store, which the kernel frees when
 * its holder dies. The file stays: removing it could leave two holders of two files of one name.
 */
async function locked<T>(path: string, what: string, deps: StoreDeps, work: () => Promise<T>): Promise<T> {
  const lockFile = filesOf(path).creationLock;
  claim(lockFile, deps.uid);
  const connection = connect(lockFile, { readonly: false, busyMs: 0 });
  try {
    const awaited = { lockFile, what };
    await untilFree(() => connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'), awaited, deps);
    return await work();
  } catch (error) {
    throw sqliteCode(error) === undefined ? error : failureOf(error, lockFile);
  } finally {
    connection.close();
  }
}

function claim(lockFile: string, uid: number | undefined): void {
  if (statOf(lockFile) === undefined) {
    try {
      makePrivateFile(lockFile);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
  const stats = statOf(lockFile);
  if (stats !== undefined) checkFile(lockFile, stats, uid);
}
