import type { Bytes } from '../domain/ports/backup.ts';
import { Failure } from '../errors.ts';
import { putBack, take } from './pieces.ts';

const BEGIN = '-----BEGIN AGE ENCRYPTED FILE-----';
const END = '-----END AGE ENCRYPTED FILE-----';
const LINE = 64;
/** White space that may stand before the armor; more of it is another kind of file. */
const MOST_SPACE = 1024;

/** The bytes of an age file whether it is armored (C2SP age.md, "ASCII armor") or not; `backup_damaged` for broken armor. */
export async function unarmored(file: Bytes): Promise<Bytes> {
  const { head, rest } = await take(file, MOST_SPACE + BEGIN.length);
  const whole = putBack(head, rest);
  return head.toString('latin1').trimStart().startsWith(BEGIN) ? decoded(whole) : whole;
}

async function* decoded(file: Bytes): AsyncGenerator<Uint8Array> {
  let state: 'before' | 'inside' | 'last' | 'after' = 'before';
  for await (const lines of linesOf(file)) {
    const parts: Buffer[] = [];
    for (const line of lines) {
      if (state === 'before' && line.trim() === '') continue;
      if (state === 'before') {
        if (line !== BEGIN) throw broken('its first line');
        state = 'inside';
      } else if (state === 'after') {
        if (line.trim() !== '') throw broken('text after its end');
      } else if (line === END) {
        state = 'after';
      } else {
        if (state === 'last') throw broken('a short line before its end');
        parts.push(bytesOf(line));
        if (line.length < LINE) state = 'last';
      }
    }
    if (parts.length > 0) yield Buffer.concat(parts);
  }
  if (state !== 'after') throw broken('its end is missing');
}

/** Complete lines without LF or CRLF, together as they arrive. */
async function* linesOf(file: Bytes): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const piece of file) {
    const lines = (rest + Buffer.from(piece).toString('latin1')).split(/\r?\n/);
    rest = lines.pop() ?? '';
    if (rest.length > MOST_SPACE + LINE) throw broken('a line that is too long');
    yield lines;
  }
  yield [rest];
}

function bytesOf(line: string): Buffer {
  const bytes = Buffer.from(line, 'base64');
  if (line.length === 0 || line.length > LINE || bytes.toString('base64') !== line) {
    throw broken('a line that is no base64');
  }
  return bytes;
}

function broken(what: string): Failure {
  return new Failure('backup_damaged', `the armor of the backup is broken: ${what}`);
}
