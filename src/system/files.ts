import fs, { constants } from 'node:fs';
import path from 'node:path';
import { type ErrorCode, Failure, PROGRAM } from '../errors.ts';

/**
 * The user that files must belong to, `process.geteuid()`; undefined where files have neither owners nor modes
 * (Windows), and then neither is checked.
 */
export type Uid = number | undefined;

/** Bits that let others in. */
const OTHERS = 0o077;
const OWN_HOME = 'set KEYWRIGHT_HOME to a folder of your own, or run as its owner';
const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;
// Windows has neither flag, and no symbolic links that anyone may make.
export const NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const NONBLOCK = constants.O_NONBLOCK ?? 0;

/**
 * Makes the folder and its missing parents, each 0700 from its first moment on, or checks the one that is there.
 * Throws as `checkPrivateFolder`, and `store_readonly`.
 */
export function ensurePrivateFolder(folder: string, uid: Uid): void {
  if (checkPrivateFolder(folder, uid)) return;
  makeFolder(folder);
  ensurePrivateFolder(folder, uid); // whoever was faster has made it as we would, or it is refused
}

/**
 * Is the folder there? It must be ours, nobody else's to enter, and no symbolic link of someone else: throws
 * `store_permissions`, `store_unreadable`.
 */
export function checkPrivateFolder(folder: string, uid: Uid): boolean {
  const stat = statusOf(folder);
  if (stat === undefined) return false;
  if (stat.isSymbolicLink() && uid !== undefined && stat.uid !== uid) throw notOurs(folder);
  const target = stat.isSymbolicLink() ? attempt(folder, () => fs.statSync(folder)) : stat;
  if (!target.isDirectory()) throw new Failure('store_unreadable', `${folder} is not a folder`);
  checkPrivate(folder, target, uid);
  return true;
}

/** Throws `store_permissions` when the file or folder belongs to someone else or lets others in. */
export function checkPrivate(name: string, stat: fs.Stats, uid: Uid): void {
  if (uid === undefined) return;
  if (stat.uid !== uid) throw notOurs(name);
  if ((stat.mode & OTHERS) !== 0) {
    throw new Failure('store_permissions', `${name} is open to other users (mode ${octal(stat.mode)})`, {
      hint: `${PROGRAM} doctor --fix`,
    });
  }
}

/**
 * Reads a small file of ours; undefined when there is none. A symbolic link, something else than a regular
 * file, someone else's, one open to others (`store_permissions`) or a larger one (`store_unreadable`) is refused.
 */
export function readPrivateFile(file: string, maxBytes: number, uid: Uid): Buffer | undefined {
  let fd: number;
  try {
    fd = fs.openSync(file, constants.O_RDONLY | NOFOLLOW | NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw failureOf(file, error);
  }
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) throw new Failure('store_permissions', `${file} is not a regular file`);
    checkPrivate(file, stat, uid);
    if (stat.size > maxBytes) throw new Failure('store_unreadable', `${file} is larger than it can be`);
    const buffer = Buffer.alloc(maxBytes);
    let length = 0;
    for (let read = -1; read !== 0 && length < maxBytes; length += read) {
      read = attempt(file, () => fs.readSync(fd, buffer, length, maxBytes - length, null));
    }
    return buffer.subarray(0, length);
  } finally {
    fs.closeSync(fd);
  }
}

/** Gives a descriptor's file mode 0600 when a strict umask took bits from its owner. It is never made wider. */
export function giveOwnerBack(fd: number): void {
  if ((fs.fstatSync(fd).mode & FILE_MODE) !== FILE_MODE) fs.fchmodSync(fd, FILE_MODE);
}

/** `mkdir -p` of our own, because a umask of 0777 would make parents that we can't enter ourselves. */
function makeFolder(folder: string): void {
  const parent = path.dirname(folder);
  if (parent !== folder && statusOf(parent) === undefined) makeFolder(parent);
  attempt(folder, () => {
    try {
      fs.mkdirSync(folder, FOLDER_MODE);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
      throw error;
    }
    if ((fs.lstatSync(folder).mode & FOLDER_MODE) !== FOLDER_MODE) fs.chmodSync(folder, FOLDER_MODE);
  });
}

/** lstat; undefined when there is nothing of that name. */
export function statusOf(name: string): fs.Stats | undefined {
  return attempt(name, () => fs.lstatSync(name, { throwIfNoEntry: false }));
}

/** Runs a file operation; what the system refuses becomes a failure that names the file. */
export function attempt<T>(name: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw error instanceof Failure ? error : failureOf(name, error);
  }
}

function failureOf(name: string, error: unknown): Failure {
  const { code: reason = 'unknown error' } = error as NodeJS.ErrnoException;
  const code: ErrorCode =
    reason === 'EROFS'
      ? 'store_readonly'
      : reason === 'ENOSPC' || reason === 'EDQUOT'
        ? 'store_full'
        : reason === 'ELOOP'
          ? 'store_permissions'
          : 'store_unreadable';
  const what = reason === 'ELOOP' ? 'is a symbolic link' : `can't be used (${reason})`;
  const hint = reason === 'EACCES' ? OWN_HOME : undefined;
  return new Failure(code, `${name} ${what}`, { hint, cause: error });
}

function notOurs(name: string): Failure {
  return new Failure('store_permissions', `${name} belongs to another user`, {
    hint: OWN_HOME,
  });
}

export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
