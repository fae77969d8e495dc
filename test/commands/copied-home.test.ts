import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Shell } from '../support/run-program.ts';

/** Runs the program in one of several homes beside each other. */
function homes(): {
  file(home: string): string;
  run(home: string, ...argv: string[]): ReturnType<Shell['run']>;
} {
  const shell = new Shell();
  const at = (home: string): string => join(shell.path, home);
  return {
    file: (home) => at(home),
    run: (home, ...argv) => shell.run(argv, { env: { KEYWRIGHT_HOME: at(home) } }),
  };
}

test('a copied home gets a new root key without touching the key file that it was copied from', async () => {
  const { file, run } = homes();
  expect((await run('first', 'init', '--unlock', 'key-file')).code).toBe(0);
  execFileSync('cp', ['-a', file('first'), file('copy')]);
  const before = readFileSync(file('first/keywright.key'), 'utf8');
  expect((await run('copy', 'slots', 'rekey', '--yes')).code).toBe(0);
  expect(readFileSync(file('first/keywright.key'), 'utf8')).toBe(before);
  expect((await run('first', 'slots', 'test')).code).toBe(0);
  expect((await run('copy', 'slots', 'test')).code).toBe(0);
});

test('a moved home brings its key file along', async () => {
  const { file, run } = homes();
  expect((await run('here', 'init', '--unlock', 'key-file')).code).toBe(0);
  renameSync(file('here'), file('there'));
  expect((await run('there', 'keys', 'create', '--scope', 'a:b')).code).toBe(0);
});
