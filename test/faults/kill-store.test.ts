import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Shell } from '../support/run-program.ts';
import { attempt, hasStore, unsound } from './soundness.ts';
import { type Call, callsOf, killedAt, straceMissing } from './strace.ts';
import { type Swept, sampled, sweep } from './sweep.ts';

const why = straceMissing(process.env);

const SWEPT: readonly Swept[] = [
  {
    argv: ['slots', 'add', '--kind', 'key-file', '--name', 'spare', '--path', 'HOME/spare.key'],
    says: /added the operator slot/,
    billing: ['active', 'active'],
  },
  { argv: ['slots', 'rekey', '--yes'], says: /^kept/m, billing: ['active', 'active'] },
  {
    argv: ['workspaces', 'archive', 'acme', '--yes'],
    says: /archived acme/,
    billing: ['active', 'disabled'],
  },
];

describe.skipIf(why !== undefined)(
  `killed at a system call (case 45)${why ? ` (skipped: ${why})` : ''}`,
  () => {
    test.each(SWEPT)('$argv', sweep, 180_000);

    test('init', async () => {
      const shells = [new Shell(), new Shell()] as const;
      const whole = await callsOf(shells[0], initWith(keyFileOf(shells[0])));
      expect(whole.code, whole.stderr).toBe(0);
      const points = sampled(whole.calls);
      const made = await Promise.all(
        shells.map(async (shell, lane) => {
          const seen: boolean[] = [];
          for (const point of points.filter((_, i) => i % 2 === lane))
            seen.push(await killInit(shell, point));
          return seen;
        }),
      );
      expect(new Set(made.flat())).toEqual(new Set([false, true]));
    });
  },
);

const keyFileOf = (shell: Shell): string => join(shell.path, 'keys', 'first.key');
const initWith = (keyFile: string): string[] => [
  'init',
  '--workspace',
  'acme',
  '--unlock',
  'key-file',
  '--key-file',
  keyFile,
];

/** Whether there was a store after the kill. */
async function killInit(shell: Shell, point: Call): Promise<boolean> {
  for (const folder of [shell.home, join(shell.path, 'keys')])
    rmSync(folder, { recursive: true, force: true });
  const ran = await killedAt(shell, initWith(keyFileOf(shell)), point);
  const at = `init, killed at ${point.name} ${point.nth}${point.rest}`;
  expect([ran.code, ran.signal], at).toEqual([null, 'SIGKILL']);
  const made = hasStore(shell);
  if (!made) expect((await attempt(shell, ['keys', 'list'])).code, at).toBe(11);
  if (ran.stderr.includes('next:')) expect(made, at).toBe(true);
  await initAgain(shell, at);
  expect(await unsound(shell, []), at).toEqual([]);
  return made;
}

/** A key file is never written over, since it may open another store: then the second run names it, and its hint works. */
async function initAgain(shell: Shell, at: string): Promise<void> {
  const keyFile = keyFileOf(shell);
  const again = await attempt(shell, initWith(keyFile));
  if (again.code === 5 && !hasStore(shell)) {
    // Whole, or cut short by the kill.
    expect(again.stderr, at).toMatch(/there is (a key file|something) at /);
    expect(again.stderr, at).toContain(`at ${keyFile} already`);
    expect(again.stderr, at).toContain('--key-file');
    expect((await attempt(shell, initWith(`${keyFile}.second`))).code, at).toBe(0);
    return;
  }
  expect(again.code, `${at}: ${again.stderr}`).toBe(0);
}
