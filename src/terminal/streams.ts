import fs from 'node:fs';
import { Failure } from '../errors.ts';

/** Where text goes: stdout or stderr. */
export interface Sink {
  readonly isTTY: boolean;
  /** Width of the terminal in columns; 80 when it isn't one or doesn't say. */
  readonly columns: number;
  /**
   * Resolves when the operating system has taken everything. Throws `ReaderGone` when whoever read the pipe
   * has left, else the failure `output_failed`.
   */
  write(chunk: string | Uint8Array): Promise<void>;
}

/** The reader of a pipe has gone (`| head -1`): no failure, unless a secret was being shown. */
export class ReaderGone extends Error {
  constructor() {
    super('the reader of the output has gone');
    this.name = 'ReaderGone';
  }
}

/** The part of a writable stream of Node that a sink uses; `process.stdout` and `process.stderr` have it. */
export interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly fd?: number;
}

/**
 * A sink on one of the process's own streams. It takes the stream's `error` events, so that none is unhandled;
 * after the first error every further write fails the same way.
 */
export function sinkOf(stream: OutputStream): Sink {
  let broken: Error | undefined;
  stream.on('error', (error: Error) => {
    broken ??= error;
  });
  const put = isFile(stream.fd) ? putFile(stream.fd as number) : putStream(stream);
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.columns || 80;
    },
    async write(chunk) {
      if (broken === undefined) {
        try {
          await put(chunk);
        } catch (error) {
          broken ??= error as Error;
        }
      }
      if (broken !== undefined) throw failureOf(broken);
    },
  };
}

type Put = (chunk: string | Uint8Array) => Promise<void>;

/** The callback of `write` comes when the chunk has left the process, so awaiting it is the backpressure. */
function putStream(stream: OutputStream): Put {
  return (chunk) =>
    new Promise((resolve, reject) => {
      stream.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
}

/**
 * Node's own stream for files ignores how much of a chunk was written: a disk that is full after half a
 * secret would look like success. So files are written here, to the last byte.
 */
function putFile(fd: number): Put {
  return async (chunk) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(fd, bytes, done);
  };
}

/** A file on a disk: no pipe, terminal or device. */
function isFile(fd: number | undefined): boolean {
  if (fd === undefined) return false;
  try {
    return fs.fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

function failureOf(error: Error): Error {
  const code = (error as NodeJS.ErrnoException).code;
  // Windows reports a closed pipe as EOF.
  if (code === 'EPIPE' || code === 'EOF') return new ReaderGone();
  return new Failure(
    'output_failed',
    `the answer could not be written${code === undefined ? '' : ` (${code})`}`,
    { cause: error },
  );
}
