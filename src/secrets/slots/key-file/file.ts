import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { quote } from '../../../domain/shell.ts';
import { Failure, PROGRAM } from '../../../errors.ts';
import { type FileKey, formatKeyFile, parseKeyFile } from './format.ts';

const LARGEST = 4096;
// Windows has neither flag.
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;
const NONBLOCK = constants.O_NONBLOCK ?? 0;

/**
 * The keys in the file; undefined when there is no file. A file that others can read, that someone else
 * owns, that is not a plain file of at most 4 KiB or doesn't parse throws `key_file_unusable`. Opened
 * without following a link and without waiting, so a planted link or FIFO does no harm. `uid` is ours,
 * undefined on Windows, where owner and modes say nothing. `ownFolder` is checked like the file when the file is there.
 */
export function readKeyFile(
  path: string,
  uid: number | undefined,
  ownFolder?: string,
): readonly FileKey[] | undefined {
  if (uid !== undefined && dirname(path) === ownFolder) checkOwnFolder(ownFolder, uid);
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | NOFOLLOW | NONBLOCK);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    throw unusable(path, code === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${code})`, error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw unusable(path, 'is not a plain file');
    if (uid !== undefined && stat.uid !== uid) throw unusable(path, 'belongs to someone else');
    if (uid !== undefined && (stat.mode & 0o077) !== 0) {
      throw new Failure('key_file_unusable', `the key file ${path} is open to others`, {
        hint: `chmod 600 ${quote(path)}, and replace the key if others may have read it: ${PROGRAM} slots rekey`,
      });
    }
    const bytes = Buffer.alloc(LARGEST + 1);
    const size = readSync(fd, bytes);
    if (size > LARGEST) throw unusable(path, 'is larger than 4 KiB');
    const keys = parseKeyFile(bytes.toString('utf8', 0, size));
    bytes.fill(0);
    if (!keys) throw unusable(path, 'is not a key file, or is damaged');
    return keys;
  } finally {
    closeSync(fd);
  }
}

function checkOwnFolder(folder: string, uid: number): void {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined || (stat.uid === uid && (stat.mode & 0o077) === 0)) return;
  throw new Failure('store_permissions', `${folder} is open to other users, or belongs to one`, {
    hint: `${PROGRAM} doctor --fix`,
  });
}

/** Makes a key file, 0600, in a folder made 0700. Throws `exists` when something is there already. */
export function createKeyFile(path: string, keys: readonly FileKey[]): void {
  try {
    makeFolder(dirname(path));
    writeNew(path, keys);
    syncFolder(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new Failure('exists', `there is something at ${path} already`, {
        hint: 'name another place with --key-file',
        cause: error,
      });
    }
    throw unusable(path, `cannot be made (${codeOf(error)})`, error);
  }
}

/** Replaces a key file by rename: after a crash it is the old or the new one. `suffix` is random. */
export function replaceKeyFile(path: string, keys: readonly FileKey[], suffix: string): void {
  const aside = `${path}.${suffix}.new`;
  try {
    writeNew(aside, keys);
    try {
      renameSync(aside, path);
    } catch (error) {
      unlinkSync(aside);
      throw error;
    }
    syncFolder(path);
  } catch (error) {
    throw unusable(path, `cannot be replaced (${codeOf(error)})`, error);
  }
}

/** Removes a key file. */
export function removeKeyFile(path: string): void {
  try {
    unlinkSync(path);
    syncFolder(path);
  } catch (error) {
    throw unusable(path, `cannot be removed (${codeOf(error)})`, error);
  }
}

/** The failure for a key file that can't be used as it is; `what` completes "the key file PATH …". */
export function unusable(path: string, what: string, cause?: unknown): Failure {
  return new Failure('key_file_unusable', `the key file ${path} ${what}`, {
    hint: `name the right one with ${PROGRAM} … --key-file PATH, or use another slot: ${PROGRAM} … --slot NAME`,
    cause,
  });
}

/** Not Node's own `recursive`: below `/proc`, where nothing can be made, that tries for ever. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, 0o700);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function writeNew(path: string, keys: readonly FileKey[]): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW, 0o600);
  try {
    writeSync(fd, formatKeyFile(keys));
    fsyncSync(fd);
  } catch (error) {
    unlinkSync(path);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * A new or removed name survives power loss only once its folder is synced. Windows can't open folders and
 * needn't. Never throws: the change is made, and told as failed it would be mended the wrong way.
 */
function syncFolder(path: string): void {
  let fd: number;
  try {
    fd = openSync(dirname(path), constants.O_RDONLY);
  } catch {
    return;
  }
  try {
    fsyncSync(fd);
  } catch {
    // Some network file systems don't offer it for folders.
  } finally {
    closeSync(fd);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
