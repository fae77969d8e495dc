import type { Head } from '../../domain/ports/backup.ts';
import { Failure } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { connectForWriting } from './connection.ts';
import type { Connection } from './driver.ts';
import { failureOf } from './errors.ts';
import { headOf, isSame } from './log-head.ts';
import { untilFree, writeLockOf } from './wait.ts';

/**
 * How long the gate stays shut if the process that shut it dies before it has put other pages in place, s. The
 * copying begins right after, and at the latest when its wait for a lock ends.
 */
export const SHUT_FOR = 120;
const GATE = 'restoring';

/**
 * Keeps the audit log, and so every change, from growing until the store's pages have been replaced: SQLite's backup
 * API takes the write lock itself and has no room for a look before, so what was committed between a look and the
 * copying would be gone, though its user was told that it is done. Whoever tries meets `busy` and has changed
 * nothing. The gate is a trigger, which goes with the pages that are replaced. Gives back what opens it again, which
 * waits for whoever holds the store. Both throw `busy`, and closing it `changed` unless the log ends with `expected`.
 */
export async function closeLog(
  path: string,
  expected: Head | undefined,
  deps: StoreDeps,
): Promise<() => Promise<void>> {
  const connection = connectForWriting(path);
  try {
    await untilFree(() => connection.exec('BEGIN IMMEDIATE'), writeLockOf(path), deps);
    if (!isSame(headOf(connection), expected)) throw changed();
    connection.exec(
      `DROP TRIGGER IF EXISTS ${GATE};
       CREATE TRIGGER ${GATE} BEFORE INSERT ON audit WHEN unixepoch() < ${until(connection)}
         BEGIN SELECT RAISE(ABORT, '${GATE}'); END;
       COMMIT`,
    );
  } catch (error) {
    throw failureOf(error, path);
  } finally {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    connection.close();
  }
  return () => openLog(path, deps);
}

async function openLog(path: string, deps: StoreDeps): Promise<void> {
  const connection = connectForWriting(path);
  try {
    await untilFree(() => connection.exec(`DROP TRIGGER IF EXISTS ${GATE}`), writeLockOf(path), deps);
  } catch (error) {
    throw failureOf(error, path);
  } finally {
    connection.close();
  }
}

function until(connection: Connection): number {
  return Number(connection.prepare('SELECT unixepoch()').pluck().get()) + SHUT_FOR;
}

function changed(): Failure {
  return new Failure('changed', 'the store changed meanwhile; nothing was restored', {
    hint: 'run it again',
  });
}
