import { rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { withCreationLock } from '../../../src/store/sqlite/creation-lock.ts';
import { loadDriver } from '../../../src/store/sqlite/driver.ts';
import { fileAt, filesOf } from '../../../src/store/sqlite/paths.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';

test('whoever waited for a lock file that was taken away, with its folder, locks the one that is there', async () => {
  await loadDriver();
  const { folder, remove } = storeFolder();
  onTestFinished(remove);
  const path = join(folder, 'fresh', 'keywright.db');
  const { creationLock, folder: fresh } = filesOf(path);
  const deps = storeDeps();
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  let inside = 0;
  const alone = async (work: () => unknown): Promise<void> => {
    expect(++inside).toBe(1);
    await work();
    inside -= 1;
  };
  const first = withCreationLock(path, deps, () =>
    alone(async () => {
      await pause(60);
      rmSync(creationLock);
      rmdirSync(fresh);
    }),
  );
  await pause(10);
  const waiting = [1, 2, 3].map(() =>
    withCreationLock(path, deps, () =>
      alone(async () => {
        await pause(20);
        expect(fileAt(creationLock)).toBeDefined();
      }),
    ),
  );
  await Promise.all([first, ...waiting]);
});
