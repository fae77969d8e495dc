import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import type { ProcessLike } from '../../src/live-store.ts';
import type { Written } from './transcript-screen.ts';

/** How one command of a transcript is started. */
export interface Start {
  readonly argv: readonly string[];
  readonly env: { readonly [name: string]: string };
  /** Columns of the terminal on stdout and stderr; undefined when both are pipes. */
  readonly columns: number | undefined;
  /** What is piped in; undefined for a terminal (where there is one) or nothing. */
  readonly input: string | undefined;
  /** What a person types, one answer a question. After the last one the input ends. */
  readonly answers: string[];
}

/** A process that is none: streams that record, and a person who answers. */
export function fakeProcess(start: Start): { proc: ProcessLike; written: Written[] } {
  const written: Written[] = [];
  const stdin =
    start.input === undefined && start.columns !== undefined
      ? person(start.answers)
      : piped(start.input ?? '');
  const onWrite = (text: string): void => void stdin.emit('drawn', text);
  const stdout = recorder('stdout', written, start.columns, () => undefined);
  const stderr = recorder('stderr', written, start.columns, onWrite);
  const signals = new EventEmitter();
  const proc = {
    env: { ...start.env },
    argv: ['node', 'keywright', ...start.argv],
    execPath: process.execPath,
    pid: process.pid,
    platform: process.platform,
    hrtime: process.hrtime,
    geteuid: () => process.geteuid?.() ?? 0,
    kill: () => true,
    on: signals.on.bind(signals),
    off: signals.off.bind(signals),
    stdin,
    stdout,
    stderr,
  } satisfies { [member in keyof ProcessLike]-?: unknown };
  return { proc: proc as unknown as ProcessLike, written };
}

function recorder(
  stream: Written['stream'],
  written: Written[],
  columns: number | undefined,
  then: (text: string) => void,
): Writable {
  const writable = new Writable({
    decodeStrings: false,
    write(chunk: string | Uint8Array, _encoding, done) {
      const text = Buffer.from(chunk as string).toString();
      written.push({ stream, text });
      done();
      then(text);
    },
  });
  // Prompts end what they write to, unless it is a stream of the real process.
  writable.end = () => writable;
  return Object.assign(writable, columns === undefined ? {} : { isTTY: true, columns });
}

function piped(text: string): PassThrough {
  const stream = new PassThrough();
  stream.end(text);
  return stream;
}

/** Stands for an answer that never comes. */
export const SILENCE = '\0';

/** Types the next answer when a question has been drawn and listens to keys. */
function person(answers: string[]): PassThrough {
  const stream = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => stream });
  let answered = true;
  stream.on('newListener', (event: string) => {
    if (event === 'keypress' && stream.listenerCount('keypress') === 0) answered = false;
  });
  stream.on('drawn', (text: string) => {
    if (answered || !text.includes('?')) return;
    answered = true;
    const answer = answers.shift();
    if (answer === SILENCE) return;
    // The prompt listens from the turn after its first drawing on.
    setTimeout(() => (answer === undefined ? stream.end() : stream.write(`${answer}\r`)), 5);
  });
  return stream;
}

/** Bytes that are the same in each run of the same transcript, and never repeat within it. */
export function seededRandom(seed: string): (size: number) => Uint8Array {
  let count = 0;
  return (size) => {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at += 32) {
      const block = createHash('sha256').update(`${seed} ${count++}`).digest();
      bytes.set(block.subarray(0, Math.min(32, size - at)), at);
    }
    return bytes;
  };
}
