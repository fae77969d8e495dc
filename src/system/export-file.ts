import { constants } from 'node:fs';
import { type FileHandle, link, lstat, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Random } from '../domain/ports/system.ts';
import { Failure } from '../errors.ts';

const EXCLUSIVE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

type Chunks = AsyncIterable<string | Uint8Array>;

/**
 * Makes a new file of mode 0600 from chunks, whole or not at all: it is written under a name of its own,
 * `PATH.partial-<random>`, beside its place, synced, and linked into place, which refuses to replace anything.
 * Throws `exists` when something is there, links included, `usage` where there is no
 * folder for it, and `output_failed` for everything else.
 */
export async function writeExport(path: string, chunks: Chunks, random: Random): Promise<void> {
  const aside = `${path}.partial-${Buffer.from(random(6)).toString('hex')}`;
  try {
    await refuseTaken(path);
    const file = await open(aside, EXCLUSIVE, 0o600);
    try {
      await fill(file, chunks);
      await linkInto(aside, path);
      await syncFolder(dirname(path));
    } finally {
      await unlink(aside).catch(() => undefined);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw taken(path, error);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw noFolder(path, error);
    throw new Failure('output_failed', `${path} could not be written (${code ?? 'unknown'})`, {
      cause: error,
    });
  }
}

/** Before the work, which may take minutes. Linking looks again. */
async function refuseTaken(path: string): Promise<void> {
  const there = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (there !== undefined) throw taken(path);
}

function taken(path: string, cause?: unknown): Failure {
  return new Failure('exists', `${path} exists already; nothing was written`, { cause });
}

function noFolder(path: string, cause: unknown): Failure {
  return new Failure('usage', `there is no folder ${dirname(path)}; nothing was written`, {
    hint: 'make it first, or name a file in another folder',
    cause,
  });
}

/** A FAT file system, on a USB stick, has no links: there an empty file of ours holds the place that is renamed over. */
async function linkInto(aside: string, path: string): Promise<void> {
  try {
    await link(aside, path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(code)) throw error;
    await (await open(path, EXCLUSIVE, 0o600)).close();
    await rename(aside, path);
  }
}

/** So that the name outlives a power cut, where folders can be synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

async function fill(file: FileHandle, chunks: Chunks): Promise<void> {
  try {
    for await (const chunk of chunks) await file.appendFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}
