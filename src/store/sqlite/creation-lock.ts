import type { StoreDeps } from '../deps.ts';
import { connect } from './driver.ts';
import { failureOf, sqliteCode } from './errors.ts';
import { claimLockFile } from './lock-file.ts';
import { filesOf } from './paths.ts';
import { untilFree } from './wait.ts';

/**
 * Runs `work` while no other process creates a store at this path. The lock is SQLite's exclusive lock on
 * an empty file beside the store, which the kernel frees when its holder dies. The file stays. Throws `busy`.
 */
export async function withCreationLock<T>(path: string, deps: StoreDeps, work: () => Promise<T>): Promise<T> {
  const lockFile = filesOf(path).creationLock;
  claimLockFile(lockFile, deps.uid);
  const connection = connect(lockFile, { readonly: false, busyMs: 0 });
  try {
    const awaited = { lockFile, what: 'the making of this store' };
    await untilFree(() => connection.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE'), awaited, deps);
    return await work();
  } catch (error) {
    throw sqliteCode(error) === undefined ? error : failureOf(error, lockFile);
  } finally {
    connection.close();
  }
}
