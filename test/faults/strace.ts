import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ended, type Ran, type Shell } from '../support/run-program.ts';

/** Everything by which the program changes what is on disk or what was said. */
const CHANGING = [
  'pwrite64',
  'write',
  'fsync',
  'fdatasync',
  'ftruncate',
  'rename',
  'link',
  'unlink',
  'mkdir',
] as const;
type SystemCall = (typeof CHANGING)[number];

/** A call as strace saw it: `nth` counts those of the same name, as `when=` does. */
export interface Call {
  readonly name: SystemCall;
  readonly nth: number;
  /** `(25</home/x/keywright.db-wal>, …) = 32` */
  readonly rest: string;
}

/** Why processes can't be traced here; undefined when they can. With `CI` set this throws instead. */
export function straceMissing(env: NodeJS.ProcessEnv): string | undefined {
  if (process.platform !== 'linux') return 'not on Linux';
  const tried = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  if (tried.status === 0) return undefined;
  const why = `strace does not work: ${tried.error?.message ?? tried.stderr.trim()}`;
  if (env.CI === 'true') throw new Error(`${why} (apt-get install strace)`);
  return why;
}

/** Runs the program under strace with these options; what it traced is in `trace`. */
export async function underStrace(
  shell: Shell,
  argv: readonly string[],
  options: readonly string[],
  env: { readonly [name: string]: string } = {},
): Promise<Ran & { readonly trace: string }> {
  const log = join(shell.path, `trace-${process.hrtime.bigint()}`);
  const strace = [
    '-f',
    '-y',
    '-s256',
    '-qq',
    '-o',
    log,
    ...options,
    process.execPath,
    shell.program,
    ...argv,
  ];
  const child = spawn('strace', strace, {
    cwd: shell.path,
    env: { ...shell.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended(child),
  ]);
  const trace = readFileSync(log, 'utf8');
  rmSync(log);
  return { code, signal, stdout, stderr, trace };
}

/** The calls of the main thread that change files under the shell's folder, or write to stdout and stderr. */
export async function callsOf(shell: Shell, argv: readonly string[]): Promise<Ran & { calls: Call[] }> {
  const ran = await underStrace(shell, argv, ['--seccomp-bpf', `-etrace=${CHANGING.join(',')}`]);
  return { ...ran, calls: callsIn(ran.trace, shell.path) };
}

/** The calls in a trace, counted in the thread that made the first of them: SQLite and `fs` run in that. */
function callsIn(trace: string, folder: string): Call[] {
  const lines = [...trace.matchAll(/^(\d+) +(\w+)(\(.*)$/gm)].map(([, thread, name, rest = '']) => ({
    thread,
    name: name as SystemCall,
    rest,
  }));
  const main = lines.find(({ rest }) => rest.includes(folder))?.thread;
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  for (const { thread, name, rest } of lines) {
    if (thread !== main) continue;
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    if (rest.includes(folder) || /^\([12]</.test(rest)) calls.push({ name, nth, rest });
  }
  return calls;
}

/** Runs the program and kills it as it enters that call, so that the call doesn't happen. */
export function killedAt(shell: Shell, argv: readonly string[], { name, nth }: Call): Promise<Ran> {
  return underStrace(shell, argv, [`-etrace=${name}`, `-einject=${name}:signal=KILL:when=${nth}`]);
}

/** Runs the program with that call, and all of its name after it, failing. */
export function failingFrom(
  shell: Shell,
  argv: readonly string[],
  { name, nth }: Pick<Call, 'name' | 'nth'>,
  error: 'ENOSPC' | 'EIO',
): Promise<Ran> {
  return underStrace(shell, argv, [`-etrace=${name}`, `-einject=${name}:error=${error}:when=${nth}+`]);
}
