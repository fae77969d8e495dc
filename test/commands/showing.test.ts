import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { ended, PROGRAM_FILE, Shell } from '../support/run-program.ts';

const linux = process.platform === 'linux';

describe('a secret key that nobody gets to see', () => {
  test.runIf(linux).each([[[]], [['--json']], [['--quiet']]])(
    'is revoked when stdout was closed (%j)',
    async (flags) => {
      const shell = await new Shell().init();
      const argv = ['keys', 'create', '--scope', 'orders:read', '--name', 'billing', ...flags];
      // Node gives a child whose output is ignored what it gives itself for a closed descriptor.
      const child = shell.start(argv, { stdio: ['ignore', 'ignore', 'pipe'] });
      const said = collect(child.stderr);
      expect(await ended(child)).toEqual([1, null]);
      expect(said()).toContain('so the new key was revoked');
      expect(await shell.status('billing')).toBe('revoked');
      expect((await shell.run(['doctor'])).code).toBe(0);
    },
  );

  test.runIf(linux)('is as it was asked for when it is thrown away on purpose', async () => {
    const shell = await new Shell().init();
    const nowhere = openSync('/dev/null', 'w');
    const argv = ['keys', 'create', '--scope', 'orders:read', '--name', 'billing'];
    const child = shell.start(argv, { stdio: ['ignore', nowhere, 'ignore'] });
    closeSync(nowhere);
    expect(await ended(child)).toEqual([0, null]);
    expect(await shell.status('billing')).toBe('active');
  });

  test.runIf(linux)('is revoked when stdout is full', async () => {
    const shell = await new Shell().init();
    const full = openSync('/dev/full', 'w');
    const child = shell.start(['keys', 'create', '--scope', 'orders:read', '--name', 'billing'], {
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    const said = collect(child.stderr);
    expect(await ended(child)).toEqual([1, null]);
    expect(said()).toMatch(/^keywright: the secret key could not be written, so the new key was revoked$/m);
    expect(await shell.status('billing')).toBe('revoked');
    expect((await shell.run(['doctor'])).code).toBe(0);
  });

  test.each([[[]], [['--json']], [['--quiet']]])(
    'is revoked when its reader has gone before (%j)',
    async (flags) => {
      const shell = await new Shell().init();
      const argv = ['keys', 'create', '--scope', 'orders:read', '--name', 'billing', ...flags];
      const child = shell.start(argv, { stdio: ['ignore', 'pipe', 'pipe'] });
      child.stdout?.destroy();
      const said = collect(child.stderr);
      expect(await ended(child)).toEqual([1, null]);
      expect(said()).toContain('so the new key was revoked');
      expect(said()).not.toMatch(/_sk_/);
      expect(await shell.status('billing')).toBe('revoked');
    },
  );

  test.runIf(linux)(
    'is listed by doctor when its process was killed between commit and display (case 194)',
    async () => {
      const shell = await new Shell().init();
      const { write, close } = fullPipe(join(shell.path, 'pipe'));
      const child = shell.start(['keys', 'create', '--scope', 'orders:read', '--name', 'billing'], {
        stdio: ['ignore', write, 'pipe'],
      });
      await new Promise<void>((resolve) =>
        child.stderr?.on('data', (text) => String(text).includes('created billing') && resolve()),
      );
      child.kill('SIGKILL');
      expect(await ended(child)).toEqual([null, 'SIGKILL']);
      close();
      expect((await shell.run(['doctor'])).code, 'it may be on its way').toBe(0);
      const store = new Database(shell.database);
      store.exec('UPDATE keys SET created_at = created_at - 60000');
      store.close();
      const doctor = await shell.run(['doctor', '--json']);
      expect(doctor.code).toBe(10);
      const { findings } = JSON.parse(doctor.stdout);
      expect(findings).toEqual([
        expect.objectContaining({ code: 'key_never_shown', message: expect.stringContaining('billing') }),
      ]);
      expect(findings[0].hint).toMatch(/^unless you have it: keywright keys revoke kw_pk_live_\w{12}$/);
      await shell.answer(['keys', 'revoke', 'billing', '--yes']);
      expect((await shell.run(['doctor'])).code).toBe(0);
    },
  );
});

test.each([
  ['::add-mask::', { GITHUB_ACTIONS: 'true' }],
  ['##vso[task.setsecret]', { TF_BUILD: 'True' }],
])('a job is told to hide the secret key before it is shown: %s (case 183)', async (command, env) => {
  const shell = await new Shell().init();
  const create = ['keys', 'create', '--scope', 'orders:read'];
  for (const more of [[], ['-q'], ['--json']]) {
    // One descriptor for both, so that the order is seen.
    const child = spawn(
      'sh',
      ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, PROGRAM_FILE, ...create, ...more],
      {
        env: { ...shell.env, ...env },
      },
    );
    const said = collect(child.stdout);
    expect(await ended(child)).toEqual([0, null]);
    const lines = said().split('\n');
    const masked = lines.findIndex((line) => line.startsWith(command));
    const secret = lines[masked]?.slice(command.length) ?? '';
    expect(secret).toMatch(/^kw_sk_live_[0-9A-Za-z]{61}$/);
    expect(lines.findIndex((line) => line.includes(secret))).toBe(masked);
    expect(lines.slice(masked + 1).join('\n')).toContain(secret);
  }
});

test('a reader that closes early is no failure', async () => {
  const shell = await new Shell().init();
  for (let i = 0; i < 3; i++) await shell.createKey(`key ${i}`);
  for (const argv of [
    ['keys', 'list'],
    ['keys', 'list', '--json'],
    ['audit', 'export'],
    ['help', 'errors'],
    ['--help'],
  ]) {
    const child = shell.start(argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.destroy();
    const said = collect(child.stderr);
    expect([argv, await ended(child), said()]).toEqual([argv, [0, null], '']);
  }
});

test.runIf(linux)('an answer that can not be written is exit 1', async () => {
  const shell = await new Shell().init();
  for (const argv of [
    ['keys', 'list', '--json'],
    ['audit', 'export'],
    ['--help'],
    ['--version'],
    ['slots', 'list'],
    [],
  ]) {
    const full = openSync('/dev/full', 'w');
    const child = shell.start(argv, { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    const said = collect(child.stderr);
    expect([argv, await ended(child)]).toEqual([argv, [1, null]]);
    expect(said()).toMatch(/could not be written \(ENOSPC\)/);
  }
});

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

/** A pipe that is full and that nobody empties: whoever writes to it waits. */
function fullPipe(path: string): { write: number; close: () => void } {
  spawnSync('mkfifo', [path]);
  const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const piece = Buffer.alloc(4096);
  for (;;) {
    try {
      writeSync(both, piece);
    } catch {
      break;
    }
  }
  const write = openSync(path, constants.O_WRONLY);
  return {
    write,
    close: () => {
      closeSync(write);
      closeSync(both);
    },
  };
}
