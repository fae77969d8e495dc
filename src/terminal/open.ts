import { fstatSync, type Stats, statSync } from 'node:fs';
import { createOutput, type Output } from './output.ts';
import type { Prompts } from './prompts.ts';
import { type Sink, sinkOf } from './streams.ts';
import { wantsColor } from './style.ts';
import { workflowOf } from './workflow.ts';

/** The part of Node's `process` that a terminal needs. */
export type TerminalProcess = Pick<
  NodeJS.Process,
  'stdin' | 'stdout' | 'stderr' | 'platform' | 'pid' | 'kill' | 'on' | 'off'
>;

export interface TerminalSettings {
  readonly proc: TerminalProcess;
  /** Are descriptors 0, 1 and 2 the process's streams? Not so for the fake process of a test. */
  readonly ownDescriptors: boolean;
  /** `input` and `color` are false with `--no-input` and `--no-color`. */
  readonly globals: {
    readonly json?: boolean | undefined;
    readonly quiet?: boolean | undefined;
    readonly input?: boolean | undefined;
    readonly color?: boolean | undefined;
  };
  /** How the program was started. */
  readonly program: string;
  env(name: string): string | undefined;
}

/** What a command sees of the terminal: its two voices, its questions, and whether stdin is one. */
export interface TerminalSide {
  readonly out: Output;
  readonly ask: Prompts;
  stdinIsTTY(): boolean;
  /** Neither `--no-input` nor `CI` forbids asking. */
  readonly mayAsk: boolean;
  /** A job runs this, and nobody sees it. */
  readonly inCI: boolean;
}

/** Opens nothing before it is used: each of Node's own streams takes 3 ms to make. */
export function openTerminalSide(settings: TerminalSettings): TerminalSide {
  const { globals, env } = settings;
  const ci = env('CI');
  const inCI = ci !== undefined && ci !== 'false' && ci !== '0';
  const mayAsk = globals.input !== false && !inCI;
  const out = outputOf(settings);
  // Asked for late: only a command with a question needs to know, and stdin must be made for the answer.
  let asked: boolean | undefined;
  const stdinIsTTY = (): boolean => {
    asked ??= isTerminal(settings);
    return asked;
  };
  const interactive = (): boolean => mayAsk && stdinIsTTY();
  const ask = lazyPrompts(interactive, async () => {
    const [{ createPrompts }, { openTerminal }] = [await import('./prompts.ts'), await import('./tty.ts')];
    const { proc } = settings;
    return createPrompts({
      stdin: proc.stdin,
      stderr: proc.stderr,
      interactive: interactive(),
      mayAskPassphrase: mayAsk,
      openTerminal: () => openTerminal(proc.platform),
      signals: {
        on: (signal, listener) => void proc.on(signal, listener),
        off: (signal, listener) => void proc.off(signal, listener),
        raise: (signal) => void proc.kill(proc.pid, signal),
        suspend: () => void (proc.platform !== 'win32' && proc.kill(0, 'SIGTSTP')),
      },
      beforePrompt: () => out.notice.clear(),
    });
  });
  return { out, ask, stdinIsTTY, mayAsk, inCI };
}

/** Prompts whose code is loaded with the first question. */
function lazyPrompts(interactive: () => boolean, load: () => Promise<Prompts>): Prompts {
  return {
    get interactive() {
      return interactive();
    },
    confirm: async (...question) => (await load()).confirm(...question),
    input: async (...question) => (await load()).input(...question),
    select: async (message, choices) => (await load()).select(message, choices),
    search: async (message, source) => (await load()).search(message, source),
    multi: async (message, choices) => (await load()).multi(message, choices),
    hidden: async (...question) => (await load()).hidden(...question),
    passphrase: async (...question) => (await load()).passphrase(...question),
  };
}

function outputOf({ proc, ownDescriptors, globals, program, env }: TerminalSettings): Output {
  const stdout = sinkOf({ fd: ownDescriptors ? 1 : undefined, stream: () => proc.stdout });
  const stderr = sinkOf({ fd: ownDescriptors ? 2 : undefined, stream: () => proc.stderr });
  const color = ({ isTTY }: Sink): boolean => globals.color !== false && wantsColor(env, isTTY);
  return createOutput({
    stdout,
    stderr,
    json: globals.json === true,
    quiet: globals.quiet === true,
    color: {
      get stdout() {
        return color(stdout);
      },
      get stderr() {
        return color(stderr);
      },
    },
    program,
    workflow: workflowOf(env),
  });
}

/** The descriptor tells without making `process.stdin`, which takes 2 ms, that it is a file, a pipe, nothing or closed. */
function isTerminal({ proc, ownDescriptors }: TerminalSettings): boolean {
  if (ownDescriptors) {
    try {
      const stdin = fstatSync(0);
      if (!stdin.isCharacterDevice() || isNothing(stdin)) return false;
    } catch {
      return false; // closed
    }
  }
  return proc.stdin.isTTY === true;
}

/** Is it the null device? */
function isNothing({ rdev }: Stats): boolean {
  return rdev !== 0 && rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev;
}
