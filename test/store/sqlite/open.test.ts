import {
  chmodSync,
  copyFileSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStore, openStore } from '../../../src/store/open.ts';
import { addKeys, someKey, someSeed, someUsage, someUse } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';
import { added, LATEST } from './added-migrations.ts';

describe('opening a store', () => {
  let at: ReturnType<typeof storeFolder>;
  const deps = storeDeps({ busyTimeoutMs: 200 });
  const seed = someSeed();
  beforeEach(async () => {
    at = storeFolder();
    await createStore(at.location, deps, async () => seed);
  });
  afterEach(() => at.remove());
  const pragma = (text: string) => {
    const connection = new Database(at.path);
    connection.pragma(text);
    connection.close();
  };
  /** Opening fails so, and neither database nor folder are touched by it. */
  const refused = async (expected: object) => {
    const before = readFileSync(at.path);
    await expect(openStore(at.location, deps)).rejects.toMatchObject(expected);
    expect(readFileSync(at.path).equals(before)).toBe(true);
  };

  test('nothing there', async () => {
    rmSync(at.path);
    await expect(openStore(at.location, deps)).rejects.toMatchObject({ code: 'no_store', exitCode: 11 });
    const nowhere = openStore(`sqlite:${at.folder}/none/k.db`, deps);
    await expect(nowhere).rejects.toMatchObject({ code: 'no_store' });
  });

  test('empty', async () => {
    truncateSync(at.path);
    await refused({ code: 'store_damaged', message: expect.stringContaining('is empty') });
  });

  test('not a database', async () => {
    writeFileSync(at.path, 'some text that is longer than a header of a database\n'.repeat(40));
    await refused({ code: 'store_foreign' });
  });

  test("another program's database", async () => {
    pragma('application_id = 7');
    await refused({ code: 'store_foreign' });
  });

  test('a newer store, naming both versions', async () => {
    pragma(`user_version = ${LATEST + 1}`);
    const both = new RegExp(`version ${LATEST + 1}\\b.*up to ${LATEST}\\b`);
    await refused({ code: 'store_newer', message: expect.stringMatching(both) });
  });

  test('a newer store that may be read is read, and not written', async () => {
    const migrations = [...(await import('../../../src/store/migrations/index.ts')).MIGRATIONS, ...added()];
    const upgraded = await openStore(at.location, { ...deps, migrations: migrations.slice(0, LATEST + 1) });
    await upgraded.close();
    const store = await openStore(at.location, { ...deps, readNewer: true });
    expect(await store.workspaces.all()).toHaveLength(1);
    await expect(addKeys(store, [someKey(seed.workspace.id)])).rejects.toMatchObject({ code: 'store_newer' });
    const before = readFileSync(at.path);
    expect(await store.recordUsage(someUsage({ used: [someUse('x', 1)] }))).toBe(false);
    expect(readFileSync(at.path).equals(before)).toBe(true);
    await store.close();
    const further = await openStore(at.location, { ...deps, migrations });
    await further.close();
    const tooNew = openStore(at.location, { ...deps, readNewer: true });
    await expect(tooNew).rejects.toMatchObject({ code: 'store_newer' });
  });

  test('cut in half', async () => {
    truncateSync(at.path, Math.floor(readFileSync(at.path).length / 2));
    const failure = await openStore(at.location, deps)
      .then(async (store) => {
        await store.keys.page({ term: 'abc' }, { limit: 9 }, 0);
        await store.workspaces.all();
        await store.audit.head();
        await addKeys(store, [someKey(seed.workspace.id)]);
      })
      .catch((error) => error);
    expect(failure).toMatchObject({ code: 'store_damaged' });
  });

  test.runIf(process.getuid !== undefined)('open to others, by file or folder', async () => {
    chmodSync(at.path, 0o640);
    await refused({ code: 'store_permissions', hint: expect.stringContaining('doctor --fix') });
    chmodSync(at.path, 0o600);
    chmodSync(at.folder, 0o755);
    await refused({ code: 'store_permissions' });
    chmodSync(at.folder, 0o700);
    writeFileSync(`${at.path}-wal`, '', { mode: 0o644 });
    await refused({ code: 'store_permissions' });
  });

  test.runIf(process.getuid !== undefined)("somebody else's", async () => {
    const stranger = openStore(at.location, { ...deps, uid: (deps.uid ?? 0) + 1 });
    await expect(stranger).rejects.toMatchObject({ code: 'store_permissions', message: /another user/ });
  });

  test('a symbolic link, to a store or to nothing', async () => {
    renameSync(at.path, `${at.folder}/real.db`);
    symlinkSync(`${at.folder}/real.db`, at.path);
    await refused({ code: 'store_permissions' });
    rmSync(at.path);
    symlinkSync(`${at.folder}/nothing`, at.path);
    await expect(openStore(at.location, deps)).rejects.toMatchObject({ code: 'store_permissions' });
  });

  test('a hard link', async () => {
    linkSync(at.path, `${at.folder}/second.db`);
    await refused({ code: 'store_permissions' });
  });

  test('a folder in its place', async () => {
    await expect(openStore(`sqlite:${at.folder}`, deps)).rejects.toMatchObject({ code: 'store_permissions' });
  });

  test('last uses are not written into a store that was brought up to date meanwhile', async () => {
    const migrations = [...(await import('../../../src/store/migrations/index.ts')).MIGRATIONS, ...added()];
    const store = await openStore(at.location, { ...deps, readNewer: true });
    const key = someKey(seed.workspace.id);
    await addKeys(store, [key]);
    const used = someUsage({ used: [someUse(key.kid, 5)] });
    const upgraded = await openStore(at.location, { ...deps, migrations: migrations.slice(0, LATEST + 1) });
    expect(await store.recordUsage(used)).toBe(false);
    expect(await upgraded.keys.byKid(key.kid)).toMatchObject({ lastUsedAt: null });
    await upgraded.close();
    await store.close();
  });

  test('a store that is removed or replaced while it is open is not written', async () => {
    const store = await openStore(at.location, deps);
    await addKeys(store, [someKey(seed.workspace.id)]);
    renameSync(at.path, `${at.path}.moved`);
    await expect(addKeys(store, [someKey(seed.workspace.id)])).rejects.toMatchObject({
      code: 'store_missing',
    });
    writeFileSync(at.path, '', { mode: 0o600 });
    await expect(addKeys(store, [someKey(seed.workspace.id)])).rejects.toMatchObject({
      code: 'store_missing',
    });
    await store.close();
  });

  describe('with a journal that does not fit', () => {
    /** A copy of the store and of its journal as they are while a change is only in the journal. */
    const withOpenJournal = async () => {
      const store = await openStore(at.location, deps);
      await addKeys(store, [someKey(seed.workspace.id, { name: 'in the journal' })]);
      for (const suffix of ['', '-wal']) copyFileSync(at.path + suffix, `${at.folder}/copy.db${suffix}`);
      await store.close();
      for (const suffix of ['', '-wal']) chmodSync(`${at.folder}/copy.db${suffix}`, 0o600);
      return `sqlite:${at.folder}/copy.db`;
    };
    const namesIn = async (location: string) => {
      const store = await openStore(location, deps);
      const { items } = await store.keys.page({}, { limit: 9 }, 0);
      await store.close();
      return items.map(({ name }) => name);
    };

    test('without its -shm nothing is lost', async () => {
      expect(await namesIn(await withOpenJournal())).toEqual(['in the journal']);
    });

    test('without its -wal the store is as of the last checkpoint: whole, but rolled back, which the anchor tells', async () => {
      const location = await withOpenJournal();
      rmSync(`${at.folder}/copy.db-wal`);
      expect(await namesIn(location)).toEqual([]);
    });

    test('with a -wal cut short, whole transactions of it count', async () => {
      const location = await withOpenJournal();
      truncateSync(`${at.folder}/copy.db-wal`, 40);
      expect(await namesIn(location)).toEqual([]);
    });

    /**
     * SQLite can't tell whose journal it is: a valid -wal of another store is replayed, and what is
     * read then is that store or a mixture. Its id and audit head aren't the ones that this machine
     * remembers (anchor), and the check of the content finds a mixture.
     */
    test("with another store's -wal it is not the store it was", async () => {
      const location = await withOpenJournal();
      const other = storeFolder();
      await createStore(other.location, deps, async () => someSeed());
      copyFileSync(other.path, `${at.folder}/copy.db`);
      other.remove();
      const opened = await openStore(location, deps).catch((error) => error);
      if (opened instanceof Error) {
        expect(opened).toMatchObject({ code: 'store_damaged' });
        return;
      }
      const { id } = opened.identity;
      const head = await opened.audit.head().catch(() => undefined);
      await opened.close();
      expect([id, head?.hash]).not.toEqual([seed.identity.id, seed.audit[0]?.hash]);
    });
  });
});
