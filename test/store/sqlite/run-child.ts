import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));

/** Another process at work on a store (`child.ts`). */
export interface Child {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Resolves when the line was printed; rejects when the process ends without. */
  says(line: string): Promise<void>;
  /** Exit code, signal and everything printed, once it has ended. */
  readonly ended: Promise<{
    code: number | null;
    signal: NodeJS.Signals | null;
    stdout: string;
    stderr: string;
  }>;
}

/** Starts `child.ts`; `wrapper` is a program that runs it, such as strace. */
export function runChild(role: string, path: string, argument = '', wrapper: readonly string[] = []): Child {
  const [command = '', ...args] = [...wrapper, process.execPath, CHILD, role, path, argument];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Awaited<Child['ended']>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const says = (line: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => stdout.split('\n').includes(line) && resolve();
      child.stdout.on('data', look);
      look();
      void ended.then(() => reject(new Error(`the process ended without "${line}": ${stderr}`)), reject);
    });
  return { process: child, pid: child.pid ?? 0, says, ended };
}
