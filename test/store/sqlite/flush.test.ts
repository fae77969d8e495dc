import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createStore, openStore } from '../../../src/store/open.ts';
import { someSeed } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';

const folders = vi.hoisted(() => ({ fail: undefined as string | undefined }));
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const fsyncSync = (descriptor: number) => {
    if (folders.fail === undefined || !fs.fstatSync(descriptor).isDirectory())
      return fs.fsyncSync(descriptor);
    throw Object.assign(new Error(folders.fail), { code: folders.fail });
  };
  return { ...fs, fsyncSync };
});

let at: ReturnType<typeof storeFolder>;
beforeEach(() => {
  at = storeFolder();
});
afterEach(() => {
  folders.fail = undefined;
  at.remove();
});

async function create() {
  let undone = 0;
  const undo = async () => {
    undone += 1;
  };
  const outcome = await createStore(at.location, storeDeps(), async () => someSeed({ undo })).catch((e) => e);
  return { outcome, undone };
}

test.each(['EINVAL', 'ENOTSUP', 'EPERM'])(
  'a file system that cannot flush folders (%s) will do',
  async (code) => {
    folders.fail = code;
    expect(await create()).toEqual({ outcome: { created: true }, undone: 0 });
  },
);

test('a folder that fails to flush after the store is in place undoes nothing', async () => {
  folders.fail = 'EIO';
  expect(await create()).toMatchObject({
    outcome: { code: 'store_unreadable', message: /was made, but/ },
    undone: 0,
  });
  const store = await openStore(at.location, storeDeps());
  await store.close();
});
