import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ended, PROGRAM_FILE, Shell } from '../support/run-program.ts';

const linux = process.platform === 'linux';

async function shellWithKey() {
  const shell = await new Shell().init();
  const token = await shell.createKey('deploy');
  const file = (name: string) => join(shell.path, name);
  return {
    shell,
    token,
    file,
    read: (name: string) => readFileSync(file(name), 'utf8'),
    key: async () => JSON.parse(await shell.answer(['keys', 'show', 'deploy', '--json'])),
    valid: async (...tokens: string[]) => {
      const { stdout } = await shell.run(['keys', 'verify', '--json'], { input: tokens.join('\n') });
      return stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).valid);
    },
  };
}

function said(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a new secret that nobody gets to see is rolled back', () => {
  test.runIf(linux).each([[[]], [['--grace', '0', '--yes']], [['--json']]])(
    'when stdout is full (%j)',
    async (flags) => {
      const { shell, token, key, valid } = await shellWithKey();
      const full = openSync('/dev/full', 'w');
      const child = shell.start(['keys', 'rotate', 'deploy', ...flags], { stdio: ['ignore', full, 'pipe'] });
      closeSync(full);
      const stderr = said(child.stderr);
      expect(await ended(child)).toEqual([1, null]);
      expect(stderr()).toContain(
        'so the rotation was rolled back: version 1 of deploy is the current one again',
      );
      expect(stderr()).not.toMatch(/_sk_/);
      expect(await key()).toMatchObject({ version: 1, status: 'active', rotation: { state: 'rolled-back' } });
      expect(await valid(token)).toEqual([true]);
      expect((await shell.run(['doctor'])).code).toBe(0);
    },
  );

  test('and keys that were not rotated are told of though the reader has gone', async () => {
    const { shell } = await shellWithKey();
    const failing = ['--deliver', 'cat', '--check', 'false', '--check-timeout', '1s'];
    expect((await shell.run(['keys', 'rotate', 'deploy', ...failing])).code).toBe(9);
    const child = shell.start(['keys', 'rotate', '--all', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.destroy();
    const stderr = said(child.stderr);
    expect(await ended(child)).toEqual([5, null]);
    expect(stderr()).toContain('a delivery of deploy is open');
  });

  test('when its reader has gone before, for every one of several keys', async () => {
    const { shell, key } = await shellWithKey();
    await shell.createKey('other');
    const child = shell.start(['keys', 'rotate', '--all', '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout?.destroy();
    const stderr = said(child.stderr);
    expect(await ended(child)).toEqual([1, null]);
    expect(stderr()).toContain('so 2 rotations were rolled back: other, deploy');
    expect(await key()).toMatchObject({ version: 1, status: 'active' });
    expect((await shell.run(['doctor'])).code).toBe(0);
  });
});

test.each([
  ['::add-mask::', { GITHUB_ACTIONS: 'true' }],
  ['##vso[task.setsecret]', { TF_BUILD: 'True' }],
])('a job is told to hide the new secret before it is shown: %s (case 183)', async (command, env) => {
  const { shell } = await shellWithKey();
  for (const more of [[], ['-q'], ['--json']]) {
    const argv = ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, PROGRAM_FILE, 'keys', 'rotate', 'deploy'];
    const child = spawn('sh', [...argv, ...more], { env: { ...shell.env, ...env } });
    const text = said(child.stdout);
    expect(await ended(child)).toEqual([0, null]);
    const lines = text().split('\n');
    const masked = lines.findIndex((line) => line.startsWith(command));
    const secret = lines[masked]?.slice(command.length) ?? '';
    expect(secret).toMatch(/^kw_sk_live_[0-9A-Za-z]{61}$/);
    expect(lines.findIndex((line) => line.includes(secret))).toBe(masked);
    expect(lines.slice(masked + 1).join('\n')).toContain(secret);
  }
});

describe('a delivery', () => {
  test('shows its secret nowhere, and what its commands print is on stderr', async () => {
    const { shell, token, file, read, valid } = await shellWithKey();
    writeFileSync(file('put'), '#!/bin/sh\necho on stdout; echo on stderr >&2; cat > secret\n', {
      mode: 0o755,
    });
    const run = await shell.run(['keys', 'rotate', 'deploy', '--deliver', './put', '--check', 'true']);
    expect([run.code, run.stdout]).toEqual([0, expect.stringMatching(/^kw_pk_live_\w{12}\n$/)]);
    expect(run.stderr).toMatch(/^on stdout$/m);
    expect(run.stderr).toMatch(/^on stderr$/m);
    expect(run.stderr).not.toContain('_sk_');
    expect(await valid(token, read('secret'))).toEqual([true, true]);
    const asJson = await shell.run(['keys', 'rotate', 'deploy', '--deliver', './put', '--json']);
    expect(asJson.stderr, 'with --json nothing but an error is on stderr').toBe('');
    expect(asJson.stdout).not.toContain('_sk_');
  });

  test.runIf(linux)('gives its commands no descriptor of the store (case 157)', async () => {
    const { shell, file, read } = await shellWithKey();
    const deliver = `sh -c 'ls -l /proc/self/fd > ${file('fds')}'`;
    expect((await shell.run(['keys', 'rotate', 'deploy', '--deliver', deliver])).code).toBe(0);
    expect(read('fds')).toContain('/proc');
    expect(read('fds')).not.toContain('keywright.db');
  });

  test('is driven by one process at a time; another is refused, naming it', async () => {
    const { shell, file } = await shellWithKey();
    const deliver = `sh -c 'echo > ${file('begun')}; while [ ! -e ${file('go')} ]; do sleep 0.05; done'`;
    const child = shell.start(['keys', 'rotate', 'deploy', '--deliver', deliver], { stdio: 'ignore' });
    const done = ended(child);
    await until(() => existsSync(file('begun')));
    for (const [then, ...argv] of [
      ['resume', 'keys', 'rotate', 'deploy', '--deliver', 'true'],
      ['resume', 'rotations', 'resume', 'deploy', '--deliver', 'true'],
      ['rollback', 'rotations', 'rollback', 'deploy', '--yes'],
    ]) {
      const other = await shell.run(argv);
      expect([argv, other.code]).toEqual([argv, 5]);
      expect(other.stderr).toContain('deploy is being rotated by another process');
      expect(other.stderr).toContain(String(child.pid));
      expect(other.stderr).toMatch(
        new RegExp(`hint: wait for it, .*keywright rotations ${then} kw_pk_live_`),
      );
    }
    writeFileSync(file('go'), '');
    expect(await done).toEqual([0, null]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('that %s stops is taken up again', async (signal) => {
    const { shell, token, file, read, key, valid } = await shellWithKey();
    const check = `sh -c 'echo > ${file('checking')}; exec sleep 30'`;
    const deliver = `sh -c 'cat > ${file('secret')}'`;
    const argv = ['keys', 'rotate', 'deploy', '--deliver', deliver, '--check', check];
    const child = shell.start(argv, { stdio: ['ignore', 'ignore', 'pipe'] });
    const stderr = said(child.stderr);
    await until(() => existsSync(file('checking')));
    child.kill(signal);
    expect(await ended(child)).toEqual([9, null]);
    expect(stderr()).toContain('versions 1 and 2 are both valid');
    expect(await key()).toMatchObject({ rotation: { state: 'delivered', open: true } });
    expect(await valid(token, read('secret'))).toEqual([true, true]);
    const again = await shell.run(['rotations', 'resume', 'deploy', '--check', 'true']);
    expect(again.code).toBe(0);
    expect(await key()).toMatchObject({ version: 2, rotation: { state: 'finished' } });
  });

  test('whose process was killed goes on with the same secret by the same command', async () => {
    const { shell, token, file, read, key, valid } = await shellWithKey();
    const deliver = `sh -c 'cat > ${file('first')}; exec sleep 60'`;
    const child = shell.start(['keys', 'rotate', 'deploy', '--deliver', deliver], { stdio: 'ignore' });
    await until(() => existsSync(file('first')) && read('first').length > 70);
    child.kill('SIGKILL');
    await ended(child);
    expect(await valid(token, read('first'))).toEqual([true, true]);
    const again = await shell.run([
      'keys',
      'rotate',
      'deploy',
      '--deliver',
      `sh -c 'cat > ${file('second')}'`,
    ]);
    expect([again.code, read('second')]).toEqual([0, read('first')]);
    expect(await key()).toMatchObject({ version: 2, rotation: { state: 'finished' } });
    expect((await shell.run(['doctor'])).code).toBe(0);
  });
});
