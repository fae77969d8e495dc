import { linkSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/domain/ports/store.ts';
import { createStore, inspectStore, openStore } from '../../../src/store/open.ts';
import { someSeed } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';
import { type Child, runChild } from './run-child.ts';

const linux = process.platform === 'linux';

describe('named locks', () => {
  let at: ReturnType<typeof storeFolder>;
  let store: Store;
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
    await createStore(at.location, deps, async () => someSeed());
    store = await openStore(at.location, deps);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.process.kill('SIGKILL');
    await store.close();
    at.remove();
  });
  const lockFile = () => `${at.path}.lock-test`;
  const lockFiles = () => readdirSync(at.folder).filter((name) => name.includes('.lock-'));
  const mine = (waitMs?: number) =>
    store.exclusively('test', async () => 'mine', waitMs === undefined ? {} : { waitMs });

  test('have a file of their own as long as they are held, and one gate for all; both 0600', async () => {
    await store.exclusively('test', async () => {
      expect(lockFiles()).toEqual(['keywright.db.lock-test']);
      for (const file of [lockFile(), `${at.path}.locks`]) expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(await inspectStore(at.location, deps)).toEqual([]);
    });
    expect(lockFiles()).toEqual([]);
  });

  test('of another process are waited for, then refused by pid; writing goes on', async () => {
    const holder = start('alone', `${at.folder}/go`);
    await holder.says('alone');
    await store.write(async () => undefined);
    for (const waitMs of [0, undefined]) {
      const failure = await mine(waitMs).catch((error) => error);
      expect(failure).toMatchObject({ code: 'busy' });
      if (linux) expect(failure.message).toContain(`process ${holder.pid} `);
    }
    expect(deps.waits).toEqual([{ pid: linux ? holder.pid : undefined }]);
    expect(await store.exclusively('other', async () => 'mine', { waitMs: 0 })).toBe('mine');
    writeFileSync(`${at.folder}/go`, '');
    expect((await holder.ended).code).toBe(0);
    expect(await mine(0)).toBe('mine');
    expect(lockFiles()).toEqual([]);
  });

  test('of a process that is stopped are still held, and named', async () => {
    const holder = start('alone', `${at.folder}/go`);
    await holder.says('alone');
    holder.process.kill('SIGSTOP');
    const failure = await mine(50).catch((error) => error);
    expect(failure).toMatchObject({ code: 'busy' });
    if (linux) expect(failure).toMatchObject({ hint: expect.stringContaining(`ps -p ${holder.pid}`) });
  });

  test('of a process that was killed are free at once, and its file is taken over', async () => {
    const holder = start('alone', `${at.folder}/go`);
    await holder.says('alone');
    holder.process.kill('SIGKILL');
    await holder.ended;
    expect(lockFiles()).toEqual(['keywright.db.lock-test']);
    expect(await mine(0)).toBe('mine');
    expect(lockFiles()).toEqual([]);
  });

  test('never have two holders, though each removes the file', async () => {
    const crowd = [1, 2, 3, 4].map(() => start('alone often', '80'));
    const ends = await Promise.all(crowd.map(({ ended }) => ended));
    expect(ends.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual(
      ends.map(() => [0, 'together 0\n', '']),
    );
    expect(lockFiles()).toEqual([]);
  });

  test('are had though the gate is shut when they are let go: their file stays, for the next one', async () => {
    const gate = await store.exclusively('test', async () => {
      const shut = new Database(`${at.path}.locks`);
      shut.exec('BEGIN EXCLUSIVE');
      return shut;
    });
    expect(lockFiles()).toEqual(['keywright.db.lock-test']);
    const failure = await mine(0).catch((error) => error);
    expect(failure).toMatchObject({ code: 'busy' });
    gate.close();
    expect(await mine(0)).toBe('mine');
    expect(lockFiles()).toEqual([]);
  });

  test.each(['symbolic link', 'hard link', 'folder'])('are not taken on a %s', async (what) => {
    const target = `${at.folder}/precious`;
    writeFileSync(target, 'precious', { mode: 0o600 });
    if (what === 'symbolic link') symlinkSync(target, lockFile());
    if (what === 'hard link') linkSync(target, lockFile());
    if (what === 'folder') mkdirSync(lockFile());
    await expect(mine(0)).rejects.toMatchObject({ code: 'store_permissions' });
    expect(statSync(target).size).toBe('precious'.length);
  });

  test('left of a killed process are taken over by whoever needs the name next, and are no finding', async () => {
    writeFileSync(lockFile(), '', { mode: 0o600 });
    expect(await inspectStore(at.location, deps)).toEqual([]);
    expect(await mine(0)).toBe('mine');
    expect(lockFiles()).toEqual([]);
  });
});
