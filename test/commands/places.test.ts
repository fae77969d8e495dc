import { chmodSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { liveContext } from '../../src/live-context.ts';
import { main } from '../../src/main.ts';
import { ended, ownFolder, Shell } from '../support/run-program.ts';
import { fakeProcess } from '../support/transcript-process.ts';

describe('where things are (case 23)', () => {
  test.each(['with spaces', 'with\nnewline', 'with 🔑 and ü', 'with \'quotes" and $HOME'])(
    'a folder %j',
    async (name) => {
      const { path, env } = ownFolder();
      const shell = new Shell({ path, env: { ...env, KEYWRIGHT_HOME: join(path, name) } });
      const made = await shell.run(['init', '--unlock', 'key-file', '--json']);
      expect(made, made.stderr).toMatchObject({ code: 0 });
      expect(JSON.parse(made.stdout).store).toBe(join(path, name, 'keywright.db'));
      const input = (await shell.run(['keys', 'create', '--scope', 'a:b', '-q'])).stdout;
      expect((await shell.run(['keys', 'verify'], { input })).code).toBe(0);
      const again = await shell.run(['init']);
      expect(again.stderr).toContain(
        `key file ${join(path, name, 'keywright.key').replace('\n', '\\u{0a}')}\n`,
      );
      expect(readdirSync(path)).toEqual([name]);
    },
  );

  test('without KEYWRIGHT_HOME the XDG folders are used, and nothing else', async () => {
    const { path, env } = ownFolder();
    const user = join(path, 'user');
    mkdirSync(user);
    const { KEYWRIGHT_HOME: _, ...rest } = env;
    const xdg = {
      XDG_DATA_HOME: join(path, 'data'),
      XDG_CONFIG_HOME: join(path, 'config'),
      XDG_STATE_HOME: join(path, 'state'),
    };
    const shell = new Shell({ path, env: { ...rest, HOME: user, ...xdg } });
    expect((await shell.run(['init', '--unlock', 'key-file'])).code).toBe(0);
    expect(readdirSync(path).sort()).toEqual(
      process.platform === 'linux' ? ['config', 'data', 'state', 'user'] : ['user'],
    );
    if (process.platform !== 'linux') return;
    expect(readdirSync(user)).toEqual([]);
    for (const folder of ['config', 'data', 'state']) {
      const [own = ''] = readdirSync(join(path, folder));
      expect(statSync(join(path, folder, own)).mode & 0o777).toBe(0o700);
    }
    const anchors = join(path, 'state', ...readdirSync(join(path, 'state')), 'anchors');
    const [anchor = ''] = readdirSync(anchors);
    const wide: readonly (readonly [string, number])[] = [
      [join(path, 'config', ...readdirSync(join(path, 'config'))), 0o777],
      [join(anchors, '..'), 0o777],
      [anchors, 0o777],
      [join(anchors, anchor), 0o644],
    ];
    for (const [name, mode] of wide) {
      chmodSync(name, mode);
      const create = await shell.run(['keys', 'create', '--scope', 'orders:read', '--json']);
      expect(JSON.parse(create.stderr).error).toMatchObject({ code: 'store_permissions' });
      const doctor = JSON.parse((await shell.run(['doctor', '--json'])).stdout);
      expect(doctor.findings, name).toMatchObject([{ code: 'mode', fixable: true }]);
      expect((await shell.run(['doctor', '--fix'])).code).toBe(0);
    }
  });

  test.runIf(process.platform === 'linux')('relative folders are one clear error', async () => {
    const { path, env } = ownFolder();
    const { KEYWRIGHT_HOME: _, ...rest } = env;
    for (const change of [
      { KEYWRIGHT_HOME: 'relative' },
      { KEYWRIGHT_HOME: './relative' },
      { KEYWRIGHT_HOME: '~/keywright' },
      { KEYWRIGHT_STORE: 'sqlite:relative.db' },
      { HOME: 'relative' },
    ]) {
      const ran = await new Shell({ path, env: { ...rest, ...change } }).run([
        'init',
        '--unlock',
        'key-file',
        '--json',
      ]);
      expect([change, ran.code === 2 || ran.code === 11, ran.stdout], ran.stderr).toEqual([change, true, '']);
      expect(Object.keys(JSON.parse(ran.stderr).error)).toEqual(['code', 'message', 'hint']);
    }
    expect(readdirSync(path)).toEqual([]);
  });

  test.runIf(process.platform === 'linux')(
    'a HOME in which nothing can be made is one clear error, at once',
    async () => {
      const { path, env } = ownFolder();
      const { KEYWRIGHT_HOME: _, ...rest } = env;
      const child = new Shell({ path, env: { ...rest, HOME: '/proc/nowhere' } }).start(
        ['init', '--unlock', 'key-file'],
        { stdio: 'ignore' },
      );
      const patience = setTimeout(() => child.kill('SIGKILL'), 30_000);
      expect(await ended(child)).toEqual([11, null]);
      clearTimeout(patience);
    },
  );

  test('a store that is taken away is not made anew by another command', async () => {
    const shell = new Shell();
    for (const argv of [
      ['keys', 'list'],
      ['doctor'],
      ['doctor', '--fix'],
      ['keys', 'revoke', 'x', '--yes'],
      ['workspaces', 'use', 'x'],
    ]) {
      expect([10, 11]).toContain((await shell.run(argv)).code);
    }
    expect(existsSync(shell.home)).toBe(false);
  });
});

test('no locale and no terminal type is a reason to crash (case 173)', async () => {
  const shell = await new Shell().init();
  const name = 'Schlüssel 🔑';
  await shell.createKey(name);
  for (const env of [
    { LC_ALL: 'C' },
    { LC_ALL: 'POSIX', LANG: 'de_DE.ISO-8859-1' },
    { TERM: 'dumb' },
    { TERM: undefined },
    { TZ: 'Nowhere/Nothing' },
    { LANG: 'tr_TR.UTF-8' },
  ]) {
    const ran = await shell.run(['keys', 'show', name], { env });
    expect(ran, ran.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toContain(name);
  }
});

test.each([20, 40, 60])(
  'on a terminal of %i columns every identifier can still be read (case 173)',
  async (columns) => {
    const shell = await new Shell().init();
    await shell.createKey('billing');
    const publicKey = await shell.answer(['keys', 'list', '-q']);
    for (const [argv, identifier] of [
      [['keys', 'list'], publicKey],
      [['workspaces', 'list'], 'acme'],
      [['slots', 'list'], 'key-file'],
    ] as const) {
      const { proc, written } = fakeProcess({ argv, env: shell.env, columns, input: undefined, answers: [] });
      expect(await main(argv, liveContext(proc))).toBe(0);
      expect(written.map(({ text }) => text).join('')).toContain(identifier);
    }
  },
);
