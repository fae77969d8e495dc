import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ended, Shell } from '../support/run-program.ts';
import { statusOf } from './soundness.ts';

const DRIVER = fileURLToPath(import.meta.resolve('better-sqlite3'));
/** The program's own deadline for a lock, and how much later it may be seen on a busy machine. */
const DEADLINE_MS = 10_000;
const SLACK_MS = 15_000;
const CREATE = ['keys', 'create', '--scope', 'orders:read', '--name', 'fresh'];

describe('another process is in the middle of a write', () => {
  test('for longer than anyone waits: it is named, then exit 12, and nothing was done (case 35)', async () => {
    const { shell, pid } = await heldStore();
    const started = performance.now();
    const [create, revoke] = await Promise.all([
      shell.run(CREATE),
      shell.run(['keys', 'revoke', 'billing', '--yes', '--json']),
    ]);
    const took = performance.now() - started;
    expect([create.code, create.stdout], create.stderr).toEqual([12, '']);
    expect(create.stderr).toContain(`waiting for process ${pid} `);
    expect(create.stderr).toMatch(
      new RegExp(`^keywright: process ${pid} holds the store; nothing was changed$`, 'm'),
    );
    expect([revoke.code, revoke.stdout], revoke.stderr).toEqual([12, '']);
    expect(took).toBeGreaterThan(DEADLINE_MS - 500);
    expect(took).toBeLessThan(DEADLINE_MS + SLACK_MS);
    expect(await statusOf(shell, 'billing')).toBe('active');
    expect(await shell.answer(['keys', 'list', 'fresh', '-q'])).toBe('');
  });

  test('reading does not wait, and Ctrl-C ends the waiting at once (case 70)', async () => {
    const { shell, pid } = await heldStore();
    expect((await shell.run(['keys', 'list', '-q'])).code).toBe(0);
    const child = shell.start(CREATE, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const waiting = new Promise<void>((resolve) =>
      child.stderr?.on('data', (chunk) => {
        said += chunk;
        if (said.includes(`waiting for process ${pid}`)) resolve();
      }),
    );
    await waiting;
    const interrupted = performance.now();
    child.kill('SIGINT');
    const [code, signal] = await ended(child);
    expect(performance.now() - interrupted).toBeLessThan(DEADLINE_MS - 2000);
    // A shell reports a death by SIGINT as 130.
    expect(code === 130 || signal === 'SIGINT', `${code} ${signal}`).toBe(true);
    expect(await shell.answer(['keys', 'list', 'fresh', '-q'])).toBe('');
  });

  test('a holder that is stopped is named; when it goes on, so do the others (case 50)', async () => {
    const { shell, pid, release } = await heldStore();
    process.kill(pid, 'SIGSTOP');
    const child = shell.start(CREATE, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [notice] = await once(child.stderr as NodeJS.ReadableStream, 'data');
    expect(String(notice)).toContain(`waiting for process ${pid} `);
    let said = '';
    child.stdout?.on('data', (chunk) => {
      said += chunk;
    });
    process.kill(pid, 'SIGCONT');
    release();
    expect(await ended(child)).toEqual([0, null]);
    expect(said).toMatch(/^kw_sk_live_/);
  });

  test('a holder that is killed holds nobody up (case 51)', async () => {
    const { shell, pid } = await heldStore();
    process.kill(pid, 'SIGKILL');
    const ran = await shell.run(CREATE);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).not.toContain('waiting');
  });
});

/** A store with a key, in which another process has begun a write that ends with `release`, or after 30 s. */
async function heldStore(): Promise<{ shell: Shell; pid: number; release: () => void }> {
  const shell = await new Shell().init();
  await shell.createKey('billing');
  const script = `const db = new (require(process.argv[1]))(process.argv[2]);
    db.exec('BEGIN IMMEDIATE');
    console.log('held');
    const end = () => { db.exec('ROLLBACK'); process.exit(); };
    process.stdin.on('data', end);
    setTimeout(end, 30_000);`;
  const holder = spawn(process.execPath, ['-e', script, DRIVER, shell.database], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  return { shell, pid: holder.pid ?? 0, release: () => void holder.stdin.write('x') };
}
