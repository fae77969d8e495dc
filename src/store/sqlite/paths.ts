import { lstatSync, mkdirSync, readdirSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Failure, PROGRAM } from '../../errors.ts';

/** The files of one store, all in one folder. */
export function filesOf(path: string) {
  return {
    folder: dirname(path),
    wal: `${path}-wal`,
    shm: `${path}-shm`,
    journal: `${path}-journal`,
    reserve: `${path}.reserve`,
    creationLock: `${path}.creating`,
    lockGate: `${path}.locks`,
  };
}

/** The file whose lock stands for this name (`Store.exclusively`). */
export function namedLockOf(path: string, name: string): string {
  if (!/^[a-zA-Z0-9_-]{1,64}$/.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a lock`);
  return `${path}.lock-${name}`;
}

/**
 * Throws `usage` for a path that SQLite's driver would open under another name: it trims the end
 * and cuts at a NUL, and a lone surrogate has no UTF-8.
 */
export function checkPath(path: string): void {
  const bent = path !== path.trim() || path.includes('\0') || !path.isWellFormed();
  if (isAbsolute(path) && !bent) return;
  const why = bent ? 'ends in white space or holds characters that no file can have' : 'is not absolute';
  throw new Failure('usage', `the path of the store ${why}: ${JSON.stringify(path)}`, {
    hint: 'KEYWRIGHT_STORE=sqlite:/absolute/path/keywright.db',
  });
}

const OWN_HOME = 'set KEYWRIGHT_HOME to a folder of your own';

/** What is at the path itself, links not followed; undefined for nothing. Throws `store_unreadable`. */
export function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Which file is at the path, whatever its content; undefined for none. Two at once never share a name. */
export function fileAt(path: string): string | undefined {
  const stats = statOf(path);
  return stats && `${stats.dev} ${stats.ino}`;
}

/** Makes the store's folder, 0700 with all above it that is missing, and checks it. Gives back what it made, innermost first. */
export function makeFolder(folder: string, uid: number | undefined): readonly string[] {
  const made: string[] = [];
  try {
    makeMissing(folder, made);
  } catch (error) {
    throw unreadable(folder, error);
  }
  checkFolder(folder, uid);
  return made;
}

/** Not Node's own `recursive`: below `/proc`, where nothing can be made, that tries for ever. */
function makeMissing(folder: string, made: string[]): void {
  if (statOf(folder) !== undefined) return;
  if (dirname(folder) !== folder) makeMissing(dirname(folder), made);
  try {
    mkdirSync(folder, 0o700);
    made.unshift(folder);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

/** Throws `store_permissions` unless the folder is ours and closed to everybody else. It may be reached by a link. */
function checkFolder(folder: string, uid: number | undefined): void {
  let stats: Stats | undefined;
  try {
    stats = statSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    throw unreadable(folder, error);
  }
  if (stats === undefined) throw noStore(folder);
  if (!stats.isDirectory()) throw refuse(`${folder} is not a folder`, OWN_HOME);
  checkAccess(folder, stats, uid);
}

/** Throws `store_permissions` for what is not a plain file of ours alone, under one name. */
export function checkFile(path: string, stats: Stats, uid: number | undefined): void {
  if (stats.isSymbolicLink()) throw refuse(`${path} is a symbolic link`, 'put the file itself in its place');
  if (!stats.isFile()) throw refuse(`${path} is not a regular file`, 'move it away');
  checkAccess(path, stats, uid);
  if (stats.nlink > 1 && !isOwnLeftover(path, stats) && (statOf(path)?.nlink ?? 0) > 1) {
    throw refuse(
      `${path} has a second name (a hard link), which would split its journal`,
      'remove the other name',
    );
  }
}

/** The checks before a store is opened; gives back what is known of its file. Throws `no_store` as well. */
export function checkStoreFiles(path: string, uid: number | undefined): Stats {
  checkPath(path);
  const files = filesOf(path);
  checkFolder(files.folder, uid);
  const stats = statOf(path);
  if (stats === undefined) throw noStore(path);
  checkFile(path, stats, uid);
  if (stats.size === 0) {
    throw new Failure('store_damaged', `the store is empty: ${path}`, {
      hint: `put a copy of it back, or move it away and begin anew: ${PROGRAM} doctor --accept-rollback, then ${PROGRAM} init`,
    });
  }
  for (const side of [files.wal, files.shm]) {
    const found = statOf(side);
    if (found !== undefined) checkFile(side, found, uid);
  }
  return stats;
}

/** Temporary files of creations that were killed: `<store>.new-<random>` and what SQLite put beside it. */
export function leftoversOf(path: string): readonly string[] {
  const prefix = `${basename(path)}.new-`;
  const folder = dirname(path);
  try {
    return readdirSync(folder)
      .filter((name) => name.startsWith(prefix))
      .map((name) => join(folder, name));
  } catch (error) {
    throw unreadable(folder, error);
  }
}

/**
 * A creation that was killed between linking and unlinking leaves a second name that is ours. One that is running may
 * have taken it away since `stats` was read, so who finds none looks at the file once more.
 */
function isOwnLeftover(path: string, stats: Stats): boolean {
  return stats.nlink === 2 && leftoversOf(path).some((name) => statOf(name)?.ino === stats.ino);
}

function checkAccess(path: string, stats: Stats, uid: number | undefined): void {
  if (uid === undefined) return;
  if (stats.uid !== uid) throw refuse(`${path} belongs to another user`, `${OWN_HOME}, or run as its owner`);
  if ((stats.mode & 0o077) !== 0) throw refuse(`${path} is open to other users (mode ${modeOf(stats)})`);
}

export function modeOf(stats: Stats): string {
  return (stats.mode & 0o7777).toString(8).padStart(4, '0');
}

/** For a store that was there when it was opened. */
export function gone(path: string): Failure {
  return new Failure('store_missing', `the store was removed or replaced meanwhile: ${path}`, {
    hint: `${PROGRAM} doctor`,
  });
}

function noStore(path: string): Failure {
  return new Failure('no_store', `there is no store at ${path}`, { hint: `${PROGRAM} init` });
}

function refuse(message: string, hint = `${PROGRAM} doctor --fix`): Failure {
  return new Failure('store_permissions', message, { hint });
}

function unreadable(path: string, error: unknown): Failure {
  const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return new Failure('store_unreadable', `${path} cannot be read or made${reason}`, {
    hint: `${PROGRAM} doctor`,
    cause: error,
  });
}
