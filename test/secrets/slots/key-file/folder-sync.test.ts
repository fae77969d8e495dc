import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  createKeyFile,
  readKeyFile,
  removeKeyFile,
  replaceKeyFile,
} from '../../../../src/secrets/slots/key-file/file.ts';

const refused = vi.hoisted(() => ({ folders: 0 }));

// As some network file systems do it: files sync, folders are refused.
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const fsyncSync = (fd: number): void => {
    if (!fs.fstatSync(fd).isDirectory()) {
      fs.fsyncSync(fd);
      return;
    }
    refused.folders++;
    throw Object.assign(new Error('EINVAL: invalid argument, fsync'), { code: 'EINVAL' });
  };
  return { ...fs, fsyncSync };
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywright-sync-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('making, replacing and removing succeed where a folder cannot be synced', () => {
  const file = join(folder, 'key');
  const [one, two] = ['A', 'B'].map((id) => ({ id: id.repeat(22), key: Buffer.alloc(32, id) })) as [
    { id: string; key: Buffer },
    { id: string; key: Buffer },
  ];
  createKeyFile(file, [one]);
  replaceKeyFile(file, [one, two], 'x');
  expect(readKeyFile(file, process.getuid?.())).toEqual([one, two]);
  removeKeyFile(file);
  expect(existsSync(file)).toBe(false);
  if (process.platform !== 'win32') expect(refused.folders).toBe(3);
});
