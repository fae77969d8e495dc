import { rmSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Snapshot } from '../../domain/ports/backup.ts';
import type { StoreDeps } from '../deps.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { connectForReading } from './connection.ts';
import { copyAtOnce } from './copy.ts';
import { withCreationLock } from './creation-lock.ts';
import { connect, loadDriver } from './driver.ts';
import { failureOf } from './errors.ts';
import { makePrivateFile, removeDatabase } from './files.ts';
import { standingOf } from './header.ts';
import { randomName } from './names.ts';
import { checkStoreFiles, leftoversOf } from './paths.ts';

const PIECE = 1024 * 1024;

/**
 * The store's bytes as of one moment. They are copied into a file beside the store, which has lost its name before
 * the first of them is read: names, log and hashes are never written in the clear to where a backup goes, and
 * nothing is left by a process that dies. Throws `store_full`, and as opening does.
 */
export async function snapshotSqlite(path: string, deps: StoreDeps): Promise<Snapshot> {
  await loadDriver();
  // The lock keeps others from taking the file for one of a process that was killed, of which it is rid here.
  return withCreationLock(path, deps, async () => {
    for (const leftover of leftoversOf(path)) rmSync(leftover, { force: true });
    const aside = `${path}.new-${randomName(deps.random)}`;
    try {
      await copyInto(path, aside, deps);
      const facts = settle(aside);
      const file = await open(aside, 'r');
      const { size } = await file.stat();
      return { ...facts, size, database: bytesOf(file), discard: () => file.close() };
    } finally {
      forget(aside);
    }
  });
}

async function copyInto(path: string, aside: string, deps: StoreDeps): Promise<void> {
  checkStoreFiles(path, deps.uid);
  const source = connectForReading(path);
  try {
    standingOf(source, path, deps.migrations ?? MIGRATIONS, false);
    makePrivateFile(aside);
    await copyAtOnce(source, aside);
  } catch (error) {
    throw failureOf(error, path);
  } finally {
    source.close();
  }
}

/** Takes the copy out of WAL mode, so that the one file is all there is of it, and counts what it holds. */
function settle(aside: string): Pick<Snapshot, 'schema' | 'keys' | 'entries'> {
  const copy = connect(aside, { readonly: false, busyMs: 0 });
  try {
    copy.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE');
    const count = (sql: string): number => Number(copy.prepare(sql).pluck().get());
    return {
      schema: count('PRAGMA user_version'),
      keys: count('SELECT count(*) FROM keys'),
      entries: count('SELECT count(*) FROM audit'),
    };
  } finally {
    copy.close();
  }
}

async function* bytesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** On Windows what is open keeps its name, and the next look for leftovers takes it. */
function forget(aside: string): void {
  try {
    removeDatabase(aside);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && (error.code === 'EBUSY' || error.code === 'EPERM')))
      throw error;
  }
}
