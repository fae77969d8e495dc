import { writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/domain/ports/store.ts';
import { createStore, openStore } from '../../../src/store/open.ts';
import {
  addKeys,
  someEntry,
  someKey,
  somePepper,
  someSeed,
  someUsage,
  someUse,
  someVerifier,
  T0,
} from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';
import { backedUp, restore } from './backed-up.ts';
import { type Child, runChild } from './run-child.ts';

describe('several processes on one store', () => {
  let at: ReturnType<typeof storeFolder>;
  let store: Store;
  const seed = someSeed();
  const deps = storeDeps({ busyTimeoutMs: 4000 });
  const children: Child[] = [];
  const start = (role: string, argument: string) => {
    const child = runChild(role, at.path, argument);
    children.push(child);
    return child;
  };
  beforeEach(async () => {
    at = storeFolder();
    deps.waits.length = 0;
    await createStore(at.location, deps, async () => seed);
    store = await openStore(at.location, deps);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.process.kill('SIGKILL');
    await store.close();
    at.remove();
  });
  const append = () =>
    store.write(async (tx) => tx.write.audit([someEntry(((await tx.audit.head())?.seq ?? 0) + 1)]));

  test('four writers of two hundred entries each leave no gap', async () => {
    const writers = [1, 2, 3, 4].map(() => start('append', '200'));
    const ends = await Promise.all(writers.map((writer) => writer.ended));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']));
    const entries = await store.audit.from(2, 1000);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 800 }, (_, i) => i + 2));
  });

  test('a writer that waits says for whom, keeps the event loop alive, and gives up as busy', async () => {
    const holder = start('hold', `${at.folder}/go`);
    await holder.says('holding');
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
    }, 5);
    const failure = await append().catch((error) => error);
    clearInterval(ticking);
    expect(failure).toMatchObject({ code: 'busy', exitCode: 12 });
    expect(deps.waits).toHaveLength(1);
    expect(ticks).toBeGreaterThan(20);
    if (process.platform === 'linux') {
      expect(failure.message).toContain(`process ${holder.pid} `);
      expect(deps.waits).toEqual([{ pid: holder.pid }]);
    }
    expect(await store.keys.byKid('heldheldheld')).toBeUndefined();
    writeFileSync(`${at.folder}/go`, '');
    expect((await holder.ended).code).toBe(0);
    await append();
    expect(await store.keys.byKid('heldheldheld')).toBeDefined();
  });

  test('reading and noting last uses never wait for a writer', async () => {
    const holder = start('hold', `${at.folder}/go`);
    await holder.says('holding');
    expect((await store.audit.head())?.seq).toBe(1);
    expect(await store.recordUsage(someUsage({ used: [someUse('x', 1)] }))).toBe(false);
    expect(deps.waits).toEqual([]);
  });

  test('a holder that is stopped is waited for by name, and its commit counts when it goes on', async () => {
    const holder = start('hold', `${at.folder}/go`);
    await holder.says('holding');
    holder.process.kill('SIGSTOP');
    await expect(append()).rejects.toMatchObject({ code: 'busy' });
    writeFileSync(`${at.folder}/go`, '');
    holder.process.kill('SIGCONT');
    await holder.says('committed');
    expect(await store.keys.byKid('heldheldheld')).toBeDefined();
  });

  test('a holder that is killed leaves nothing and keeps nobody waiting', async () => {
    const holder = start('hold', `${at.folder}/go`);
    await holder.says('holding');
    holder.process.kill('SIGKILL');
    await holder.ended;
    await append();
    expect(deps.waits).toEqual([]);
    expect(await store.keys.byKid('heldheldheld')).toBeUndefined();
    expect((await store.audit.head())?.seq).toBe(2);
  });

  test('a hash that was due before a restore is not written into a store without its pepper', async () => {
    const key = someKey(seed.workspace.id);
    const old = someVerifier();
    await store.write((tx) => tx.write.keys.insert(key, old));
    const backup = await backedUp(at.location, deps);
    await store.write((tx) => tx.write.slots.putPepper(somePepper(2)));
    const generation = await store.slots.generation();
    await restore({ location: at.location, store }, deps, backup);
    const rehash = { old: old.hash, verifier: { ...someVerifier(), pepper: 2 }, generation };
    expect(await store.recordUsage(someUsage({ rehashed: new Map([[key.kid, rehash]]) }))).toBe(true);
    expect(await store.keys.forVerification(key.kid)).toMatchObject({ pepper: 1 });
  });

  test('a restore is seen by those who have the store open, and draws a generation of its own', async () => {
    const key = someKey(seed.workspace.id, { kid: 'restored0000' });
    await addKeys(store, [key]);
    const backup = await backedUp(at.location, deps);
    await store.write((tx) => tx.write.keys.revoke([key.kid], T0, null));
    await store.write((tx) => tx.write.workspaces.setArchived(seed.workspace.id, T0));
    const generation = await store.slots.generation();
    const other = await openStore(at.location, deps);
    await restore({ location: at.location, store }, deps, backup);
    for (const reader of [store, other]) {
      expect(await reader.keys.byKid(key.kid)).toMatchObject({ revokedAt: null });
      expect(await reader.slots.generation()).not.toBe(generation);
    }
    await store.write((tx) => tx.write.keys.revoke([key.kid], T0, null));
    expect(await other.keys.byKid(key.kid)).toMatchObject({ revokedAt: T0 });
    await other.close();
  });

  /** Why every write begins IMMEDIATE: nothing that waits can save a deferred transaction that read before. */
  test('a deferred transaction that has read fails at once when another wrote meanwhile', async () => {
    const deferred = new Database(at.path, { timeout: 5000 });
    deferred.exec('BEGIN');
    deferred.prepare('SELECT count(*) FROM audit').get();
    await append();
    const write = () => deferred.exec("UPDATE workspaces SET name = 'x'");
    expect(write).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY_SNAPSHOT' }));
    deferred.close();
  });
});
