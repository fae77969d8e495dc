import { readdirSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MIGRATIONS } from '../../../src/store/migrations/index.ts';
import { createStore, openStore } from '../../../src/store/open.ts';
import { addKeys, someKey, someSeed } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';
import { added } from './added-migrations.ts';
import { runChild } from './run-child.ts';

describe('bringing a store up to date', () => {
  let at: ReturnType<typeof storeFolder>;
  const seed = someSeed();
  const migrations = [...MIGRATIONS, ...added()];
  const deps = storeDeps({ migrations });
  beforeEach(async () => {
    at = storeFolder();
    const old = storeDeps();
    await createStore(at.location, old, async () => seed);
    const store = await openStore(at.location, old);
    await addKeys(store, [someKey(seed.workspace.id, { name: 'old' })]);
    await store.close();
  });
  afterEach(() => at.remove());
  const backups = () => readdirSync(at.folder).filter((name) => name.includes('.before-v'));
  const look = (path = at.path) => {
    const connection = new Database(path, { readonly: true });
    const tables = connection
      .prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'step_%' ORDER BY 1")
      .pluck()
      .all();
    const version = connection.pragma('user_version', { simple: true });
    const minReader = connection.prepare('SELECT min_reader FROM meta').pluck().get();
    connection.close();
    return { tables, version, minReader };
  };

  test('runs every step and keeps a copy of before, 0600', async () => {
    const store = await openStore(at.location, deps);
    expect((await store.keys.page({}, { limit: 9 }, 0)).items.map(({ name }) => name)).toEqual(['old']);
    await addKeys(store, [someKey(seed.workspace.id)]);
    await store.close();
    expect(look()).toEqual({ tables: ['step_2', 'step_3'], version: 3, minReader: 3 });
    const [copy = ''] = backups();
    expect(statSync(`${at.folder}/${copy}`).mode & 0o777).toBe(0o600);
    expect(look(`${at.folder}/${copy}`)).toEqual({ tables: [], version: 1, minReader: 1 });
    const again = await openStore(at.location, deps);
    await again.close();
    expect(backups()).toHaveLength(1);
  });

  test('a step that fails leaves the version before it', async () => {
    const failing = added((version) => {
      if (version === 3) throw new Error('on purpose');
    });
    await expect(
      openStore(at.location, { ...deps, migrations: [...MIGRATIONS, ...failing] }),
    ).rejects.toThrow('on purpose');
    expect(look()).toMatchObject({ tables: ['step_2'], version: 2 });
  });

  test.each([
    [2, { tables: [], version: 1, minReader: 1 }],
    [3, { tables: ['step_2'], version: 2, minReader: 1 }],
  ])(
    'killed in step %i it is exactly as before that step, and the next start completes',
    async (step, left) => {
      expect((await runChild('die migrating', at.path, String(step)).ended).signal).toBe('SIGKILL');
      expect(look()).toEqual(left);
      const store = await openStore(at.location, deps);
      await store.close();
      expect(look()).toEqual({ tables: ['step_2', 'step_3'], version: 3, minReader: 3 });
    },
  );

  test('several at once bring it up to date once', async () => {
    const children = [1, 2, 3, 4].map(() => runChild('die migrating', at.path, '0'));
    const ends = await Promise.all(children.map((child) => child.ended));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']));
    expect(look()).toEqual({ tables: ['step_2', 'step_3'], version: 3, minReader: 3 });
    expect(backups()).toHaveLength(1);
  });

  test('a new store begins at the newest version', async () => {
    await createStore(`sqlite:${at.folder}/new.db`, deps, async () => someSeed());
    expect(look(`${at.folder}/new.db`)).toEqual({ tables: ['step_2', 'step_3'], version: 3, minReader: 3 });
  });
});
