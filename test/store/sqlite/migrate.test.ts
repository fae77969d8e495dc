import { readdirSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../../src/domain/workspaces/policy.ts';
import { MIGRATIONS } from '../../../src/store/migrations/index.ts';
import { createStore, openStore } from '../../../src/store/open.ts';
import { addKeys, someKey, someSeed, someVerifier } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';
import { added, LATEST } from './added-migrations.ts';
import { firstStore } from './first-store.ts';
import { runChild } from './run-child.ts';

const BEFORE = { tables: [], version: LATEST, minReader: MIGRATIONS.at(-1)?.minReader };
const DONE = { tables: ['step_1', 'step_2'], version: LATEST + 2, minReader: LATEST + 2 };

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
    expect(look()).toEqual(DONE);
    const [copy = ''] = backups();
    expect(statSync(`${at.folder}/${copy}`).mode & 0o777).toBe(0o600);
    expect(look(`${at.folder}/${copy}`)).toEqual(BEFORE);
    const again = await openStore(at.location, deps);
    await again.close();
    expect(backups()).toHaveLength(1);
  });

  test('a step that fails leaves the store as it was before the first', async () => {
    const failing = added((step) => {
      if (step === 2) throw new Error('on purpose');
    });
    await expect(
      openStore(at.location, { ...deps, migrations: [...MIGRATIONS, ...failing] }),
    ).rejects.toThrow('on purpose');
    expect(look()).toEqual(BEFORE);
  });

  test.each([1, 2])(
    'killed in step %i it is exactly as before the first, and the next start completes',
    async (step) => {
      expect((await runChild('die migrating', at.path, String(step)).ended).signal).toBe('SIGKILL');
      expect(look()).toEqual(BEFORE);
      const store = await openStore(at.location, deps);
      await store.close();
      expect(look()).toEqual(DONE);
    },
  );

  test('several at once bring it up to date once', async () => {
    const children = [1, 2, 3, 4].map(() => runChild('die migrating', at.path, '0'));
    const ends = await Promise.all(children.map((child) => child.ended));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']));
    expect(look()).toEqual(DONE);
    expect(backups()).toHaveLength(1);
  });

  test('of the first version: keys, uses and peppers are what they were', async () => {
    const path = `${at.folder}/first.db`;
    await firstStore(path);
    const store = await openStore(`sqlite:${path}`, storeDeps());
    const [used, unused] = (await store.keys.page({}, { limit: 9 }, 0)).items;
    const blank = { version: 1, issuedAt: 5, createdAt: 5, olderUntil: null, integrationId: null };
    expect(used).toMatchObject({ ...blank, name: 'used', lastUsedAt: 7, versionUsedAt: 7, shownAt: 6 });
    expect(unused).toMatchObject({ ...blank, name: 'unused', lastUsedAt: null, versionUsedAt: null });
    expect(await store.slots.peppers()).toMatchObject([{ number: 1, kind: 'pepper' }]);
    expect(await store.workspaces.policy('ws_000000000000')).toEqual(DEFAULT_POLICY);
    const next = { version: 2, verifier: someVerifier(), issuedAt: 9, expiresAt: null };
    expect(await store.write((tx) => tx.write.keys.addVersion(used?.kid ?? '', 1, next, null))).toBe(true);
    expect(await store.keys.versions(used?.kid ?? '')).toMatchObject([
      { version: 1, issuedAt: 5, firstUsedAt: null, lastUsedAt: 7 },
    ]);
    await store.close();
  });

  test('of the second version: policies are what they were, and restrict no scope of a provider', async () => {
    const path = `${at.folder}/second.db`;
    await firstStore(path, MIGRATIONS.slice(0, 2));
    const connection = new Database(path);
    connection.exec(
      `INSERT INTO policies VALUES ('ws_000000000000', 'admin', 'owner', 'a:b', '*:*', '', '', 5, NULL)`,
    );
    connection.close();
    const store = await openStore(`sqlite:${path}`, storeDeps());
    expect(await store.workspaces.policy('ws_000000000000')).toEqual({
      ...{
        createKeys: 'admin',
        connectApps: 'owner',
        restrictedScopes: ['a:b'],
        restrictedProviderScopes: [],
      },
      ...{ ceilings: { admin: ['*:*'], developer: [], viewer: [] }, defaultLife: 5, longestLife: null },
    });
    expect(await store.apps.all()).toEqual([]);
    await store.close();
  });

  test('a new store begins at the newest version', async () => {
    await createStore(`sqlite:${at.folder}/new.db`, deps, async () => someSeed());
    expect(look(`${at.folder}/new.db`)).toEqual(DONE);
  });
});
