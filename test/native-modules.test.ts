import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { nativeModuleFailure } from '../src/native-modules.ts';

const INSTALLED = join(import.meta.dirname, '../node_modules');
const SCRATCH = mkdtempSync(join(tmpdir(), 'keywright-native-'));
afterAll(() => rmSync(SCRATCH, { recursive: true, force: true }));

/** Copies a package with what it needs, does harm to it and gives back what loading it throws. */
function errorOf(
  name: string,
  needs: readonly string[],
  harm: (folder: string) => void,
  use: (module: never) => void,
) {
  const root = mkdtempSync(join(SCRATCH, 'case-'));
  for (const each of [name, ...needs]) {
    cpSync(join(INSTALLED, each), join(root, 'node_modules', each), { recursive: true });
  }
  harm(join(root, 'node_modules', name));
  try {
    use(createRequire(join(root, 'x.js'))(name) as never);
  } catch (error) {
    return error;
  }
  throw new Error(`${name} loads in spite of it`);
}

const openDatabase = (Database: new (name: string) => unknown) => void new Database(':memory:');
const spoil = (folder: string) => {
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (file.endsWith('.node')) writeFileSync(join(folder, file), 'not machine code');
  }
};
const remove =
  (...parts: string[]) =>
  (folder: string) =>
    rmSync(join(folder, ...parts), { recursive: true });
const removeAll = remove();

test.each([
  ['better-sqlite3', 'is missing', errorOf('better-sqlite3', [], removeAll, openDatabase)],
  ['better-sqlite3', 'is missing', errorOf('better-sqlite3', [], remove('prebuilds'), openDatabase)],
  ['better-sqlite3', 'is damaged', errorOf('better-sqlite3', [], spoil, openDatabase)],
  ['argon2', 'is missing', errorOf('argon2', [], removeAll, () => {})],
  [
    'argon2',
    'is missing',
    errorOf('argon2', ['@phc/format', 'node-gyp-build'], remove('prebuilds'), () => {}),
  ],
  ['argon2', 'is damaged', errorOf('argon2', ['@phc/format', 'node-gyp-build'], spoil, () => {})],
  [
    '@napi-rs/keyring',
    'is missing',
    errorOf(
      '@napi-rs/keyring',
      [],
      () => {},
      () => {},
    ),
  ],
])('%s that %s is named, with the command that mends it', (name, how, error) => {
  const failure = nativeModuleFailure(error, 'npm ci');
  expect(failure?.code).toBe('native_module');
  expect(failure?.exitCode).toBe(1);
  expect(failure?.message).toContain(`${name} ${how}`);
  expect(failure?.hint).toBe('npm ci');
});

test('another ABI is told apart', () => {
  const message =
    "The module '/x/better_sqlite3.node' was compiled against a different Node.js version using NODE_MODULE_VERSION 115.";
  const error = Object.assign(new Error(message), { code: 'ERR_DLOPEN_FAILED' });
  expect(nativeModuleFailure(error, 'npm ci')?.message).toContain('was built for another Node.js');
});

test.each([
  new Error('argon2 is slow'),
  Object.assign(new Error("Cannot find module 'x'"), { code: 'MODULE_NOT_FOUND' }),
  'text',
])('other errors are left alone', (error) => expect(nativeModuleFailure(error, 'npm ci')).toBeUndefined());
