import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { CommandEnd, Commands, OutsideCommand } from '../domain/ports/system.ts';
import { Failure } from '../errors.ts';
import { wordsOf } from './command-words.ts';
import { type Listener, relayTo } from './relay.ts';

/** What running commands needs of the machine. */
export interface CommandHost {
  readonly env: { readonly [name: string]: string | undefined };
  readonly platform: NodeJS.Platform;
  /** Hears what commands print; undefined: nobody does. */
  readonly listener: Listener | undefined;
  /**
   * Is a person in front? Then a command stays in front with this program, so that it may ask on the terminal, which
   * sends its Ctrl-C to both. Elsewhere it leads a group of its own, and all that it started ends with it.
   */
  onTerminal(): boolean;
  /** A negative id is that of a group. Throws when there is no such process. */
  kill(pid: number, signal: NodeJS.Signals | 0): void;
  /** How long a command that was told to end may take for it, ms; 2,000 when left out. */
  readonly lastWordsMs?: number;
  /** Listens to the signals that end a program. */
  on(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): void;
  off(signal: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): void;
}

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly NodeJS.Signals[];
const LAST_WORDS = 2000;
/** How often it is looked whether it has, ms. */
const GLANCE = 10;
/** `setTimeout` fires at once for anything longer, ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Commands of the user's, run on this machine. */
export function commandsOn(host: CommandHost): Commands {
  return {
    find: (text, flag) => find(host, text, flag),
    pause: (ms) =>
      watched(
        host,
        (stopped) =>
          new Promise<boolean>((resolve) => {
            const timer = setTimeout(() => resolve(false), Math.min(ms, LONGEST_TIMER));
            stopped(() => {
              clearTimeout(timer);
              resolve(true);
            });
          }),
      ),
  };
}

function find(host: CommandHost, text: string, flag: string): OutsideCommand {
  const split = wordsOf(text);
  if ('reason' in split) {
    const hint = split.shell ? `if a shell is to run it: ${flag} "sh -c '…'"` : undefined;
    throw new Failure('usage', `${flag} ${split.reason}`, { hint });
  }
  const [name = '', ...args] = split.words;
  const file = fileOf(host, name);
  if (file === undefined) {
    const where = isPath(host, name) ? 'is no program that can be run' : 'was not found on PATH';
    throw new Failure('usage', `${flag}: ${name} ${where}`);
  }
  return { name, run: (options) => run(host, { file, name, args }, options) };
}

function isPath(host: CommandHost, name: string): boolean {
  return name.includes('/') || (host.platform === 'win32' && name.includes('\\'));
}

/** The file that a name means: itself when it is a path, else the first on PATH that can be run. */
function fileOf(host: CommandHost, name: string): string | undefined {
  const endings = host.platform === 'win32' ? ['', '.exe', '.com'] : [''];
  const folders = isPath(host, name) ? [undefined] : (host.env.PATH ?? '').split(delimiter).filter(Boolean);
  for (const folder of folders)
    for (const ending of endings) {
      const file = (folder === undefined ? name : join(folder, name)) + ending;
      if (canRun(file)) return file;
    }
  return undefined;
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The caller's environment without what steers this program: a passphrase or key file is nobody else's business. */
function environment(host: CommandHost, more: { readonly [name: string]: string }): NodeJS.ProcessEnv {
  const kept = Object.entries(host.env).filter(([name]) => !name.toUpperCase().startsWith('KEYWRIGHT_'));
  return { ...Object.fromEntries(kept), ...more };
}

interface Found {
  readonly file: string;
  readonly name: string;
  readonly args: readonly string[];
}

function run(
  host: CommandHost,
  { file, name, args }: Found,
  { input, hide, env, timeoutMs }: Parameters<OutsideCommand['run']>[0],
): Promise<CommandEnd> {
  const began = performance.now();
  return watched(host, async (stopped) => {
    const relay = relayTo(host.listener, hide, host.platform);
    const detached = host.platform !== 'win32' && !host.onTerminal();
    const child = spawn(file, args, {
      argv0: name,
      env: environment(host, env),
      stdio: relay.stdio(input === undefined ? 'ignore' : 'pipe'),
      windowsHide: true,
      detached,
    });
    relay.from(child);
    const lastWords = host.lastWordsMs ?? LAST_WORDS;
    const all = everyoneIn(host, child, { leads: detached, lastWords });
    const limit = endAt(all, timeoutMs, lastWords);
    let signals = 0;
    stopped((signal) => {
      signals++;
      if (signals > 1) all.kill('SIGKILL');
      else if (signal !== 'SIGINT' || !host.onTerminal()) all.kill(signal);
    });
    // A command that doesn't read is judged by its exit code, so what can't be written is no error.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input?.reveal());
    const reason = await endOf(child);
    limit.clear();
    child.stdin?.destroy();
    if (limit.reached() || signals > 0) await all.gone();
    await relay.end();
    const why =
      reason !== undefined && limit.reached() ? `no end within ${Math.ceil(timeoutMs / 1000)} s` : reason;
    return {
      ok: why === undefined,
      reason: why ?? 'exit 0',
      interrupted: signals > 0,
      ms: Math.round(performance.now() - began),
    };
  });
}

/** A command, with what it started where it leads a group. */
interface Everyone {
  kill(signal: NodeJS.Signals): void;
  /** Resolves once they are gone; who doesn't listen is killed for that. */
  gone(): Promise<void>;
}

function everyoneIn(
  host: CommandHost,
  child: ChildProcess,
  { leads, lastWords }: { readonly leads: boolean; readonly lastWords: number },
): Everyone {
  const { pid } = child;
  if (!leads || pid === undefined)
    return { kill: (signal) => void child.kill(signal), gone: async () => undefined };
  const reach = (signal: NodeJS.Signals | 0): boolean => {
    try {
      host.kill(-pid, signal);
      return true;
    } catch {
      return false;
    }
  };
  return {
    kill: (signal) => void reach(signal),
    async gone() {
      for (let left = lastWords; reach(left > 0 ? 0 : 'SIGKILL') && left > 0; left -= GLANCE)
        await new Promise((resolve) => setTimeout(resolve, GLANCE));
    },
  };
}

/** Undefined for exit code 0. */
function endOf(child: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) resolve(`it could not be started (${error.code ?? 'unknown'})`);
    });
    child.on('exit', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit ${code}`)));
  });
}

/** Tells them to end at the limit, and ends them soon after. */
function endAt(all: Everyone, ms: number, lastWords: number): { reached(): boolean; clear(): void } {
  let reached = false;
  let last: NodeJS.Timeout | undefined;
  const first = setTimeout(
    () => {
      reached = true;
      all.kill('SIGTERM');
      last = setTimeout(() => all.kill('SIGKILL'), lastWords);
    },
    Math.max(0, Math.min(ms, LONGEST_TIMER)),
  );
  return {
    reached: () => reached,
    clear() {
      clearTimeout(first);
      clearTimeout(last);
    },
  };
}

/** Runs `work` while the signals that would end this program are told to it instead. */
async function watched<T>(
  host: CommandHost,
  work: (stopped: (listener: (signal: NodeJS.Signals) => void) => void) => Promise<T>,
): Promise<T> {
  let tell: (signal: NodeJS.Signals) => void = () => undefined;
  const listener = (signal: NodeJS.Signals): void => tell(signal);
  for (const signal of STOPPING) host.on(signal, listener);
  try {
    return await work((given) => {
      tell = given;
    });
  } finally {
    for (const signal of STOPPING) host.off(signal, listener);
  }
}
