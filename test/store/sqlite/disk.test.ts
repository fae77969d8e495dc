import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../../src/domain/ports/store.ts';
import { createStore, openStore } from '../../../src/store/open.ts';
import { RESERVE_BYTES } from '../../../src/store/sqlite/reserve.ts';
import { addKeys, someEntry, someKey, someSeed, someUsage, someUse, T0 } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';
import { runChild } from './run-child.ts';

/** Why the small file systems of these tests can't be mounted here, else undefined. */
const unmountable = (() => {
  const { folder, remove } = storeFolder();
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { encoding: 'utf8' });
  if (mount.status === 0) execFileSync('umount', [folder]);
  remove();
  return mount.status === 0 ? undefined : `mounting a tmpfs failed: ${mount.stderr ?? mount.error}`;
})();

describe.skipIf(unmountable !== undefined)(
  `on a small disk${unmountable ? ` (skipped: ${unmountable})` : ''}`,
  () => {
    let at: ReturnType<typeof storeFolder>;
    let store: Store;
    const seed = someSeed();
    const deps = storeDeps({ busyTimeoutMs: 200 });
    const key = someKey(seed.workspace.id, { kid: 'onsmalldisk0' });
    beforeEach(async () => {
      at = storeFolder();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1536k,mode=0700', 'tmpfs', at.folder]);
      await createStore(at.location, deps, async () => seed);
      store = await openStore(at.location, deps);
      await addKeys(store, [key]);
    });
    afterEach(async () => {
      await store.close();
      execFileSync('umount', [at.folder]);
      at.remove();
    });
    const fill = () => {
      for (const size of [65_536, 4096]) {
        for (let n = 0; ; n += 1) {
          const file = `${at.folder}/filler-${size}-${n}`;
          try {
            writeFileSync(file, Buffer.alloc(size));
          } catch {
            rmSync(file, { force: true });
            break;
          }
        }
      }
    };
    /** Writes until the journal can't grow either. */
    const fillJournal = async () => {
      for (;;) {
        const failure = await addKeys(store, [someKey(seed.workspace.id)]).catch((error) => error);
        if (failure !== undefined) return failure;
      }
    };
    const revoke = () =>
      store.write(
        async (tx) => {
          await tx.write.keys.revoke([key.kid], T0, 'leaked');
          await tx.write.audit([someEntry(2, { action: 'key.revoke' })]);
        },
        { urgent: true },
      );

    test('a full disk refuses writes as a whole, still reads, and revokes out of the reserve', async () => {
      fill();
      expect(await fillJournal()).toMatchObject({ code: 'store_full', exitCode: 11 });
      const before = await store.keys.count({}, T0);
      await expect(addKeys(store, [someKey(seed.workspace.id)])).rejects.toMatchObject({
        code: 'store_full',
      });
      expect(await store.keys.count({}, T0)).toBe(before);
      expect(existsSync(`${at.path}.reserve`)).toBe(true);
      await revoke();
      expect(await store.keys.byKid(key.kid)).toMatchObject({ revokedAt: T0 });
      expect((await store.audit.head())?.action).toBe('key.revoke');
    });

    test('a full disk lets a process that starts afresh read and revoke', async () => {
      await store.close();
      fill();
      store = await openStore(at.location, deps);
      expect(await store.keys.byKid(key.kid)).toEqual(key);
      await expect(addKeys(store, [someKey(seed.workspace.id)])).rejects.toMatchObject({
        code: 'store_full',
      });
      await revoke();
      expect(await store.keys.byKid(key.kid)).toMatchObject({ revokedAt: T0 });
    });

    test('without a reserve a revoke on a full disk says that nothing was changed', async () => {
      fill();
      await fillJournal();
      rmSync(`${at.path}.reserve`);
      writeFileSync(`${at.folder}/filler`, Buffer.alloc(RESERVE_BYTES));
      await expect(revoke()).rejects.toMatchObject({
        code: 'store_full',
        message: expect.stringContaining('nothing was changed'),
      });
      expect(await store.keys.byKid(key.kid)).toMatchObject({ revokedAt: null });
    });

    test('the reserve comes back when there is room again', async () => {
      fill();
      await fillJournal();
      await revoke();
      for (const name of readdirSync(at.folder))
        if (name.startsWith('filler')) rmSync(`${at.folder}/${name}`);
      await store.close();
      const { repairStore } = await import('../../../src/store/open.ts');
      await repairStore(at.location, deps);
      expect(statSync(`${at.path}.reserve`).size).toBe(RESERVE_BYTES);
      store = await openStore(at.location, deps);
    });

    test('making a store on a full disk fails as full and undoes its seed', async () => {
      fill();
      const steps: string[] = [];
      const seedAgain = async () => {
        steps.push('seed');
        return someSeed({ undo: async () => void steps.push('undo') });
      };
      const failure = await createStore(`sqlite:${at.folder}/second.db`, deps, seedAgain).catch(
        (error) => error,
      );
      expect(failure).toMatchObject({ code: 'store_full' });
      expect(steps).toEqual(['seed', 'undo']);
      expect(readdirSync(at.folder).filter((name) => name.startsWith('second'))).toEqual([
        'second.db.creating',
      ]);
    });

    describe('that is read-only', () => {
      const remount = (how: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${how}`, at.folder]);
      afterEach(() => remount('rw'));

      test('a store is read, and says that it cannot be written', async () => {
        await store.close();
        for (const suffix of ['-wal', '-shm']) rmSync(at.path + suffix, { force: true });
        const bytes = readFileSync(at.path);
        remount('ro');
        store = await openStore(at.location, deps);
        expect(await store.keys.byKid(key.kid)).toEqual(key);
        expect((await store.keys.page({ term: key.name }, { limit: 1 }, T0)).items).toHaveLength(1);
        await expect(addKeys(store, [someKey(seed.workspace.id)])).rejects.toMatchObject({
          code: 'store_readonly',
        });
        await expect(revoke()).rejects.toMatchObject({ code: 'store_readonly' });
        expect(await store.recordUsage(someUsage({ used: [someUse(key.kid, T0)] }))).toBe(false);
        expect(readFileSync(at.path).equals(bytes)).toBe(true);
      });

      test('a reader of the copy in memory sees what is written when it can be again', async () => {
        await store.close();
        for (const suffix of ['-wal', '-shm']) rmSync(at.path + suffix, { force: true });
        remount('ro');
        const reader = await openStore(at.location, deps);
        expect(await reader.keys.byKid(key.kid)).toMatchObject({ revokedAt: null });
        remount('rw');
        store = await openStore(at.location, deps);
        await revoke();
        expect(await reader.keys.byKid(key.kid)).toMatchObject({ revokedAt: T0 });
        await store.close();
        expect(await reader.keys.byKid(key.kid)).toMatchObject({ revokedAt: T0 });
        await reader.close();
      });
    });
  },
);

const strace = spawnSync('strace', ['-V']).status === 0;
test.skipIf(!strace)(
  'under umask 000 nothing is ever open to others, not for a moment (needs strace)',
  async () => {
    const at = storeFolder();
    const log = `${at.folder}-trace`;
    const trace = [
      'strace',
      '-f',
      '-o',
      log,
      '-e',
      'trace=open,openat,creat,mkdir,mkdirat,chmod,fchmod,fchmodat,umask',
    ];
    const { code, stderr } = await runChild('everything', `${at.folder}/home/keywright.db`, '', trace).ended;
    expect([code, stderr]).toEqual([0, '']);
    const ours = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line.includes(at.folder));
    const making = ours.filter((line) => /O_CREAT|mkdir|creat\(/.test(line) && !/= -1 /.test(line));
    const modes = making.map((line) => /, (0[0-7]*)(?:\)| <unfinished)/.exec(line)?.[1]);
    expect(making.length).toBeGreaterThan(5);
    expect(new Set(modes)).toEqual(new Set(['0600', '0700']));
    expect(ours.filter((line) => /chmod/.test(line) && !/, 0[67]00(\)| <unfinished)/.test(line))).toEqual([]);
    rmSync(log);
    at.remove();
  },
);
