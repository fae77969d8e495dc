import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ownFolder, Shell } from '../support/run-program.ts';
import { inDatabase, verified } from './rotation-store.ts';
import { attempt } from './soundness.ts';

/** Why a small file system can't be mounted here, else undefined; with CI set that fails the run where root could. */
const unmountable = (() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'not root on Linux';
  const folder = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  const { status, stderr, error } = mount(folder);
  if (status === 0) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return status === 0 ? undefined : `mounting a tmpfs failed: ${error?.message ?? stderr}`;
})();

describe.skipIf(unmountable !== undefined)(
  `a rotation on a disk that is full (case 31)${unmountable ? ` (skipped: ${unmountable})` : ''}`,
  () => {
    const ROTATE = ['keys', 'rotate', 'deploy', '--grace', '0', '--yes'];

    test('from the start nothing is issued, shown or handed over', async () => {
      const { shell, old, fill, makeRoom, got, deliver } = await onSmallDisk();
      execFileSync('sh', ['-c', fill]);
      for (const flags of [[], ['--deliver', deliver()]]) {
        const ran = await shell.run([...ROTATE, ...flags]);
        expect([ran.code, ran.stdout, got()], ran.stderr).toEqual([11, '', []]);
        expect(await verified(shell, [old])).toEqual([1]);
      }
      makeRoom();
      expect(inDatabase(shell)).toMatchObject({ version: 1, rotations: [], sealed: 0 });
    });

    test.each<[when: string, step: 'deliver' | 'check', state: string]>([
      ['during the delivery', 'deliver', 'issued'],
      ['during the check', 'check', 'delivered'],
    ])('%s both versions live on, and with room again the same command heals', async (_, step, state) => {
      const { shell, old, fill, makeRoom, got, deliver } = await onSmallDisk();
      const filling = [
        ...['--deliver', deliver(step === 'deliver' ? fill : 'true')],
        ...['--check', `sh -c '${step === 'check' ? fill : 'true'}'`],
      ];
      const ran = await shell.run([...ROTATE, ...filling]);
      expect([ran.code, ran.stdout], ran.stderr).toEqual([9, '']);
      expect(ran.stderr).toContain('versions 1 and 2 are both valid');
      const [secret = ''] = got();
      expect(await verified(shell, [old, secret])).toEqual([1, 2]);
      // Going on, or back, can't be written down either, and doesn't claim to be.
      for (const argv of [
        [...ROTATE, '--deliver', deliver(), '--check', 'true'],
        ['rotations', 'rollback', 'deploy', '--yes'],
      ]) {
        // What a program frees at its end would be room for the next.
        execFileSync('sh', ['-c', fill]);
        const next = await shell.run(argv);
        expect([next.code, next.stdout], next.stderr).toEqual([11, '']);
        expect(await verified(shell, [old, secret])).toEqual([1, 2]);
      }

      makeRoom();
      expect(inDatabase(shell)).toMatchObject({ state, sealed: 1, version: 2 });
      const healed = await shell.run([...ROTATE, '--deliver', deliver(), '--check', 'true']);
      expect(healed.code, healed.stderr).toBe(0);
      expect(new Set(got())).toEqual(new Set([secret]));
      expect(inDatabase(shell)).toMatchObject({ state: 'finished', sealed: 0, version: 2 });
      expect(await verified(shell, [old, secret])).toEqual([undefined, 2]);
      expect((await attempt(shell, ['audit', 'verify'])).code).toBe(0);
    });

    test('a revocation during the delivery gets through', async () => {
      const { shell, old, fill, makeRoom, got, deliver } = await onSmallDisk();
      const ran = await shell.run([...ROTATE, '--deliver', deliver(fill)]);
      expect(ran.code, ran.stderr).toBe(9);
      const revoked = await shell.run(['keys', 'revoke', 'deploy', '--yes']);
      expect(revoked.code, revoked.stderr).toBe(0);
      expect(await verified(shell, [old, ...got()])).toEqual([undefined, undefined]);
      makeRoom();
      expect(inDatabase(shell)).toMatchObject({ revoked: true, state: 'rolled-back', sealed: 0 });
    });
  },
);

/** A store on a file system of its own; `fill` is the command that fills it to the last page. */
async function onSmallDisk() {
  const { path, env } = ownFolder();
  // The key file is elsewhere than the data on a real machine, too.
  const shell = new Shell({ path, env: { ...env, KEYWRIGHT_KEY_FILE: join(path, 'outside.key') } });
  mkdirSync(shell.home, { mode: 0o700 });
  expect(mount(shell.home).status).toBe(0);
  onTestFinished(() => void spawnSync('umount', [shell.home]));
  await shell.init();
  const old = await shell.createKey('deploy');
  const [filler, got] = [join(shell.home, 'filler'), join(path, 'got')];
  appendFileSync(got, '');
  return {
    shell,
    old,
    fill: `cat /dev/zero >> ${filler} 2>/dev/null; true`,
    makeRoom: () => rmSync(filler),
    /** What was handed over, in that order. */
    got: () => readFileSync(got, 'utf8').split('\n').filter(Boolean),
    deliver: (then = 'true') => `sh -c 'cat >> ${got}; echo >> ${got}; ${then}'`,
  };
}

function mount(folder: string) {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', folder], {
    encoding: 'utf8',
  });
}
