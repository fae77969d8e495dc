import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { attempt } from '../faults/soundness.ts';
import { Shell } from '../support/run-program.ts';
import frozen from '../vectors/store-0.1.0.json' with { type: 'json' };

const DATABASE = join(import.meta.dirname, '../vectors/store-0.1.0.db.gz');
let shell: Shell;

/** The store as version 0.1.0 left it, in a home of its own. */
beforeEach(() => {
  shell = new Shell();
  mkdirSync(shell.home, { mode: 0o700 });
  writeFileSync(shell.database, gunzipSync(readFileSync(DATABASE)), { mode: 0o600 });
  writeFileSync(join(shell.home, 'keywright.key'), frozen.key_file, { mode: 0o600 });
  writeFileSync(join(shell.path, 'passphrase'), frozen.passphrase, { mode: 0o600 });
});

test('a store of version 0.1.0 opens by each of its slots, and its log holds (case 62)', async () => {
  const passphrase = ['--passphrase-file', join(shell.path, 'passphrase')];
  for (const argv of [
    ['slots', 'test', 'key-file'],
    ['slots', 'test', 'word', ...passphrase],
    ['audit', 'verify'],
  ]) {
    const ran = await attempt(shell, argv);
    expect([argv, ran.code], ran.stderr).toEqual([argv, 0]);
  }
});

test.each(Object.entries(frozen.secrets))('of its keys %s is %s', async (secret, is) => {
  for (const _ of ['the first time', 'and again']) {
    const { code, stdout } = await attempt(shell, ['keys', 'verify', '--explain'], secret);
    expect([stdout, code]).toEqual([expect.any(String), is === 'valid' ? 0 : 4]);
  }
});

test('it goes on: keys are made and rotated, and what was sealed is sealed anew', async () => {
  for (const argv of [
    ['keys', 'create', '--scope', 'orders:read', '--name', 'fresh'],
    ['keys', 'rotate', 'billing'],
    ['apps', 'update', 'crm', '--name', 'crm2'],
    ['slots', 'rekey', '--yes', '--passphrase-file', join(shell.path, 'passphrase')],
    ['doctor', '--fix'],
  ]) {
    const ran = await attempt(shell, argv);
    expect([argv, ran.code], ran.stdout + ran.stderr).toEqual([argv, 0]);
  }
});
