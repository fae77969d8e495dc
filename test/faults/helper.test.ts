import { spawn } from 'node:child_process';
import { cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ended, envFor, ownFolder, type Ran } from '../support/run-program.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What may have become of the helper program, by its new text; undefined takes it away. */
const TAMPERED: readonly (readonly [what: string, script: string | undefined])[] = [
  ['missing', undefined],
  ['no program at all', '\0\x01 not JavaScript'],
  ['one that prints garbage', "process.stdout.write('garbage\\n')"],
  [
    'one that prints 100 MB',
    "const mb = 'x'.repeat(1 << 20); for (let i = 0; i < 100; i++) process.stdout.write(mb)",
  ],
  ['one that answers without an end', "setInterval(() => process.stdout.write('['), 1)"],
  ['one that answers with a key of its own', `process.stdout.write('{"value":"AAAA"}\\n')`],
  ['one that says nothing and stays', 'setInterval(() => undefined, 1000)'],
  ['one that dies of a signal', "process.kill(process.pid, 'SIGKILL')"],
];

test.each(TAMPERED)('a keychain helper that is %s is one clear error (case 83)', async (_, script) => {
  const { path } = ownFolder();
  const program = copyOfProgram(path);
  const helper = join(program, 'dist', 'keychain-helper.cjs');
  if (script === undefined) rmSync(helper);
  else writeFileSync(helper, script);
  const started = performance.now();
  const ran = await runCopy(program, path, ['init', '--unlock', 'keychain', '--json']);
  expect(performance.now() - started).toBeLessThan(20_000);
  expect([ran.code, ran.stdout], ran.stderr).toEqual([6, '']);
  expect(JSON.parse(ran.stderr).error).toMatchObject({
    code: expect.stringMatching(/^keychain_(unavailable|timeout)$/),
    hint: expect.stringContaining('--unlock passphrase'),
  });
  expect(ran.stderr.length).toBeLessThan(2000);
  const list = await runCopy(program, path, ['keys', 'list']);
  expect(list.code, list.stderr).toBe(11);
});

/** The program as it is installed, in a folder where it may be damaged. */
function copyOfProgram(folder: string): string {
  const program = join(folder, 'program');
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(ROOT, part), join(program, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(program, 'node_modules'));
  return program;
}

async function runCopy(program: string, folder: string, argv: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [join(program, 'bin', 'keywright.js'), ...argv], {
    cwd: folder,
    env: { ...envFor(folder), KEYWRIGHT_KEYCHAIN_TIMEOUT: '1s' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended(child),
  ]);
  return { code, signal, stdout, stderr };
}
