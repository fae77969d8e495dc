import fs from 'node:fs';
import { devNull } from 'node:os';
import { Failure } from '../errors.ts';

/** Where text goes: stdout or stderr. */
export interface Sink {
  readonly isTTY: boolean;
  /** Was there nothing at this descriptor when the program was started? What is written is lost. */
  readonly isClosed: boolean;
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
interface OutputStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly fd?: number;
}

/** One of the process's own streams, made when it is needed: that takes Node 3 ms. */
export interface StreamSource {
  /** Its file descriptor, when it is the real one. */
  readonly fd?: number | undefined;
  stream(): OutputStream;
}

/**
 * A sink on one of the process's own streams. It takes the stream's `error` events, so that none is unhandled;
 * after the first error every further write fails the same way.
 */
export function sinkOf({ fd, stream }: StreamSource): Sink {
  let broken: Error | undefined;
  let opened: OutputStream | undefined;
  const open = (): OutputStream => {
    if (opened !== undefined) return opened;
    opened = stream();
    opened.on('error', (error: Error) => {
      broken ??= error;
    });
    return opened;
  };
  const direct = fd !== undefined && isFileOrPipe(fd);
  const put = direct ? putDirectly(fd, () => putStream(open())) : (chunk: Chunk) => putStream(open())(chunk);
  return {
    get isTTY() {
      return !direct && open().isTTY === true;
    },
    get isClosed() {
      return fd !== undefined && wasClosed(fd);
    },
    get columns() {
      return (direct ? undefined : open().columns) || 80;
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

type Chunk = string | Uint8Array;
type Put = (chunk: Chunk) => Promise<void>;

/** The callback of `write` comes when the chunk has left the process, so awaiting it is the backpressure. */
function putStream(stream: OutputStream): Put {
  return (chunk) =>
    new Promise((resolve, reject) => {
      stream.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
}

/**
 * Node's own stream for files ignores how much of a chunk was written: a disk that is full after half a
 * secret would look like success. So files are written here, to the last byte, and pipes too. Somebody may
 * have made a pipe non-blocking; when such a one is full, the rest goes through the stream, which waits.
 */
function putDirectly(fd: number, throughStream: () => Put): Put {
  return async (chunk) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let done = 0;
    try {
      while (done < bytes.length) done += fs.writeSync(fd, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await throughStream()(bytes.subarray(done));
    }
  };
}

/** A file on a disk or a pipe: no terminal, socket or device. */
export function isFileOrPipe(fd: number): boolean {
  try {
    const stats = fs.fstatSync(fd);
    return stats.isFile() || stats.isFIFO();
  } catch {
    return false;
  }
}

/**
 * Node opens the null device, for reading and writing, where a standard descriptor is closed (`>&-`), and so does who
 * starts a program with its output ignored. Whoever says `>/dev/null` opens it for writing only, and means it.
 */
function wasClosed(fd: number): boolean {
  try {
    const { rdev } = fs.fstatSync(fd);
    if (rdev === 0 || rdev !== fs.statSync(devNull).rdev) return false;
    fs.readSync(fd, Buffer.alloc(1));
    return true;
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
