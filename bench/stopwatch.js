import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { environment } from './program.js';

const SCRIPT = fileURLToPath(new URL('stopwatch.py', import.meta.url));

/**
 * Times child processes from a small Python process, because Node can neither tell what one child used
 * (wait4's rusage) nor open a pseudo-terminal. Throws when there is no python3.
 */
export function startStopwatch() {
  const child = spawn('python3', [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] });
  const failed = new Promise((_, reject) => {
    child.on('error', () => reject(new Error('python3 is needed to time commands')));
    child.on('exit', (code) => reject(new Error(`the stopwatch ended with ${code}`)));
  });
  failed.catch(() => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  /**
   * Runs a command once: `wall` and `cpu` (user + system) in ms, `memory` (peak resident) in MiB, `size` of
   * stdout in bytes. Throws when it ends with another code than `expect`, or prints nothing where it should.
   */
  async function time({
    command,
    home,
    stdin = null,
    terminal = false,
    expect = 0,
    silent = false,
    env = {},
  }) {
    child.stdin.write(
      `${JSON.stringify({ command, stdin, terminal, env: { ...environment(home), ...env } })}\n`,
    );
    const { value } = await Promise.race([answers.next(), failed]);
    const answer = JSON.parse(value);
    if (answer.code !== expect || (answer.size === 0) !== silent)
      throw new Error(`${command.join(' ')} ended with ${answer.code}, ${answer.size} bytes on stdout`);
    return answer;
  }
  return { time, close: () => child.stdin.end() };
}

/** `node -e 0`: what every command is measured against. */
export const BARE_NODE = { command: [process.execPath, '-e', '0'], silent: true };
