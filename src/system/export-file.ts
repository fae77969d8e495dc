import { constants } from 'node:fs';
import { type FileHandle, link, open, unlink } from 'node:fs/promises';
import type { Random } from '../domain/ports/system.ts';
import { Failure } from '../errors.ts';

/**
 * Makes a new file of mode 0600 from chunks, whole or not at all: it is written under a random name
 * beside its place, synced, and linked into place, which refuses to replace anything. Throws `exists`
 * when something is there, links included, and `output_failed` for everything else.
 */
export async function writeExport(
  path: string,
  chunks: AsyncIterable<string>,
  random: Random,
): Promise<void> {
  const aside = `${path}.${Buffer.from(random(6)).toString('hex')}`;
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
    const file = await open(aside, flags, 0o600);
    try {
      await fill(file, chunks);
      await link(aside, path);
    } finally {
      await unlink(aside).catch(() => undefined);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST')
      throw new Failure('exists', `${path} exists already; nothing was written`, { cause: error });
    throw new Failure('output_failed', `${path} could not be written (${code ?? 'unknown'})`, {
      cause: error,
    });
  }
}

async function fill(file: FileHandle, chunks: AsyncIterable<string>): Promise<void> {
  try {
    for await (const chunk of chunks) await file.appendFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}
