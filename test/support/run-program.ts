import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { liveContext } from '../../src/live-context.ts';
import { main } from '../../src/main.ts';
import { fakeProcess } from './transcript-process.ts';
import type { Written } from './transcript-screen.ts';

export const PROGRAM_FILE = fileURLToPath(new URL('../../bin/keywright.js', import.meta.url));

/** What came of a run of the real program. */
export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Added to the environment; undefined takes a variable away. */
  readonly env?: { readonly [name: string]: string | undefined };
  /** What stdin holds; without it stdin is /dev/null. */
  readonly input?: string | Uint8Array;
}

/** A folder of its own for one test, gone afterwards; `env` makes it the program's home, and has nothing else in it. */
export function ownFolder(): { path: string; env: { [name: string]: string } } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'keywright-run-')));
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return { path, env: envFor(path) };
}

export function envFor(folder: string): { [name: string]: string } {
  const { PATH = '' } = process.env;
  return {
    PATH,
    HOME: join(folder, 'user'),
    KEYWRIGHT_HOME: join(folder, 'keywright'),
    TZ: 'UTC',
    KEYWRIGHT_ACTOR: 'ana',
  };
}

/** Runs commands of the real program, each in a process of its own, on one store. */
export class Shell {
  readonly path: string;
  readonly env: { readonly [name: string]: string };
  /** The script that is started; tests put the program with a mistake in it (`brokenProgram`) in its place. */
  program = PROGRAM_FILE;

  constructor(folder: { path: string; env: { readonly [name: string]: string } } = ownFolder()) {
    this.path = folder.path;
    this.env = folder.env;
  }

  get home(): string {
    return this.env.KEYWRIGHT_HOME ?? '';
  }

  get database(): string {
    return join(this.home, 'keywright.db');
  }

  /** Starts the program; its streams are the caller's. */
  start(argv: readonly string[], options: SpawnOptions & Pick<RunOptions, 'env'> = {}): ChildProcess {
    const env = Object.fromEntries(
      Object.entries({ ...this.env, ...options.env }).filter(([, value]) => value !== undefined),
    );
    const child = spawn(process.execPath, [this.program, ...argv], { cwd: this.path, ...options, env });
    onTestFinished(async () => {
      const runs = child.exitCode === null && child.signalCode === null;
      if (runs && child.kill('SIGKILL')) await once(child, 'exit');
    });
    return child;
  }

  async run(argv: readonly string[], { env, input }: RunOptions = {}): Promise<Ran> {
    const child = this.start(argv, {
      env: env ?? {},
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    child.stdin?.on('error', () => undefined); // a program that does not read it may end first
    child.stdin?.end(input);
    const [stdout, stderr, [code, signal]] = await Promise.all([
      output(child.stdout),
      output(child.stderr),
      ended(child),
    ]);
    return { code, signal, stdout, stderr };
  }

  /** The same, again while others keep it from its turn for longer than it waits (exit 12). */
  async runInTurn(argv: readonly string[]): Promise<Ran> {
    const ran = await this.run(argv);
    return ran.code === 12 ? this.runInTurn(argv) : ran;
  }

  /** Runs in this process, which is quicker. */
  async here(argv: readonly string[], input = ''): Promise<Omit<Ran, 'signal'>> {
    const { proc, written } = fakeProcess({ argv, env: this.env, columns: undefined, input, answers: [] });
    const code = await main(argv, liveContext(proc));
    const told = (stream: Written['stream']): string =>
      written
        .filter((chunk) => chunk.stream === stream)
        .map((chunk) => chunk.text)
        .join('');
    return { code, stdout: told('stdout'), stderr: told('stderr') };
  }

  /** What a test needs and isn't about: runs in this process, and must succeed. Gives back stdout without the last newline. */
  async answer(argv: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.here(argv, input);
    expect(code, `${argv.join(' ')}: ${stderr}`).toBe(0);
    return stdout.replace(/\n$/, '');
  }

  /** A new store that a key file opens, with the workspace `acme`. */
  async init(): Promise<this> {
    await this.answer(['init', '--workspace', 'acme', '--unlock', 'key-file', '-q']);
    return this;
  }

  /** Makes a key and gives back its secret key. */
  createKey(name: string, ...more: string[]): Promise<string> {
    return this.answer(['keys', 'create', '--scope', 'orders:read', '--name', name, '-q', ...more]);
  }

  async status(key: string): Promise<string> {
    return JSON.parse(await this.answer(['keys', 'show', key, '-w', 'acme', '--json'])).status;
  }
}

/** Resolves with exit code and signal, once. */
export function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve([code, signal]));
  });
}

function output(stream: NodeJS.ReadableStream | null): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream as unknown as AsyncIterable<Uint8Array>);
}

/** Runs this many at a time: two processors do not get faster by more. */
export async function inTurn<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  atOnce = 3,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i] as T);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
