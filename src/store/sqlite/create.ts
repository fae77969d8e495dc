import { linkSync, renameSync, rmSync } from 'node:fs';
import type { StoreSeed } from '../../domain/ports/store.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { writeIdentity } from '../queries/meta.ts';
import { transactionOn } from '../queries/readers.ts';
import { APPLICATION_ID, connectForWriting } from './connection.ts';
import { withCreationLock } from './creation-lock.ts';
import { loadDriver } from './driver.ts';
import { failureOf } from './errors.ts';
import { flush, makePrivateFile, removeDatabase } from './files.ts';
import { migrateFresh } from './migrate.ts';
import { randomName } from './names.ts';
import { checkPath, checkStoreFiles, filesOf, leftoversOf, makeFolder, statOf } from './paths.ts';
import { keepReserve } from './reserve.ts';
import { sqliteSearch } from './search.ts';
import { SqliteSession } from './session.ts';

/**
 * Makes a store unless one is there. It is built aside under a random name and linked into place
 * when it is complete and on disk, so nobody ever sees half of it, and of twenty first runs at once
 * one calls `seed`. When the store could not be made after `seed` returned, `seed.undo` runs.
 * Throws `busy`, `store_permissions`, `store_unreadable`, `store_full`, `store_foreign` where the journal of another
 * database lies, and what `seed` throws.
 */
export async function createSqlite(
  path: string,
  deps: StoreDeps,
  seed: () => Promise<StoreSeed>,
): Promise<{ created: boolean }> {
  checkPath(path);
  const { folder } = filesOf(path);
  makeFolder(folder, deps.uid);
  if (isThere(path, deps)) return { created: false };
  await loadDriver();
  try {
    return await withCreationLock(path, deps, async () => {
      // Nobody else creates now: what lies around is of creations that were killed.
      for (const leftover of leftoversOf(path)) rmSync(leftover, { force: true });
      if (isThere(path, deps)) return { created: false };
      refuseForeignJournal(path);
      await buildAndLink(path, deps, await seed());
      keepReserve(path, deps.random);
      return { created: true };
    });
  } catch (error) {
    throw creationFailure(error, path);
  }
}

function isThere(path: string, deps: StoreDeps): boolean {
  if (statOf(path) === undefined) return false;
  checkStoreFiles(path, deps.uid);
  return true;
}

/**
 * SQLite takes a journal that lies beside a database for its own and writes it over it: nothing in one says whose it
 * is. It may hold what was committed last, so it is not deleted. Throws `store_foreign`.
 */
export function refuseForeignJournal(path: string): void {
  const { wal, journal } = filesOf(path);
  const left = [wal, journal].find((file) => (statOf(file)?.size ?? 0) > 0);
  if (left === undefined) return;
  const of = left.slice(path.length);
  throw new Failure('store_foreign', `${left} is left of a database that is not there any more`, {
    hint: `it belongs beside that one, under its name and ${of}: move it there, or out of the way`,
  });
}

async function buildAndLink(path: string, deps: StoreDeps, seed: StoreSeed): Promise<void> {
  const aside = `${path}.new-${randomName(deps.random)}`;
  try {
    makePrivateFile(aside);
    await build(aside, deps, seed);
    flush(aside, deps.platform, 'file');
    linkInto(aside, path);
  } catch (error) {
    await seed.undo();
    throw error;
  } finally {
    removeDatabase(aside);
  }
  // From here on the store is in use, maybe by others already: what its seed made is never undone.
  const { folder } = filesOf(path);
  try {
    flush(folder, deps.platform, 'folder');
  } catch (error) {
    const message = `the store was made, but whether it outlives a power cut is unknown: ${folder} cannot be flushed`;
    throw new Failure('store_unreadable', message, { hint: `${PROGRAM} doctor`, cause: error });
  }
}

async function build(path: string, deps: StoreDeps, seed: StoreSeed): Promise<void> {
  const connection = connectForWriting(path);
  try {
    // Nobody uses the file yet and it is flushed as a whole, so no journal is needed beside it.
    connection.exec(
      `PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA application_id = ${APPLICATION_ID}`,
    );
    const migrations = deps.migrations ?? MIGRATIONS;
    await migrateFresh(connection, path, migrations);
    const session = new SqliteSession(connection, path);
    connection.exec('BEGIN IMMEDIATE');
    await writeIdentity(session, seed.identity, migrations.at(-1)?.minReader ?? 0, deps.random);
    const { write } = transactionOn(
      session,
      sqliteSearch,
      () => seed.identity.id,
      () => undefined,
    );
    await write.workspaces.insert(seed.workspace);
    await write.workspaces.addMember(seed.owner);
    for (const slot of seed.slots) await write.slots.insert(slot);
    for (const pepper of seed.peppers) await write.slots.putPepper(pepper);
    for (const record of seed.sealed) await write.slots.putSealed(record);
    await write.audit(seed.audit);
    connection.exec('COMMIT');
    connection.exec('PRAGMA journal_mode = WAL');
  } finally {
    connection.close();
  }
}

/** `link` refuses to replace; where a file system has no links, the creation lock has to do. */
export function linkInto(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const noLinks = code === 'EPERM' || code === 'ENOSYS' || code === 'ENOTSUP' || code === 'EOPNOTSUPP';
    if (!noLinks || statOf(path) !== undefined) throw error;
    renameSync(aside, path);
  }
}

function creationFailure(error: unknown, path: string): unknown {
  const failure = failureOf(error, path);
  if (failure instanceof Failure || !(error instanceof Error) || !('code' in error)) return failure;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') {
    return new Failure('store_full', 'the disk is full; no store was made', {
      hint: 'free some space, then try again',
      cause: error,
    });
  }
  return new Failure('store_unreadable', `no store can be made at ${path} (${String(error.code)})`, {
    hint: `${PROGRAM} doctor`,
    cause: error,
  });
}
