import { spawn } from 'node:child_process';
import { LARGEST_MESSAGE, parseAnswer, type Request } from './protocol.ts';
import { failureOf, KeychainFailure } from './trouble.ts';

/** How to reach the OS keychain. */
export interface KeychainSetup {
  /** The helper program (`helper.ts`) and its arguments. */
  readonly command: string;
  readonly args: readonly string[];
  /** Our environment; only what a keychain needs is passed on. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Is there a terminal, so that somebody may be answering the keychain's prompt? */
  readonly terminal: boolean;
  /** In place of 5 s without a terminal and 60 s with one. */
  readonly timeoutMs?: number | undefined;
  /** In place of 2 s. */
  readonly noticeMs?: number | undefined;
  /** Called once an operation when it takes longer than `noticeMs` and there is a terminal. */
  readonly onWait: () => void;
}

/**
 * What the helper's environment is built from. Everything else stays out: our own passphrase variables,
 * and what would run or print things in a Node.js process (`NODE_OPTIONS`, `NODE_DEBUG`).
 */
const PASSED_ON = (
  'DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR DISPLAY WAYLAND_DISPLAY XAUTHORITY ' +
  'HOME USER LOGNAME PATH LANG LC_ALL SystemRoot USERPROFILE APPDATA LOCALAPPDATA TEMP TMP'
).split(' ');

/** The time that one operation has, over all its calls, and the notice while it waits. */
export class Patience {
  readonly #end: number;
  readonly #total: number;
  readonly #notice: NodeJS.Timeout | undefined;

  constructor(setup: KeychainSetup) {
    this.#total = setup.timeoutMs ?? (setup.terminal ? 60_000 : 5_000);
    this.#end = performance.now() + this.#total;
    this.#notice = setup.terminal ? setTimeout(setup.onWait, setup.noticeMs ?? 2_000) : undefined;
  }

  /** Milliseconds left, at least one. */
  left(): number {
    return Math.max(1, Math.ceil(this.#end - performance.now()));
  }

  timedOut(): KeychainFailure {
    return new KeychainFailure('timeout', `the OS keychain did not answer within ${this.#total / 1000} s`);
  }

  over(): void {
    clearTimeout(this.#notice);
  }
}

/**
 * Asks the helper one thing. Resolves to the entry's bytes or null; rejects with a `KeychainFailure`.
 * However it ends, the helper is gone by then: it is killed once it has answered, at the deadline, and
 * when it prints more than 4 KiB. Not started and garbage count as `unavailable`.
 */
export async function call(
  setup: KeychainSetup,
  request: Omit<Request, 'deadlineMs'>,
  patience: Patience,
): Promise<Buffer | null> {
  const answer = parseAnswer(await converse(setup, request, patience));
  if (answer === undefined)
    throw new KeychainFailure('unavailable', 'the keychain helper printed something that is no answer');
  if ('error' in answer) throw failureOf(answer.error, hasDisplay(setup));
  return answer.value === null ? null : Buffer.from(answer.value, 'base64');
}

/** One request line to the helper, its first line back. */
function converse(
  setup: KeychainSetup,
  request: Omit<Request, 'deadlineMs'>,
  patience: Patience,
): Promise<string> {
  const deadlineMs = patience.left();
  return new Promise((resolve, reject) => {
    const child = spawn(setup.command, setup.args, {
      env: environment(setup),
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    let output = Buffer.alloc(0);
    let failure: KeychainFailure | undefined;
    const end = (): void => {
      child.kill('SIGKILL');
      child.stdout.destroy();
    };
    const timer = setTimeout(() => {
      failure = patience.timedOut();
      end();
    }, deadlineMs);
    child.stdin.on('error', () => {}); // It died before it had read: `close` says how.
    child.stdin.write(`${JSON.stringify({ ...request, deadlineMs })}\n`);
    child.stdout.on('data', (chunk: Buffer) => {
      output = Buffer.concat([output, chunk]);
      if (output.length > LARGEST_MESSAGE) {
        failure = new KeychainFailure('unavailable', 'the keychain helper printed more than 4 KiB');
        end();
      } else if (output.includes(0x0a)) end();
    });
    child.on('error', (error) => {
      failure = new KeychainFailure(
        'unavailable',
        `the keychain helper could not be started: ${error.message}`,
      );
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (failure) reject(failure);
      else if (output.at(-1) === 0x0a) resolve(output.toString('utf8'));
      else if (patience.left() === 1)
        reject(patience.timedOut()); // Its own watchdog was quicker.
      else
        reject(
          new KeychainFailure(
            'unavailable',
            `the keychain helper ended without an answer (${signal ?? `exit ${code}`})`,
          ),
        );
    });
  });
}

function environment({ env }: KeychainSetup): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = env[name];
    if (value !== undefined) passed[name] = value;
  }
  return passed;
}

function hasDisplay({ env }: KeychainSetup): boolean {
  // Only Linux asks on a display that can be missing; elsewhere the messages don't need telling apart.
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}
