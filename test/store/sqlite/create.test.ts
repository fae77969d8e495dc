import { linkSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStore, openStore } from '../../../src/store/open.ts';
import { checkFile } from '../../../src/store/sqlite/paths.ts';
import { someSeed } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';
import { runChild } from './run-child.ts';

describe('making a store', () => {
  let at: ReturnType<typeof storeFolder>;
  beforeEach(() => {
    at = storeFolder();
  });
  afterEach(() => at.remove());

  test('leaves the database, its reserve and the lock file, all 0600, and no journal', async () => {
    expect(await createStore(at.location, storeDeps(), async () => someSeed())).toEqual({ created: true });
    expect(readdirSync(at.folder).sort()).toEqual([
      'keywright.db',
      'keywright.db.creating',
      'keywright.db.reserve',
    ]);
    for (const name of readdirSync(at.folder)) {
      expect(statSync(`${at.folder}/${name}`).mode & 0o777, name).toBe(0o600);
    }
    expect(statSync(at.path).nlink).toBe(1);
  });

  test('makes missing folders 0700', async () => {
    await createStore(`sqlite:${at.folder}/a/b/k.db`, storeDeps(), async () => someSeed());
    for (const folder of ['a', 'a/b']) expect(statSync(`${at.folder}/${folder}`).mode & 0o777).toBe(0o700);
  });

  test('does not ask for a seed when the store is there', async () => {
    await createStore(at.location, storeDeps(), async () => someSeed());
    const again = await createStore(at.location, storeDeps(), async () => {
      throw new Error('asked for a second seed');
    });
    expect(again).toEqual({ created: false });
  });

  test('a seed that fails leaves nothing that a second try would trip over', async () => {
    const failing = createStore(at.location, storeDeps(), async () => {
      throw new Error('keychain said no');
    });
    await expect(failing).rejects.toThrow('keychain said no');
    expect(readdirSync(at.folder)).toEqual(['keywright.db.creating']);
    expect(await createStore(at.location, storeDeps(), async () => someSeed())).toEqual({ created: true });
  });

  test('what the seed made is undone when the store cannot be linked', async () => {
    let undone = 0;
    const seed = someSeed({
      undo: async () => {
        undone += 1;
      },
    });
    const making = createStore(at.location, storeDeps(), async () => {
      writeFileSync(at.path, 'planted meanwhile', { mode: 0o600 });
      return seed;
    });
    await expect(making).rejects.toMatchObject({ code: 'store_unreadable' });
    expect(undone).toBe(1);
    expect(readdirSync(at.folder).filter((name) => name.includes('.new-'))).toEqual([]);
  });

  test('twenty first runs at once make one store, asked for once', async () => {
    const children = Array.from({ length: 20 }, () => runChild('create', at.path, '20'));
    const ends = await Promise.all(children.map((child) => child.ended));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']));
    const answers = ends.map(({ stdout }) => JSON.parse(stdout));
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(answers.filter(({ seeded }) => seeded)).toHaveLength(1);
  });

  test('a creation that was killed frees its lock, and the next one cleans up behind it', async () => {
    const { signal } = await runChild('die creating', at.path).ended;
    expect(signal).toBe('SIGKILL');
    expect(readdirSync(at.folder)).toContain('keywright.db.new-0123456789abcdef');
    expect(await createStore(at.location, storeDeps(), async () => someSeed())).toEqual({ created: true });
    expect(readdirSync(at.folder).filter((name) => name.includes('.new-'))).toEqual([]);
  });

  test('a store whose creator was killed between linking and unlinking opens', async () => {
    await createStore(at.location, storeDeps(), async () => someSeed());
    linkSync(at.path, `${at.path}.new-0123456789abcdef`);
    const store = await openStore(at.location, storeDeps());
    await store.close();
  });

  test('a store whose creator unlinks while it is looked at is not taken for one with two names', async () => {
    await createStore(at.location, storeDeps(), async () => someSeed());
    const secondName = `${at.path}.new-0123456789abcdef`;
    linkSync(at.path, secondName);
    const seen = statSync(at.path);
    rmSync(secondName);
    expect(() => checkFile(at.path, seen, process.getuid?.())).not.toThrow();
    linkSync(at.path, `${at.folder}/other`);
    expect(() => checkFile(at.path, seen, process.getuid?.())).toThrow('has a second name');
  });

  test.each(['', '.creating'])(
    'a symbolic link planted at <store>%s is refused, and nothing written through it',
    async (suffix) => {
      const target = `${at.folder}/elsewhere`;
      symlinkSync(target, at.path + suffix);
      const making = createStore(at.location, storeDeps(), async () => someSeed());
      await expect(making).rejects.toMatchObject({ code: 'store_permissions' });
      expect(readdirSync(at.folder)).not.toContain('elsewhere');
      writeFileSync(target, 'precious', { mode: 0o600 });
      const onto = createStore(at.location, storeDeps(), async () => someSeed());
      await expect(onto).rejects.toMatchObject({ code: 'store_permissions' });
      expect(statSync(target).size).toBe('precious'.length);
    },
  );

  test('a hard link planted at the lock is refused', async () => {
    writeFileSync(`${at.folder}/precious`, 'x', { mode: 0o600 });
    linkSync(`${at.folder}/precious`, `${at.path}.creating`);
    const making = createStore(at.location, storeDeps(), async () => someSeed());
    await expect(making).rejects.toMatchObject({ code: 'store_permissions' });
  });

  test.each([' leading.db', 'sp ace\n😀?#%20.db', 'file:x.db'])(
    'a path with %j in it works',
    async (name) => {
      const location = `sqlite:${at.folder}/${name}`;
      await createStore(location, storeDeps(), async () => someSeed());
      const store = await openStore(location, storeDeps());
      await store.close();
      expect(readdirSync(at.folder)).toContain(name);
    },
  );

  test.each(['trailing.db ', 'trailing.db\n', 'nul\0.db', '\ud800.db'])(
    'a path with %j in it is refused',
    async (name) => {
      const making = createStore(`sqlite:${at.folder}/${name}`, storeDeps(), async () => someSeed());
      await expect(making).rejects.toMatchObject({ code: 'usage' });
      expect(readdirSync(at.folder)).toEqual([]);
    },
  );

  test.each(['sqlite:relative.db', 'sqlite::memory:', 'postgres://x', 'constructor:x', ''])(
    '%j is no location',
    async (location) => {
      const making = async () => createStore(location, storeDeps(), async () => someSeed());
      await expect(making()).rejects.toMatchObject({ code: 'usage' });
    },
  );
});
