import { constants, createReadStream, fstatSync, readFileSync, type Stats } from 'node:fs';
import fs from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { Secret } from '../domain/secret.ts';
import { Failure } from '../errors.ts';

/** Where a secret is read from. Never an argument: other users can read those. */
export type SecretSource =
  | { readonly stdin: Readable & { readonly isTTY?: boolean } }
  | { readonly file: string }
  | { readonly variable: string; env(name: string): string | undefined };

/** Most bytes of a secret unless said otherwise. */
export const LARGEST_SECRET = 64 * 1024;

/**
 * Reads one secret. The rule, the same for every source: UTF-8; one final newline (LF or CRLF) is dropped and
 * nothing else is changed; empty, with NUL, with a byte order mark, not UTF-8 or of more than `maxBytes` bytes
 * is refused. Files must be regular or an inherited pipe (`/dev/fd/N`, so that `<(…)` works); a symbolic link
 * is followed, since mounted secrets are links. Throws `bad_secret_input`.
 */
export async function readSecret(source: SecretSource, maxBytes = LARGEST_SECRET): Promise<Secret> {
  // Two more bytes for the final newline, and one to see that there is more.
  const most = maxBytes + 3;
  if ('variable' in source) return fromVariable(source, maxBytes);
  if ('file' in source) return secretOf(await readFile(source.file, most), source.file, maxBytes);
  if (source.stdin.isTTY) {
    throw bad(
      'stdin is the terminal, where a secret would be shown',
      'pipe it in, or leave --from-stdin out to be asked',
    );
  }
  return secretOf(await readAtMost(source.stdin, most), 'stdin', maxBytes);
}

function fromVariable(
  source: { variable: string; env(name: string): string | undefined },
  maxBytes: number,
): Secret {
  const value = source.env(source.variable);
  if (value === undefined) throw bad(`the environment variable ${source.variable} is not set`);
  return secretOf(Buffer.from(value), `the environment variable ${source.variable}`, maxBytes);
}

function secretOf(bytes: Uint8Array, what: string, maxBytes: number): Secret {
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end -= bytes[end - 2] === 0x0d ? 2 : 1;
  if (end === 0) throw bad(`${what} holds no secret, it is empty`);
  if (end > maxBytes) throw bad(`${what} holds more than ${maxBytes} bytes`);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw bad(
      `${what} starts with a byte order mark, which would become part of the secret`,
      'save it as UTF-8 without BOM',
    );
  }
  const content = bytes.subarray(0, end);
  if (content.includes(0)) throw bad(`${what} holds a NUL byte`);
  try {
    return new Secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content));
  } catch {
    throw bad(`${what} is not valid UTF-8`);
  }
}

const INHERITED = /^(?:\/dev\/fd|\/proc\/self\/fd)\/(\d{1,6})$/;

async function readFile(path: string, most: number): Promise<Uint8Array> {
  const inherited = path === '/dev/stdin' ? 0 : INHERITED.exec(path)?.[1];
  if (inherited !== undefined) {
    const fd = Number(inherited);
    if (!isHandedOver(fd)) throw bad(`file descriptor ${fd} is not a file or pipe that was handed over`);
    return readInherited(fd, most).catch(refused(path));
  }
  // O_NONBLOCK: opening a FIFO that nobody writes to must not wait.
  const handle = await fs.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch(refused(path));
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw bad(`${path} is not a regular file`);
    if (stat.size > most) throw bad(`${path} is too large for a secret`);
    const buffer = Buffer.alloc(most);
    let length = 0;
    for (let read = -1; read !== 0 && length < most; length += read) {
      read = (await handle.read(buffer, length, most - length).catch(refused(path))).bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await handle.close();
  }
}

/** Reads the descriptor itself: opening `/dev/fd/N` anew would not find a pipe on every system. */
async function readInherited(fd: number, most: number): Promise<Uint8Array> {
  const stream = createReadStream('', { fd, autoClose: false });
  return readAtMost(stream, most);
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

async function readAtMost(stream: Readable, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    chunks.push(bytes);
    length += bytes.length;
    if (length >= most) break;
  }
  return Buffer.concat(chunks, Math.min(length, most));
}

function refused(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw bad(`${path} cannot be read${error.code === undefined ? '' : ` (${error.code})`}`);
  };
}

function bad(message: string, hint?: string): Failure {
  return new Failure('bad_secret_input', message, { hint });
}
