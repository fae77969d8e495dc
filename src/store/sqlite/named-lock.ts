import { rmSync } from 'node:fs';
import { Failure, PROGRAM } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { type Connection, connect } from './driver.ts';
import { failureOf } from './errors.ts';
import { claimLockFile } from './lock-file.ts';
import { filesOf, namedLockOf } from './paths.ts';
import { untilFree } from './wait.ts';

/** The gate is held for less than a millisecond; longer only by a process that was stopped there. */
const GATE_BUSY_MS = 1000;
const LOCK = 'PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE';

/**
 * Runs `work` while nobody else runs one of this name on this store. The lock is SQLite's exclusive lock on
 * an empty file, which the kernel frees when its holder dies. Waits `waitMs`, or as long as `deps` says,
 * then throws `busy`, naming the holder's pid where it is known. Throws `store_readonly`, `store_full`,
 * `store_permissions` when the file can't be made or is not ours.
 */
export async function withNamedLock<T>(
  path: string,
  name: string,
  deps: StoreDeps,
  work: () => Promise<T>,
  waitMs: number | undefined,
): Promise<T> {
  const lockFile = namedLockOf(path, name);
  const awaited = { lockFile, what: `the lock "${name}" of this store` };
  const waiting = waitMs === undefined ? deps : { ...deps, busyTimeoutMs: waitMs };
  const held = await untilFree(() => take(path, lockFile, deps.uid), awaited, waiting);
  try {
    return await work();
  } finally {
    release(path, lockFile, held, deps.uid);
  }
}

/** Throws `busy` while another has it. */
function take(path: string, lockFile: string, uid: number | undefined): Connection {
  try {
    return throughGate(path, uid, () => {
      claimLockFile(lockFile, uid);
      return locked(lockFile, 0);
    });
  } catch (error) {
    throw unclaimable(lockFile, failureOf(error, lockFile));
  }
}

/** Lets go of it and removes its file, which only clutters the folder. */
function release(path: string, lockFile: string, held: Connection, uid: number | undefined): void {
  try {
    throughGate(path, uid, () => {
      rmSync(lockFile, { force: true });
      held.close();
    });
  } catch {
    // Where the gate is shut, or an open file can't be removed, it stays: the next one takes it.
  } finally {
    held.close();
  }
}

/**
 * Taking a lock and removing its file exclude each other, or one could lock a file that has just lost its
 * name to one that another locks. Comparing inodes before and after doesn't help: numbers are given again
 * within microseconds, and times of change are no finer than 4 ms. The gate is a file of its own, which stays:
 * the one whose lock stands for the making of the store is held while a restore asks whether to go on.
 */
function throughGate<T>(path: string, uid: number | undefined, pass: () => T): T {
  const gate = filesOf(path).lockGate;
  claimLockFile(gate, uid);
  const connection = locked(gate, GATE_BUSY_MS);
  try {
    return pass();
  } finally {
    connection.close();
  }
}

function locked(file: string, busyMs: number): Connection {
  const connection = connect(file, { readonly: false, busyMs });
  try {
    connection.exec(LOCK);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
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
