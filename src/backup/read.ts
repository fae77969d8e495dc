import { constants, statSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Bytes, Closable } from '../domain/ports/backup.ts';
import { Failure } from '../errors.ts';

const PIECE = 1024 * 1024;

/**
 * The bytes of a regular file, a link followed. Throws `not_found`, or `usage` for anything else that can't be read
 * and for a file of `store`: closing a file that SQLite has open drops its locks (sqlite.org/howtocorrupt.html 2.2).
 */
export function fileBytes(path: string, store: string): Closable {
  let file: FileHandle | undefined;
  const close = async (): Promise<void> => {
    const open = file;
    file = undefined;
    await open?.close();
  };
  async function* bytes(): Bytes {
    for (const suffix of ['', '-wal', '-shm'])
      if (isSame(path, store + suffix))
        throw new Failure('usage', `${path} is the store itself, and no backup of it`);
    file = await opened(path);
    try {
      if (!(await file.stat()).isFile()) throw new Failure('usage', `${path} is not a regular file`);
      while (file !== undefined) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE, null);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw error instanceof Failure ? error : unreadable(path, error);
    } finally {
      await close();
    }
  }
  return Object.assign(bytes(), { close });
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/** O_NONBLOCK: opening a FIFO that nobody writes to must not wait. */
async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
  return new Failure(code === 'ENOENT' ? 'not_found' : 'usage', `${path} could not be read (${code})`, {
    cause: error,
  });
}
