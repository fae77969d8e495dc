import type { FileHandle } from 'node:fs/promises';
import type { Failure } from '../errors.ts';
import { badInput, inheritedFd, openRegular, refused, streamOf } from './source.ts';

const PIECE = 64 * 1024;

/**
 * The bytes of a file piece by piece, under the rules for files that secrets have. Throws `bad_secret_input`, also
 * when there are more than `most`.
 */
export async function* chunksOfFile(path: string, most: number): AsyncGenerator<Uint8Array> {
  const inherited = inheritedFd(path);
  if (inherited !== undefined) return yield* atMost(streamOf(inherited), most, path);
  const handle = await openRegular(path);
  try {
    const { size } = await handle.stat();
    if (size > most) throw tooMuch(path, most);
    yield* atMost(pieces(handle, path), most, path);
  } finally {
    await handle.close();
  }
}

async function* pieces(handle: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  for (;;) {
    const buffer = Buffer.allocUnsafe(PIECE);
    const { bytesRead } = await handle.read(buffer, 0, PIECE).catch(refused(path));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

/** The same pieces; throws `bad_secret_input` as soon as they are more than `most` bytes. */
export async function* atMost(
  chunks: AsyncIterable<Uint8Array | string>,
  most: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  let length = 0;
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    length += bytes.length;
    if (length > most) throw tooMuch(what, most);
    yield bytes;
  }
}

function tooMuch(what: string, most: number): Failure {
  return badInput(`${what} holds more than ${most} bytes`, 'split it');
}
