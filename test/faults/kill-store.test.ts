import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Shell } from '../support/run-program.ts';
import { attempt, hasStore, unsound } from './soundness.ts';
import { callsOf, killedAt, straceMissing } from './strace.ts';
import { type Swept, sampled, sweep } from './sweep.ts';

const why = straceMissing(process.env);

const SWEPT: readonly Swept[] = [
  {
    argv: ['slots', 'add', '--kind', 'key-file', '--name', 'spare', '--path', 'HOME/spare.key'],
    says: /added the operator slot/,
    billing: ['active', 'active'],
  },
  { argv: ['slots', 'rekey', '--yes'], says: /^kept/m, billing: ['active', 'active'] },
  { argv: ['workspaces', 'archive', 'acme', '--yes'], says: /archived acme/, billing: ['active', 'active'] },
];

describe.skipIf(why !== undefined)(
  `killed at a system call (case 45)${why ? ` (skipped: ${why})` : ''}`,
  () => {
    test.each(SWEPT)('$argv', sweep, 60_000);

    test('init', async () => {
      const shell = new Shell();
      const keyFile = join(shell.path, 'keys', 'first.key');
      const init = (path: string): string[] => [
        'init',
        '--workspace',
        'acme',
        '--unlock',
        'key-file',
        '--key-file',
        path,
      ];
      const whole = await callsOf(shell, init(keyFile));
      expect(whole.code, whole.stderr).toBe(0);
      const stores = new Set<boolean>();
      for (const point of sampled(whole.calls)) {
        for (const folder of [shell.home, join(shell.path, 'keys')])
          rmSync(folder, { recursive: true, force: true });
        const ran = await killedAt(shell, init(keyFile), point);
        const at = `init, killed at ${point.name} ${point.nth}${point.rest}`;
        expect([ran.code, ran.signal], at).toEqual([null, 'SIGKILL']);
        stores.add(hasStore(shell));
        if (!hasStore(shell)) expect((await attempt(shell, ['keys', 'list'])).code, at).toBe(11);
        if (ran.stderr.includes('next:')) expect(hasStore(shell), at).toBe(true);
        await initAgain(shell, init, keyFile, at);
        expect(await unsound(shell, []), at).toEqual([]);
      }
      expect(stores).toEqual(new Set([false, true]));
    }, 60_000);
  },
);

/** A key file is never written over, since it may open another store: then the second run names it, and its hint works. */
async function initAgain(
  shell: Shell,
  init: (keyFile: string) => string[],
  keyFile: string,
  at: string,
): Promise<void> {
  const again = await attempt(shell, init(keyFile));
  if (again.code === 5 && !hasStore(shell)) {
    expect(again.stderr, at).toContain(`there is something at ${keyFile} already`);
    expect(again.stderr, at).toContain('--key-file');
    expect((await attempt(shell, init(`${keyFile}.second`))).code, at).toBe(0);
    return;
  }
  expect(again.code, `${at}: ${again.stderr}`).toBe(0);
}
