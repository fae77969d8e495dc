import { closeSync, constants, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';

const EXCLUSIVE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

/**
 * Makes a file that was not there, 0600 from its first moment on whatever the umask lets through.
 * Throws what the system says (EEXIST for a planted file or link).
 */
export function makePrivateFile(path: string, content?: Uint8Array): void {
  const descriptor = openSync(path, EXCLUSIVE, 0o600);
  try {
    if (content !== undefined) writeAll(descriptor, content);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

function writeAll(descriptor: number, content: Uint8Array): void {
  for (let done = 0; done < content.length; ) done += writeSync(descriptor, content, done);
  fsyncSync(descriptor);
}

/** What network file systems say that don't flush folders (fsync(2)); they have nothing to wait for. */
const UNFLUSHABLE: ReadonlySet<unknown> = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM']);

/**
 * Makes a finished file or, where folders can be opened and flushed, a folder's entries survive power
 * loss. Never for a database in use.
 */
export function flush(path: string, platform: string, kind: 'file' | 'folder'): void {
  if (kind === 'folder' && platform === 'win32') return;
  // Windows flushes only what is open for writing.
  const descriptor = openSync(path, kind === 'file' ? constants.O_RDWR : constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (kind === 'file' || !UNFLUSHABLE.has(code)) throw error;
  } finally {
    closeSync(descriptor);
  }
}

/** Removes a database that nobody uses, with what SQLite put beside it. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}
