import { randomBytes } from 'node:crypto';
import fs, { constants } from 'node:fs';
import path from 'node:path';
import { Failure } from '../errors.ts';
import { attempt, FILE_MODE, giveOwnerBack, NOFOLLOW, statusOf } from './files.ts';

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NOFOLLOW;

/**
 * Makes a file of mode 0600 with these bytes, durable when this returns. Under the name there is never less than
 * all of it, and what is there already, a symbolic link too, is left alone: `exists`.
 */
export function writePrivateFile(file: string, bytes: Uint8Array): void {
  writeWhole(file, bytes, linkNew);
}

/** Puts a new file of mode 0600 in the place of an old one, if any: one or the other is there at any moment. */
export function replacePrivateFile(file: string, bytes: Uint8Array): void {
  const stat = statusOf(file);
  if (stat !== undefined && !stat.isFile()) {
    throw new Failure('store_permissions', `${file} is not a regular file`);
  }
  writeWhole(file, bytes, fs.renameSync);
}

/** `writePrivateFile` for content that comes bit by bit. When `chunks` throws, nothing is left behind. */
export async function writePrivateStream(
  file: string,
  chunks: AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const temporary = openTemporary(file);
  try {
    try {
      for await (const chunk of chunks)
        attempt(file, () => writeAll(temporary.fd, Buffer.from(chunk as Uint8Array)));
      attempt(file, () => settle(temporary.fd));
    } finally {
      fs.closeSync(temporary.fd);
    }
    attempt(file, () => linkNew(temporary.path, file));
  } catch (error) {
    fs.rmSync(temporary.path, { force: true });
    throw error;
  }
  syncFolder(path.dirname(file));
}

function writeWhole(file: string, bytes: Uint8Array, place: (temporary: string, file: string) => void): void {
  const temporary = openTemporary(file);
  attempt(file, () => {
    try {
      try {
        writeAll(temporary.fd, bytes);
        settle(temporary.fd);
      } finally {
        fs.closeSync(temporary.fd);
      }
      place(temporary.path, file);
    } catch (error) {
      fs.rmSync(temporary.path, { force: true });
      throw error;
    }
  });
  syncFolder(path.dirname(file));
}

/** A new file of mode 0600 with a name that nobody can know, beside the one that it will become. */
function openTemporary(file: string): { readonly fd: number; readonly path: string } {
  const name = path.join(path.dirname(file), `.${path.basename(file)}.${randomBytes(8).toString('hex')}`);
  return { fd: attempt(file, () => fs.openSync(name, CREATE, FILE_MODE)), path: name };
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
}

function settle(fd: number): void {
  giveOwnerBack(fd);
  fs.fsyncSync(fd);
}

/** Unlike a rename, a link never takes the place of what is there. */
function linkNew(temporary: string, file: string): void {
  try {
    fs.linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Failure('exists', `${file} exists already`);
  }
  fs.unlinkSync(temporary);
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
