import { copyFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/domain/ports/store.ts';
import { createStore, openStore } from '../../../src/store/open.ts';
import { addKeys, someKey, someSeed, someUsage, someUse, T0 } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';

describe('a file that is moved under an open store', () => {
  let at: ReturnType<typeof storeFolder>;
  let store: Store;
  let now: number;
  const seed = someSeed();
  const key = someKey(seed.workspace.id);
  const deps = storeDeps({ elapsed: () => now });
  const read = () => store.keys.forVerification(key.kid);
  const backup = async () => {
    writeFileSync(`${at.folder}/copy.db`, '', { mode: 0o600 });
    const source = new Database(at.path);
    await source.backup(`${at.folder}/copy.db`);
    source.close();
  };

  beforeEach(async () => {
    now = 7;
    at = storeFolder();
    await createStore(at.location, deps, async () => seed);
    store = await openStore(at.location, deps);
    await addKeys(store, [key]);
  });
  afterEach(async () => {
    await store.close();
    at.remove();
  });

  test('is missing half a second later, and found again when it is back', async () => {
    renameSync(at.path, `${at.path}.away`);
    now += 499;
    expect(await read()).toMatchObject({ kid: key.kid });
    now += 1;
    await expect(read()).rejects.toMatchObject({ code: 'store_missing' });
    await expect(read()).rejects.toMatchObject({ code: 'store_missing' });
    renameSync(`${at.path}.away`, at.path);
    expect(await read()).toMatchObject({ kid: key.kid });
  });

  test("is replaced: another process's revocation there is seen, and last uses go there", async () => {
    await backup();
    await store.recordUsage(someUsage({ used: [someUse(key.kid, T0)] }));
    for (const suffix of ['-wal', '-shm']) rmSync(at.path + suffix, { force: true });
    renameSync(`${at.folder}/copy.db`, at.path);
    now += 500;
    expect(await read()).toMatchObject({ revokedAt: null, versionUsedAt: null });
    const other = await openStore(at.location, deps);
    await other.write((tx) => tx.write.keys.revoke([key.kid], T0, null));
    expect(await read()).toMatchObject({ revokedAt: T0 });
    expect(await store.recordUsage(someUsage({ used: [someUse(key.kid, T0 + 1)] }))).toBe(true);
    expect(await other.keys.byKid(key.kid)).toMatchObject({ lastUsedAt: T0 + 1 });
    await other.close();
    await expect(addKeys(store, [someKey(seed.workspace.id)])).rejects.toMatchObject({
      code: 'store_missing',
    });
  });

  test('is replaced by another store: refused until this one is back', async () => {
    const other = storeFolder();
    await createStore(other.location, deps, async () => someSeed());
    await backup();
    renameSync(other.path, at.path);
    other.remove();
    for (const suffix of ['-wal', '-shm']) rmSync(at.path + suffix, { force: true });
    now += 500;
    await expect(read()).rejects.toMatchObject({ code: 'store_foreign' });
    await expect(read()).rejects.toMatchObject({ code: 'store_foreign' });
    rmSync(at.path);
    copyFileSync(`${at.folder}/copy.db`, at.path);
    expect(await read()).toMatchObject({ kid: key.kid });
  });

  test('is replaced by an empty file: damaged', async () => {
    await backup();
    truncateSync(`${at.folder}/copy.db`);
    renameSync(`${at.folder}/copy.db`, at.path);
    now += 500;
    await expect(read()).rejects.toMatchObject({ code: 'store_damaged' });
  });
});
