import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/domain/ports/store.ts';
import { createStore, openStore } from '../../../src/store/open.ts';
import { someSeed, someUsage } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';
import { type Child, runChild } from './run-child.ts';

describe.runIf(process.platform === 'linux')('verifiers of several processes', () => {
  let at: ReturnType<typeof storeFolder>;
  let store: Store;
  const children: Child[] = [];
  const start = async (id: string) => {
    const child = runChild('verify', at.path, id);
    children.push(child);
    await child.says('reported');
    return child;
  };
  beforeEach(async () => {
    at = storeFolder();
    await createStore(at.location, storeDeps(), async () => someSeed());
    store = await openStore(at.location, storeDeps());
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.process.kill('SIGKILL');
    await store.close();
    at.remove();
  });
  const stored = () => {
    const connection = new Database(at.path, { readonly: true });
    const ids = connection.prepare('SELECT id FROM verifiers ORDER BY id').pluck().all();
    connection.close();
    return ids;
  };

  test('that were killed are left out, and cleared away by the next that reports', async () => {
    const [one, two] = [await start('one'), await start('two')];
    expect((await store.verifiers()).map(({ id, pid }) => [id, pid])).toEqual([
      ['one', one.pid],
      ['two', two.pid],
    ]);
    one.process.kill('SIGKILL');
    await one.ended;
    expect((await store.verifiers()).map(({ id }) => id)).toEqual(['two']);
    expect(stored()).toEqual(['one', 'two']);
    await store.recordUsage(someUsage());
    expect(stored()).toEqual(['one', 'two']);
    await store.recordUsage(someUsage({ reporter: { id: 'three', at: 5, closing: false } }));
    expect(stored()).toEqual(['three', 'two']);
  });

  test('that are stopped are still running: they may hold uses that nobody saw', async () => {
    const one = await start('one');
    one.process.kill('SIGSTOP');
    expect((await store.verifiers()).map(({ id }) => id)).toEqual(['one']);
  });
});
