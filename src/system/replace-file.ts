import { randomBytes } from 'node:crypto';
import fs, { constants } from 'node:fs';
import path from 'node:path';
import { Failure } from '../errors.ts';
import { attempt, FILE_MODE, giveOwnerBack, NOFOLLOW, statusOf } from './files.ts';

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW;

/**
 * Puts a new file of mode 0600 in the place of an old one, if any; durable when this returns. At any moment one
 * or the other is there whole. A symbolic link in its place is refused with `store_permissions`.
 */
export function replacePrivateFile(file: string, bytes: Uint8Array): void {
  const stat = statusOf(file);
  if (stat !== undefined && !stat.isFile()) {
    throw new Failure('store_permissions', `${file} is not a regular file`);
  }
  const folder = path.dirname(file);
  const temporary = path.join(folder, `.${path.basename(file)}.${randomBytes(8).toString('hex')}`);
  attempt(file, () => {
    const fd = fs.openSync(temporary, CREATE, FILE_MODE);
    try {
      fill(fd, bytes);
      fs.renameSync(temporary, file);
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error;
    }
  });
  syncFolder(folder);
}

/** Writes everything to the descriptor, makes it durable and closes it. */
function fill(fd: number, bytes: Uint8Array): void {
  try {
    giveOwnerBack(fd);
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** A new name in a folder survives a power failure only after this. Windows can't open folders and needn't. */
function syncFolder(folder: string): void {
  let fd: number;
  try {
    fd = fs.openSync(folder, constants.O_RDONLY);
  } catch {
    return;
  }
  try {
    fs.fsyncSync(fd);
  } catch {
    // Some network file systems don't offer it for folders.
  } finally {
    fs.closeSync(fd);
  }
}
