import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { brokenProgram } from '../support/broken-program.ts';
import { manyKeys } from '../support/many-keys.ts';
import { ownFolder, Shell } from '../support/run-program.ts';
import { statusOf, unsound } from './soundness.ts';
import { type Call, callsOf, failingFrom, straceMissing } from './strace.ts';
import { preparedStore } from './sweep.ts';

const untraceable = straceMissing(process.env);

/** Why a small file system can't be mounted here, else undefined; with CI set that fails the run where root could. */
const unmountable = (() => {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'not root on Linux';
  const folder = ownMount();
  const { status, stderr, error } = mount(folder, '64k');
  if (status === 0) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return status === 0 ? undefined : `mounting a tmpfs failed: ${error?.message ?? stderr}`;
})();

const CREATE = ['keys', 'create', '--scope', 'orders:read'];

describe.skipIf(unmountable !== undefined)(
  `on a full disk (cases 31 and 141)${unmountable ? ` (skipped: ${unmountable})` : ''}`,
  () => {
    test('nothing is made, nothing is shown, everything is read, and keys are stopped', async () => {
      const { shell, fill, makeRoom } = await onSmallDisk();
      const secret = await shell.createKey('billing');
      await shell.createKey('deploy');
      await shell.createKey('report');
      await shell.createKey('paused');
      await shell.answer(['keys', 'disable', 'paused', '--yes']);
      fill();
      const before = await shell.answer(['keys', 'list', '-q']);

      for (const argv of [
        // It gives access back: the room that is kept for taking it away is not for that.
        ['keys', 'enable', 'paused'],
        [...CREATE, '--name', 'fresh'],
        ['slots', 'rekey', '--yes'],
        ['workspaces', 'create', 'other'],
        ['workspaces', 'archive', 'acme', '--yes'],
        ['keys', 'update', 'billing', '--purpose', 'x'.repeat(200)],
      ]) {
        const ran = await shell.run([...argv, '--json']);
        expect([argv, ran.code, ran.stdout], ran.stderr).toEqual([argv, 11, '']);
        expect(JSON.parse(ran.stderr).error.code).toMatch(/^store_(full|unreadable)$/);
      }
      expect(await shell.answer(['keys', 'list', '-q'])).toBe(before);
      expect((await shell.run(['keys', 'verify'], { input: secret })).code).toBe(0);
      expect((await shell.run(['audit', 'verify'])).code).toBe(0);

      for (const [verb, key, status] of [
        ['revoke', 'billing', 'revoked'],
        ['disable', 'deploy', 'disabled'],
      ] as const) {
        const ran = await shell.run(['keys', verb, key, '--yes']);
        expect([verb, ran.code], ran.stderr).toEqual([verb, 0]);
        expect(await statusOf(shell, key)).toBe(status);
      }
      expect((await shell.run(['keys', 'verify'], { input: secret })).code).toBe(4);
      expect((await shell.run(['audit', 'verify'])).code).toBe(0);

      makeRoom();
      await shell.run(['doctor', '--fix']);
      expect(await shell.answer(['doctor', '--json'])).toBe('{"ok":true,"findings":[],"mended":[]}');
    });

    test('one key after the other is revoked, and nothing else gets the room for it', async () => {
      const { shell, fill } = await onSmallDisk();
      const names = Array.from({ length: 24 }, (_, i) => `key-${i}`);
      for (const name of names) await shell.createKey(name);
      fill();
      for (const [i, name] of names.entries()) {
        const ran = await shell.run(['keys', 'revoke', name, '--yes']);
        expect([name, ran.code], ran.stderr).toEqual([name, 0]);
        if (i % 8 > 0) continue;
        const other = await shell.run(['policy', 'set', '--longest-life', `${100 + i}d`]);
        expect(other.code, other.stderr).toBe(11);
      }
      expect((await shell.run(['audit', 'verify'])).code).toBe(0);
    });

    test('several processes that revoke at the same time wait for the reserve', async () => {
      const { shell, fill } = await onSmallDisk();
      const names = Array.from({ length: 5 }, (_, i) => `key-${i}`);
      for (const name of names) await shell.createKey(name);
      fill();
      const ran = await Promise.all(names.map((name) => shell.run(['keys', 'revoke', name, '--yes', '-q'])));
      expect(
        ran.map(({ code }) => code),
        ran.map(({ stderr }) => stderr).join(''),
      ).toEqual(names.map(() => 0));
    });

    test('too many at once are not revoked, and it is said how they can be', async () => {
      const { shell, fill } = await onSmallDisk();
      await manyKeys(shell.env, 600);
      await shell.createKey('key-7');
      fill();
      const ran = await shell.run(['keys', 'revoke', '--all', '--expect', '601', '--yes']);
      expect([ran.code, ran.stdout], ran.stderr).toEqual([11, '']);
      expect(ran.stderr).toMatch(/no key was revoked/);
      expect(ran.stderr).toMatch(/^hint: .*one key at a time/m);
      expect((await shell.run(['keys', 'revoke', 'key-7', '--yes'])).code).toBe(0);
    });

    test('without the reserve a revocation says that it did not happen', async () => {
      const { shell, fill } = await onSmallDisk();
      await shell.createKey('billing');
      rmSync(`${shell.database}.reserve`);
      fill();
      const ran = await shell.run(['keys', 'revoke', 'billing', '--yes']);
      expect(ran).toMatchObject({ code: 11, stdout: '' });
      expect(ran.stderr).toMatch(/no key was revoked/);
      expect(await statusOf(shell, 'billing')).toBe('active');
    });

    test('an export that does not fit is an error and leaves nothing that looks whole', async () => {
      const { shell, fill } = await onSmallDisk();
      for (let i = 0; i < 10; i++) await shell.createKey(`key ${i}`);
      fill();
      const file = join(shell.home, 'log.jsonl');
      const ran = await shell.run(['audit', 'export', '--output', file]);
      expect([ran.code, ran.stdout], ran.stderr).toEqual([1, '']);
      expect(existsSync(file)).toBe(false);
      expect(readdirSync(shell.home).filter((name) => name.includes('log.jsonl'))).toEqual([]);
    });

    test('no store is made, and the next try starts from nothing', async () => {
      const { path, env } = ownFolder();
      const shell = new Shell({ path, env: { ...env, KEYWRIGHT_KEY_FILE: join(path, 'outside.key') } });
      mkdirSync(shell.home, { mode: 0o700 });
      mountFor(shell.home, '64k');
      const init = ['init', '--workspace', 'acme', '--unlock', 'key-file'];
      const failed = await shell.run([...init, '--json']);
      expect([failed.code, failed.stdout], failed.stderr).toEqual([11, '']);
      expect(JSON.parse(failed.stderr).error.code).toBe('store_full');
      expect(existsSync(shell.database)).toBe(false);
      expect(readdirSync(shell.home).filter((name) => name.includes('.new-'))).toEqual([]);
      execFileSync('mount', ['-o', 'remount,size=4m', shell.home]);
      const again = await shell.run(init);
      expect(again.code, again.stderr).toBe(0);
    });
  },
);

describe.skipIf(untraceable !== undefined)(
  `a disk that fails (case 31)${untraceable ? ` (skipped: ${untraceable})` : ''}`,
  () => {
    test.each([
      { error: 'ENOSPC', name: 'pwrite64', argv: CREATE },
      { error: 'EIO', name: 'pwrite64', argv: CREATE },
      { error: 'EIO', name: 'fsync', argv: CREATE },
      { error: 'EIO', name: 'fsync', argv: ['keys', 'revoke', 'billing', '--yes'] },
      { error: 'ENOSPC', name: 'pwrite64', argv: ['keys', 'revoke', 'billing', '--yes'] },
      { error: 'EIO', name: 'fsync', argv: ['slots', 'rekey', '--yes'] },
    ] as const)('$error from any $name on in $argv', async ({ error, name, argv }) => {
      const { shell, keys, reset } = await preparedStore();
      const { calls } = await callsOf(shell, argv);
      const own = calls.filter((call) => call.name === name);
      const step = Math.max(1, Math.floor(own.length / 3));
      const codes = new Set<number | null>();
      for (const call of own.filter((_, i) => i % step === 0 || i === own.length - 1)) {
        reset();
        const ran = await failingFrom(shell, argv, call, error);
        const at = `${call.name} ${call.nth}${call.rest}: ${ran.stderr}`;
        codes.add(ran.code);
        expect([0, 1, 6, 11], at).toContain(ran.code);
        expect(ran.stderr, at).not.toMatch(/^ {4}at /m);
        if (ran.code === 6 || ran.code === 11) expect(ran.stdout, at).toBe('');
        const revokes = argv[1] === 'revoke';
        const after = revokes ? (ran.code === 0 ? ['revoked'] : ['active', 'revoked']) : ['active'];
        const known = keys.map((key) => (key.name === 'billing' ? { ...key, may: after } : key));
        expect(await unsound(shell, known, ran.stdout), at).toEqual([]);
      }
      expect([...codes].some((code) => code !== 0)).toBe(true);
    });

    test('broken variant: a failed commit that is taken for a success', async () => {
      const { shell, keys } = await preparedStore();
      shell.program = await brokenProgram({
        file: 'src/store/sqlite/store.ts',
        was: "connection.exec('COMMIT');",
        becomes: "try { connection.exec('COMMIT'); } catch {}",
      });
      const argv = ['keys', 'revoke', 'billing', '--yes'];
      const commit = (await callsOf(shell, ['keys', 'disable', 'billing', '--yes'])).calls.find(
        ({ name }) => name === 'fsync',
      );
      const ran = await failingFrom(shell, argv, commit as Call, 'EIO');
      expect(ran.code, ran.stderr).toBe(0);
      const revoked = keys.map((key) => (key.name === 'billing' ? { ...key, may: ['revoked'] } : key));
      expect(await unsound(shell, revoked, ran.stdout)).not.toEqual([]);
    });
  },
);

/** A store on a tmpfs of its own, which `fill` fills to the last page. */
async function onSmallDisk(): Promise<{ shell: Shell; fill: () => void; makeRoom: () => void }> {
  const { path, env } = ownFolder();
  // The key file and the anchor's folder are elsewhere than the data on a real machine, too.
  const shell = new Shell({ path, env: { ...env, KEYWRIGHT_KEY_FILE: join(path, 'outside.key') } });
  mkdirSync(shell.home, { mode: 0o700 });
  mountFor(shell.home, '2m');
  await shell.init();
  const fillers = (): string[] => readdirSync(shell.home).filter((name) => name.startsWith('filler'));
  const fill = (): void => {
    for (const size of [65_536, 4096]) {
      for (;;) {
        const file = join(shell.home, `filler-${size}-${fillers().length}`);
        try {
          writeFileSync(file, Buffer.alloc(size));
        } catch {
          rmSync(file, { force: true });
          break;
        }
      }
    }
  };
  return {
    shell,
    fill,
    makeRoom: () => {
      for (const name of fillers()) rmSync(join(shell.home, name));
    },
  };
}

function mountFor(folder: string, size: string): void {
  expect(mount(folder, size).status).toBe(0);
  onTestFinished(() => void spawnSync('umount', [folder]));
}

function mount(folder: string, size: string) {
  const options = ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder];
  return spawnSync('mount', options, { encoding: 'utf8' });
}

function ownMount(): string {
  const folder = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim();
  return folder;
}
