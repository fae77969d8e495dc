import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeConfig, readConfig } from '../../src/system/config.ts';

const uid = process.geteuid?.();
let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'config-'));
  file = path.join(folder, 'deep', 'config.json');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

test('is empty without a file, and remembers what is set', () => {
  expect(readConfig(file, uid)).toEqual({});
  changeConfig(file, { workspace: 'acme' }, uid);
  expect(readConfig(file, uid)).toEqual({ workspace: 'acme' });
  changeConfig(file, { workspace: undefined }, uid);
  expect(readConfig(file, uid)).toEqual({});
});

test('keeps what a newer version wrote', () => {
  changeConfig(file, { workspace: 'acme' }, uid);
  fs.writeFileSync(file, '{"later":{"x":1},"__proto__":{"workspace":"evil"}}');
  expect(readConfig(file, uid)).toEqual({});
  changeConfig(file, { workspace: 'acme' }, uid);
  expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toHaveProperty('later', { x: 1 });
});

test.each(['', '{', '[]', 'null', '{"workspace":7}', '\0'])(
  'damaged settings (%j) are an error that names the file',
  (content) => {
    changeConfig(file, { workspace: 'acme' }, uid);
    fs.writeFileSync(file, content);
    expect(() => readConfig(file, uid)).toThrow(
      expect.objectContaining({ code: 'store_unreadable', message: expect.stringContaining(file) }),
    );
  },
);

test.skipIf(uid === undefined)('a folder that others can write to is refused', () => {
  changeConfig(file, { workspace: 'acme' }, uid);
  fs.chmodSync(path.dirname(file), 0o777);
  expect(() => readConfig(file, uid)).toThrow(expect.objectContaining({ code: 'store_permissions' }));
  fs.chmodSync(path.dirname(file), 0o700);
  expect(readConfig(file, uid)).toEqual({ workspace: 'acme' });
});
