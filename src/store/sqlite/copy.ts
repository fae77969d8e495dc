import { Failure, PROGRAM } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { connectForReading } from './connection.ts';
import { type Connection, loadDriver } from './driver.ts';
import { failureOf } from './errors.ts';
import { makePrivateFile, removeDatabase } from './files.ts';
import { standingOf } from './header.ts';
import { entryAt, headOf, isSame } from './log-head.ts';
import { checkPath, checkStoreFiles } from './paths.ts';
import { lockHolder, writeLockOf } from './wait.ts';

const MOST_PAGES = 0x7fffffff;

/**
 * Copies a store as of one moment into a new file, 0600, while others go on writing: SQLite's backup API, all
 * pages in one step. Throws `exists`, `store_full`, and as opening does.
 */
export async function backupSqlite(path: string, file: string, deps: StoreDeps): Promise<void> {
  checkStoreFiles(path, deps.uid);
  checkPath(file);
  await loadDriver();
  const source = connectForReading(path);
  try {
    standingOf(source, path, deps.migrations ?? MIGRATIONS, false);
    claimNew(file);
    try {
      await source.backup(file, { progress: () => MOST_PAGES });
    } catch (error) {
      removeDatabase(file);
      throw error;
    }
  } catch (error) {
    throw failureOf(error, path);
  } finally {
    source.close();
  }
}

/**
 * Replaces the store's content by a backup's through SQLite's backup API: in one transaction that
 * open readers see, which a rename would not be. Throws `busy`, `store_damaged` and as opening does
 * for a backup that is none.
 */
export async function restoreSqlite(path: string, file: string, deps: StoreDeps): Promise<void> {
  checkStoreFiles(path, deps.uid);
  checkPath(file);
  await loadDriver();
  const source = connectForReading(file);
  try {
    standingOf(source, file, deps.migrations ?? MIGRATIONS, false);
    if (source.pragma('integrity_check(1)', { simple: true }) !== 'ok') {
      throw new Failure('store_damaged', `the backup is damaged: ${file}`, {
        hint: `${PROGRAM} backup verify FILE`,
      });
    }
    await copyPages(source, path, deps);
  } catch (error) {
    throw failureOf(error, path);
  } finally {
    source.close();
  }
}

/**
 * A target that is locked makes the driver report a copy of no pages as done (13.2.0: it stops
 * when none remain, and none do before the first step), so that is what is tried again. Whether it
 * came over is seen by the newest entry of its log: whoever waited for the lock may have written by
 * then, and only adds to that.
 */
export async function copyPages(source: Connection, path: string, deps: StoreDeps): Promise<void> {
  const deadline = performance.now() + (deps.busyTimeoutMs ?? 10_000);
  for (;;) {
    // All pages in one step: a second one would find readers' changes in between.
    const { totalPages } = await source.backup(path, { progress: () => MOST_PAGES });
    if (totalPages > 0) break;
    if (performance.now() > deadline) throw stillLocked(path, deps);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const target = connectForReading(path);
  try {
    const head = headOf(source);
    if (!isSame(head && entryAt(target, head.seq), head)) throw stillLocked(path, deps);
  } finally {
    target.close();
  }
}

function stillLocked(path: string, deps: StoreDeps): Failure {
  const pid = lockHolder(writeLockOf(path), deps.platform);
  const holder = pid === undefined ? 'another process' : `process ${pid}`;
  return new Failure('busy', `${holder} holds the store; nothing was restored`, {
    hint: 'try again when it is done',
  });
}

function claimNew(file: string): void {
  try {
    makePrivateFile(file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    throw new Failure('exists', `${file} is there already`, { hint: 'name another file for the backup' });
  }
}
