import os from 'node:os';
import envPaths from 'env-paths';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { locate, type Machine } from '../../src/system/paths.ts';

function machine(env: { [name: string]: string } = {}, rest: Partial<Machine> = {}): Machine {
  return { env: (name) => env[name], platform: 'linux', homedir: '/home/ana', ...rest };
}

describe('the platform folders', () => {
  test('are those of env-paths on this machine', () => {
    const ours = locate({
      env: (name) => process.env[name],
      platform: process.platform,
      homedir: os.homedir(),
    });
    const theirs = envPaths('keywright', { suffix: '' });
    expect([ours.dataDir, ours.configDir, ours.stateDir]).toEqual([theirs.data, theirs.config, theirs.log]);
  });

  test('on Linux follow XDG', () => {
    expect(locate(machine())).toEqual({
      dataDir: '/home/ana/.local/share/keywright',
      configDir: '/home/ana/.config/keywright',
      stateDir: '/home/ana/.local/state/keywright',
      store: { engine: 'sqlite', path: '/home/ana/.local/share/keywright/keywright.db' },
      keyFile: '/home/ana/.config/keywright/keywright.key',
      anchorDir: '/home/ana/.local/state/keywright/anchors',
      configFile: '/home/ana/.config/keywright/config.json',
      from: { store: 'default', keyFile: 'default' },
    });
    const xdg = { XDG_DATA_HOME: '/d', XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s' };
    const { dataDir, configDir, stateDir } = locate(machine(xdg, { homedir: '' }));
    expect([dataDir, configDir, stateDir]).toEqual(['/d/keywright', '/c/keywright', '/s/keywright']);
  });

  test('on macOS and Windows follow their own', () => {
    const mac = locate(machine({}, { platform: 'darwin', homedir: '/Users/ana' }));
    expect([mac.dataDir, mac.configDir, mac.stateDir]).toEqual([
      '/Users/ana/Library/Application Support/keywright',
      '/Users/ana/Library/Preferences/keywright',
      '/Users/ana/Library/Logs/keywright',
    ]);
    const windows = locate(
      machine({ APPDATA: 'D:\\Roaming' }, { platform: 'win32', homedir: 'C:\\Users\\ana' }),
    );
    expect([windows.dataDir, windows.configDir, windows.stateDir]).toEqual([
      'C:\\Users\\ana\\AppData\\Local\\keywright\\Data',
      'D:\\Roaming\\keywright\\Config',
      'C:\\Users\\ana\\AppData\\Local\\keywright\\Log',
    ]);
  });
});

describe('settings', () => {
  test('KEYWRIGHT_HOME puts everything in one folder', () => {
    expect(
      locate(machine({ KEYWRIGHT_HOME: '/srv/kw/', XDG_DATA_HOME: 'relative' }, { homedir: '' })),
    ).toEqual({
      home: '/srv/kw',
      dataDir: '/srv/kw',
      configDir: '/srv/kw',
      stateDir: '/srv/kw',
      store: { engine: 'sqlite', path: '/srv/kw/keywright.db' },
      keyFile: '/srv/kw/keywright.key',
      anchorDir: '/srv/kw/anchors',
      configFile: '/srv/kw/config.json',
      from: { store: 'KEYWRIGHT_HOME', keyFile: 'KEYWRIGHT_HOME' },
    });
  });

  test('KEYWRIGHT_STORE and KEYWRIGHT_KEY_FILE name their file only', () => {
    const named = locate(
      machine({ KEYWRIGHT_HOME: '/kw', KEYWRIGHT_STORE: 'sqlite:/x/a b.db', KEYWRIGHT_KEY_FILE: '/y/k' }),
    );
    expect(named.store).toEqual({ engine: 'sqlite', path: '/x/a b.db' });
    expect(named.keyFile).toBe('/y/k');
    expect(named.from).toEqual({ store: 'KEYWRIGHT_STORE', keyFile: 'KEYWRIGHT_KEY_FILE' });
    expect(named.anchorDir).toBe('/kw/anchors');
  });

  test.each(['/with space', '/new\nline', '/emoji 👍', '/…'])(
    'takes the absolute path %j (case 23)',
    (home) => {
      expect(locate(machine({ KEYWRIGHT_HOME: home })).store.path).toBe(`${home}/keywright.db`);
    },
  );

  test('empty counts as unset', () => {
    const empty = { KEYWRIGHT_HOME: '', KEYWRIGHT_STORE: '', KEYWRIGHT_KEY_FILE: '', XDG_DATA_HOME: '' };
    expect(locate(machine(empty))).toEqual(locate(machine()));
  });

  test.each([
    [{ KEYWRIGHT_HOME: 'here' }, /KEYWRIGHT_HOME must be an absolute path/],
    [{ KEYWRIGHT_HOME: '~/kw' }, /KEYWRIGHT_HOME must be an absolute path/],
    [{ XDG_DATA_HOME: './share' }, /XDG_DATA_HOME must be an absolute path/],
    [{ XDG_STATE_HOME: '..' }, /XDG_STATE_HOME must be an absolute path/],
    [{ KEYWRIGHT_KEY_FILE: 'k' }, /KEYWRIGHT_KEY_FILE must be an absolute path/],
    [{ KEYWRIGHT_STORE: '/x.db' }, /must be sqlite:PATH/],
    [{ KEYWRIGHT_STORE: 'sqlite:' }, /must be sqlite:PATH/],
    [{ KEYWRIGHT_STORE: 'postgres://h/d' }, /must be sqlite:PATH/],
    [{ KEYWRIGHT_STORE: 'constructor:/x' }, /must be sqlite:PATH/],
    [{ KEYWRIGHT_STORE: 'sqlite:x.db' }, /must name an absolute path/],
    [{ KEYWRIGHT_STORE: 'postgres://kw:hunter2@db/kw' }, /^(?!.*hunter2)/s],
    [{ KEYWRIGHT_STORE: 'sqlite:kw:hunter2@db/kw' }, /^(?!.*hunter2)/s],
  ])('refuses %j', (env, message) => {
    expect(() => locate(machine(env as { [name: string]: string }))).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
    );
  });

  test.each(['', '.', 'home'])('a home folder of %j is one clear error', (homedir) => {
    for (const platform of ['linux', 'darwin'] as const) {
      expect(() => locate(machine({}, { homedir, platform }))).toThrow(
        expect.objectContaining({ code: 'usage', hint: expect.stringContaining('KEYWRIGHT_HOME') }),
      );
    }
  });

  test('whatever is set, every path is absolute or it is refused', () => {
    const value = fc.oneof(fc.constantFrom('', '/a', 'a', '/', '//x/..'), fc.string());
    const names = [
      'KEYWRIGHT_HOME',
      'KEYWRIGHT_STORE',
      'KEYWRIGHT_KEY_FILE',
      'XDG_DATA_HOME',
      'XDG_CONFIG_HOME',
      'XDG_STATE_HOME',
    ];
    fc.assert(
      fc.property(
        fc.record(Object.fromEntries(names.map((name) => [name, value]))),
        value,
        (env, homedir) => {
          let found: ReturnType<typeof locate>;
          try {
            found = locate(machine(env as { [name: string]: string }, { homedir }));
          } catch (error) {
            expect(error).toMatchObject({ code: 'usage' });
            return;
          }
          const { dataDir, configDir, stateDir, store, keyFile, anchorDir, configFile } = found;
          for (const path of [dataDir, configDir, stateDir, store.path, keyFile, anchorDir, configFile]) {
            expect(path[0]).toBe('/');
          }
        },
      ),
    );
  });
});
