import { Failure } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { connectForReading } from './connection.ts';
import type { Connection } from './driver.ts';
import { entryAt, headOf, isSame } from './log-head.ts';
import { lockHolder, writeLockOf } from './wait.ts';

const MOST_PAGES = 0x7fffffff;

/**
 * Copies a database as of one moment, all pages in one step: a second one would find others' changes in
 * between. Gives back how many there were.
 */
export async function copyAtOnce(source: Connection, file: string): Promise<number> {
  return (await source.backup(file, { progress: () => MOST_PAGES })).totalPages;
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
    if ((await copyAtOnce(source, path)) > 0) break;
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
