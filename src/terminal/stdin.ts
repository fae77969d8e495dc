import fs from 'node:fs';
import { isFileOrPipe } from './streams.ts';

const CHUNK = 64 * 1024;

/**
 * What is on stdin, piece by piece. Files and pipes are read directly where the descriptor is our own, since making
 * `process.stdin` takes 8 ms; everything else, and a pipe that somebody made non-blocking, through the stream.
 */
export async function* chunksOf(
  ownDescriptor: boolean,
  stream: () => AsyncIterable<Uint8Array | string>,
): AsyncGenerator<Uint8Array | string> {
  if (ownDescriptor && isFileOrPipe(0)) {
    for (let chunk = readNow(); chunk !== 'later'; chunk = readNow()) {
      if (chunk.length === 0) return;
      yield chunk;
    }
  }
  yield* stream();
}

function readNow(): Uint8Array | 'later' {
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    return buffer.subarray(0, fs.readSync(0, buffer, 0, CHUNK, null));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return 'later';
    // Windows says so when the writer of a pipe has gone.
    if (code === 'EOF') return new Uint8Array(0);
    throw error;
  }
}
