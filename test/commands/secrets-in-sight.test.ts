import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ended, inTurn, Shell } from '../support/run-program.ts';

const PASSPHRASE = 'canary horse battery staple';

describe('a secret given as an argument (case 7)', () => {
  test('is refused without an echo, with its public key in the hint', async () => {
    const shell = await new Shell().init();
    const secret = await shell.createKey('billing');
    const publicKey = await shell.answer(['keys', 'list', '-q']);
    const lines = [
      ['keys', 'show', secret],
      ['keys', 'revoke', secret, '--yes', '--json'],
      ['keys', 'verify', secret],
      ['keys', 'disable', `--match=${secret}`],
      ['keys', 'update', 'billing', '--purpose', `was ${secret}`],
      [secret],
      ['--', secret],
      ['keys', secret],
      ['completion', 'bash', '--words', `keys\nshow\n${secret}`],
    ];
    for (const ran of await inTurn(lines, (argv) => shell.run(argv))) {
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      expect(ran.stderr).toContain(publicKey);
      expect(ran.stderr).not.toContain(secret.slice(-40));
    }
    expect(await shell.status('billing')).toBe('active');
  });

  test.each([
    ['keys', 'verify', 'canary-token'],
    ['slots', 'add', '--kind', 'passphrase', PASSPHRASE],
    ['slots', 'add', '--kind', 'passphrase', `--passphrase=${PASSPHRASE}`],
    ['slots', 'add', '--kind', 'passphrase', `--from-stdin=${PASSPHRASE}`],
    ['init', '--unlock', 'passphrase', PASSPHRASE],
    ['init', `--passphrase=${PASSPHRASE}`],
  ])('is not echoed when it is one that the program can not know: %j', async (...argv) => {
    const ran = await new Shell().run(argv);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).not.toContain('canary');
  });
});

test.runIf(process.platform === 'linux')(
  'no process that is started gets a secret in its arguments or environment',
  async () => {
    const shell = new Shell();
    const env = { KEYWRIGHT_PASSPHRASE: PASSPHRASE, KEYWRIGHT_KEYCHAIN_TIMEOUT: '20s' };
    const child = shell.start(['init', '--unlock', 'auto', '--workspace', 'acme'], { stdio: 'ignore', env });
    const done = ended(child);
    let running = true;
    void done.finally(() => {
      running = false;
    });
    let children = 0;
    while (running) {
      for (const { argv, environment } of childrenOf(child.pid ?? 0)) {
        children++;
        expect(argv).not.toContain('canary');
        expect(environment).not.toContain('canary');
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(await done).toEqual([0, null]);
    expect(children).toBeGreaterThan(0);
  },
);

describe('nothing that is switched on for debugging shows a secret (case 184)', () => {
  test.each([
    [{ KEYWRIGHT_DEBUG: '1' }],
    [{ DEBUG: '*', NODE_DEBUG: 'fs,net,stream,child_process,module,timer,tls,http' }],
    [{ NODE_OPTIONS: '--trace-warnings --trace-uncaught --trace-exit --trace-deprecation' }],
  ])('%j', async (env) => {
    const shell = await new Shell().init();
    const secret = await shell.createKey('billing');
    const file = join(shell.path, 'passphrase');
    writeFileSync(file, PASSPHRASE, { mode: 0o600 });
    const lines: [argv: string[], input?: string][] = [
      [['slots', 'add', '--kind', 'passphrase', '--from-file', file]],
      [['slots', 'add', '--kind', 'passphrase', '--from-stdin', '--name', 'short'], 'canary'],
      [['slots', 'test', 'key-file', '--passphrase-file', file]],
      [['keys', 'verify', '--scope', 'other:write', '--explain'], secret],
      [['keys', 'verify'], `${secret}x`],
      [['keys', 'show', '--from-stdin'], secret],
      [['keys', 'show', secret]],
      [['keys', 'revoke', '--from-stdin', '--yes'], secret],
    ];
    const mark = secret.slice(-49);
    // As Node shows what a stream carries: `<Buffer 6b 77 5f …`.
    const shown = ['canary', secret].map((text) =>
      Buffer.from(text.slice(0, 6))
        .toString('hex')
        .replace(/..(?!$)/g, '$& '),
    );
    for (const ran of await inTurn(lines, ([argv, input]) =>
      shell.run(argv, { env, ...(input ? { input } : {}) }),
    )) {
      expect(ran.code).not.toBeNull();
      expect(ran.stdout + ran.stderr).not.toContain('canary');
      expect(ran.stdout + ran.stderr).not.toContain(mark);
      for (const hex of shown) expect(ran.stderr).not.toContain(hex);
    }
  });
});

test.runIf(process.platform === 'linux')(
  'a passphrase on a descriptor gets through whatever Node is told to print',
  async () => {
    const shell = await new Shell().init();
    const file = join(shell.path, 'passphrase');
    writeFileSync(file, PASSPHRASE, { mode: 0o600 });
    await shell.answer(['slots', 'add', '--kind', 'passphrase', '--name', 'word', '--from-file', file]);
    for (const said of ['--passphrase-fd 3', '--passphrase-fd=3', '--passphrase-file /dev/fd/3']) {
      const line = `"$0" "$1" slots test word ${said} 3<"$2"`;
      const env = { ...shell.env, NODE_DEBUG: '*' };
      const args = ['-c', line, process.execPath, shell.program, file];
      const { status, stderr } = spawnSync('bash', args, { env, encoding: 'utf8' });
      expect([said, status], stderr).toEqual([said, 0]);
      expect(stderr).not.toContain('canary');
    }
  },
);

test('what is kept holds no secret key', async () => {
  const shell = await new Shell().init();
  const secret = await shell.createKey('billing');
  await shell.run(['keys', 'verify'], { input: secret });
  await shell.run(['keys', 'revoke', '--from-stdin', '--yes'], { input: secret });
  const mark = Buffer.from(secret.slice(-49));
  const files = readdirSync(shell.home, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) expect(readFileSync(join(file.parentPath, file.name)).includes(mark)).toBe(false);
});

/** Arguments and environment of what that process has started and that still runs. */
function childrenOf(pid: number): { argv: string; environment: string }[] {
  const found: { argv: string; environment: string }[] = [];
  for (const id of read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean)) {
    const [argv, environment] = [read(`/proc/${id}/cmdline`), read(`/proc/${id}/environ`)];
    // Between fork and exec a child still is its parent.
    if (argv !== read(`/proc/${pid}/cmdline`) && argv !== '')
      found.push({ argv, environment }, ...childrenOf(Number(id)));
  }
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
