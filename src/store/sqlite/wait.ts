import { readFileSync } from 'node:fs';
import { Failure } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { isBusy } from './errors.ts';
import { filesOf, statOf } from './paths.ts';

const DEFAULT_TIMEOUT_MS = 10_000;
const NOTICE_AFTER_MS = 1000;
const LONGEST_PAUSE_MS = 25;

/** Which file's lock is waited for, and what it stands for in a message. */
export interface Awaited {
  readonly lockFile: string;
  readonly what: string;
  /** The byte that the holder has locked; any, when left out. */
  readonly byte?: number;
}

/** WAL_WRITE_LOCK in the -shm file: 22 + SQLITE_SHM_NLOCK words on (wal.c, os_unix.c UNIX_SHM_BASE). */
export function writeLockOf(path: string): Awaited {
  return { lockFile: filesOf(path).shm, what: 'the store', byte: 120 };
}

/**
 * Tries until it works, pausing in between so that the event loop runs on. What is not `busy` is
 * thrown at once. Says once, after a second, that it waits; throws `busy` after the time-out of `deps`.
 */
export async function untilFree<T>(attempt: () => T, awaited: Awaited, deps: StoreDeps): Promise<T> {
  let started: number | undefined;
  const timeout = deps.busyTimeoutMs ?? DEFAULT_TIMEOUT_MS;
  let told = false;
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusyFailure(error)) throw error;
      started ??= performance.now();
      const waited = performance.now() - started;
      if (waited >= timeout) throw busy(awaited, deps, error);
      if (!told && waited >= NOTICE_AFTER_MS) {
        told = true;
        deps.onWait({ pid: lockHolder(awaited, deps.platform) });
      }
      // Spread, so that twenty waiting processes don't try in step.
      const spread = pause * (0.5 + (deps.random(1)[0] ?? 0) / 256);
      await new Promise((resolve) => setTimeout(resolve, Math.min(spread, timeout - waited)));
    }
  }
}

function isBusyFailure(error: unknown): boolean {
  return isBusy(error) || (error instanceof Failure && error.code === 'busy');
}

function busy(awaited: Awaited, deps: StoreDeps, cause: unknown): Failure {
  const pid = lockHolder(awaited, deps.platform);
  const holder = pid === undefined ? 'another process' : `process ${pid}`;
  return new Failure('busy', `${holder} holds ${awaited.what}; nothing was changed`, {
    hint: pid === undefined ? 'try again when it is done' : `ps -p ${pid}, then try again`,
    cause,
  });
}

/**
 * Pid of the process that holds a write lock on the file, from Linux's /proc/locks
 * (`1: POSIX  ADVISORY  WRITE <pid> <major:minor:inode> <first> <last>`); undefined elsewhere, and
 * for holders outside this pid namespace.
 */
export function lockHolder({ lockFile, byte }: Awaited, platform: string): number | undefined {
  if (platform !== 'linux') return undefined;
  try {
    const inode = statOf(lockFile)?.ino;
    for (const line of readFileSync('/proc/locks', 'latin1').split('\n')) {
      const [, , , mode, pid, file, first, last] = line.trim().split(/\s+/);
      if (mode !== 'WRITE' || Number(file?.split(':')[2]) !== inode || Number(pid) <= 0) continue;
      const end = last === 'EOF' ? Number.POSITIVE_INFINITY : Number(last);
      if (byte === undefined || (Number(first) <= byte && byte <= end)) return Number(pid);
    }
  } catch {
    // Naming the holder is a courtesy; without /proc the wait is the same.
  }
  return undefined;
}
