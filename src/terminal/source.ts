import { constants, createReadStream, fstatSync, readFileSync, type Stats } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Failure } from '../errors.ts';

const INHERITED = /^(?:\/dev\/fd|\/proc\/self\/fd)\/(\d{1,6})$/;

/** A regular file, open for reading; throws `not_found` when there is none, `bad_secret_input` for anything else. */
export async function openRegular(path: string): Promise<FileHandle> {
  // O_NONBLOCK: opening a FIFO that nobody writes to must not wait.
  const handle = await fs.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(refused(path));
  const isFile = await handle.stat().then((stat) => stat.isFile());
  if (isFile) return handle;
  await handle.close();
  throw badInput(`${path} is not a regular file`);
}

/** The descriptor that a path such as `/dev/fd/3` names; undefined for other paths. Throws `bad_secret_input`. */
export function inheritedFd(path: string): number | undefined {
  const named = path === '/dev/stdin' ? 0 : INHERITED.exec(path)?.[1];
  if (named === undefined) return undefined;
  const fd = Number(named);
  if (!isHandedOver(fd)) throw badInput(`file descriptor ${fd} is not a file or pipe that was handed over`);
  return fd;
}

/** Reads the descriptor itself: opening `/dev/fd/N` anew would not find a pipe on every system. */
export function streamOf(fd: number): Readable {
  return createReadStream('', { fd, autoClose: false });
}

/** An open file, pipe or socket; but no pipe of our own, both ends of which are here: reading it would never end. */
function isHandedOver(fd: number): boolean {
  const stat = statOf(fd);
  if (stat === undefined || !(stat.isFile() || stat.isFIFO() || stat.isSocket())) return false;
  if (!stat.isFIFO()) return true;
  for (let other = 0; other < 256; other++) {
    const twin = other === fd ? undefined : statOf(other);
    const same = twin?.isFIFO() && twin.ino === stat.ino && twin.dev === stat.dev;
    if (same && isWritable(other)) return false;
  }
  return true;
}

/** As Linux tells it; elsewhere unknown, so no. The last octal digit is the access mode: 0 reads only. */
function isWritable(fd: number): boolean {
  try {
    return /^flags:\s+[0-7]*[1-3]$/m.test(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'));
  } catch {
    return false;
  }
}

function statOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd);
  } catch {
    return undefined;
  }
}

/** Turns what the system says of a file into a `not_found` or `bad_secret_input` failure. */
export function refused(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code === 'ENOENT') throw new Failure('not_found', `${path} could not be read (ENOENT)`);
    throw badInput(`${path} cannot be read${error.code === undefined ? '' : ` (${error.code})`}`);
  };
}

/** A failure about a secret, or data with secrets, that can't be read or used. */
export function badInput(message: string, hint?: string): Failure {
  return new Failure('bad_secret_input', message, { hint });
}
