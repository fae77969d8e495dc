import { chmodSync, rmSync } from 'node:fs';
import { Failure } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { inspectSqlite, type StoreFinding } from './check.ts';
import { connectForWriting } from './connection.ts';
import { withCreationLock } from './creation-lock.ts';
import { type Connection, loadDriver } from './driver.ts';
import { filesOf } from './paths.ts';
import { keepReserve } from './reserve.ts';
import { ownTriggersOnly } from './triggers.ts';
import { untilFree, writeLockOf } from './wait.ts';

/**
 * Mends what `inspectSqlite` calls fixable: tightens modes, makes the reserve, removes what killed
 * creations left, drops triggers that aren't ours, rebuilds the search index from the keys. Gives back what it mended; run again it
 * finds nothing of that. What can't be written is left as it is. Throws `busy`, `store_full`.
 */
export async function repairSqlite(path: string, deps: StoreDeps): Promise<readonly StoreFinding[]> {
  const mended: StoreFinding[] = [];
  for (const finding of await inspectSqlite(path, deps)) {
    if (finding.fixable && (await tryToMend(finding, path, deps))) mended.push(finding);
  }
  return mended;
}

async function tryToMend(finding: StoreFinding, path: string, deps: StoreDeps): Promise<boolean> {
  try {
    return await mend(finding, path, deps);
  } catch (error) {
    if (isReadOnly(error)) return false;
    throw error;
  }
}

function isReadOnly(error: unknown): boolean {
  if (error instanceof Failure) return error.code === 'store_readonly' || error.code === 'store_unreadable';
  return error instanceof Error && 'code' in error && /^(EROFS|EACCES|EPERM)$/.test(String(error.code));
}

async function mend(finding: StoreFinding, path: string, deps: StoreDeps): Promise<boolean> {
  switch (finding.code) {
    case 'mode':
      // Only what inspection found to be ours and no link; its folder is made ours first.
      chmodSync(finding.path, finding.path === filesOf(path).folder ? 0o700 : 0o600);
      return true;
    case 'reserve':
      return keepReserve(path, deps.random);
    case 'leftover':
      return removeLeftover(finding.path, path, deps);
    case 'search':
      return onStore(path, deps, (store) =>
        store.exec("INSERT INTO keys_search (keys_search) VALUES ('rebuild')"),
      );
    case 'schema':
      return onStore(path, deps, (store) => ownTriggersOnly(store, path));
    case 'settings':
      return onStore(path, deps, (store) => store.exec('PRAGMA journal_mode = WAL'));
    default:
      return false;
  }
}

/** Under the lock of the making of stores: what is still in use is no leftover. */
async function removeLeftover(leftover: string, path: string, deps: StoreDeps): Promise<boolean> {
  await loadDriver();
  await withCreationLock(path, deps, async () => rmSync(leftover, { force: true }));
  return true;
}

async function onStore(
  path: string,
  deps: StoreDeps,
  work: (connection: Connection) => void,
): Promise<boolean> {
  const connection = connectForWriting(path);
  try {
    await untilFree(() => work(connection), writeLockOf(path), deps);
    return true;
  } finally {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    connection.close();
  }
}
