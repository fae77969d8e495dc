import type { Readable } from 'node:stream';
import { Secret } from '../domain/secret.ts';
import { badInput, inheritedFd, openRegular, refused, streamOf } from './source.ts';

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
    throw badInput(
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
  if (value === undefined) throw badInput(`the environment variable ${source.variable} is not set`);
  return secretOf(Buffer.from(value), `the environment variable ${source.variable}`, maxBytes);
}

function secretOf(bytes: Uint8Array, what: string, maxBytes: number): Secret {
  let end = bytes.length;
  if (bytes[end - 1] === 0x0a) end -= bytes[end - 2] === 0x0d ? 2 : 1;
  if (end === 0) throw badInput(`${what} holds no secret, it is empty`);
  if (end > maxBytes) throw badInput(`${what} holds more than ${maxBytes} bytes`);
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    throw badInput(
      `${what} starts with a byte order mark, which would become part of the secret`,
      'save it as UTF-8 without BOM',
    );
  }
  const content = bytes.subarray(0, end);
  if (content.includes(0)) throw badInput(`${what} holds a NUL byte`);
  try {
    return new Secret(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content));
  } catch {
    throw badInput(`${what} is not valid UTF-8`);
  }
}

async function readFile(path: string, most: number): Promise<Uint8Array> {
  const inherited = inheritedFd(path);
  if (inherited !== undefined) return readAtMost(streamOf(inherited), most).catch(refused(path));
  const handle = await openRegular(path);
  try {
    if ((await handle.stat()).size > most) throw badInput(`${path} is too large for a secret`);
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
