import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { keygen } from '../backup/real-age.ts';
import { Shell } from '../support/run-program.ts';
import { attempt, hasStore } from './soundness.ts';
import { type Call, callsOf, killedAt, straceMissing, underStrace } from './strace.ts';
import { type PreparedStore, preparedStore, sampled } from './sweep.ts';

const why = straceMissing(process.env);
const skipped = why ? ` (skipped: ${why})` : '';
const left = (folder: string, mark: string): readonly string[] =>
  readdirSync(folder).filter((name) => name.includes(mark));

/** Files are made, written and linked in Node's own threads, of which the calls are counted one by one. */
const ANYWHERE: readonly Call[] = (['link', 'fsync', 'unlink'] as const).map((name) => ({
  name,
  nth: 1,
  rest: '',
}));

interface Backed extends PreparedStore {
  readonly file: string;
  readonly opening: readonly string[];
}

/** A backup of the store with `billing` still active, which is revoked by now; `late` came afterwards. */
async function backedUp(): Promise<Backed> {
  const prepared = await preparedStore();
  const { shell } = prepared;
  const { recipient } = keygen(join(shell.path, 'id.key'));
  const file = join(shell.path, 'store.age');
  await shell.answer(['backup', 'create', file, '--recipient', recipient, '-q']);
  await shell.answer(['keys', 'revoke', 'billing', '--yes', '-q']);
  await shell.createKey('late');
  const kept = join(shell.path, 'later');
  execFileSync('cp', ['-a', shell.home, kept]);
  const reset = (): void => {
    rmSync(shell.home, { recursive: true, force: true });
    execFileSync('cp', ['-a', kept, shell.home]);
  };
  return { ...prepared, reset, file, opening: [file, '--identity', join(shell.path, 'id.key')] };
}

async function points(shell: Shell, argv: readonly string[]): Promise<readonly Call[]> {
  const { code, stderr, calls } = await callsOf(shell, argv);
  expect(code, stderr).toBe(0);
  // Every second of the points: what follows each, a whole restore and a look at all of it, takes half a second.
  return [...sampled(calls).filter((_, i) => i % 2 === 0), ...ANYWHERE];
}

describe.skipIf(why !== undefined)(`killed at a system call (case 45)${skipped}`, () => {
  test('backup create leaves a whole file or none, and nothing in the clear beside it', async () => {
    const { shell } = await preparedStore();
    const { recipient } = keygen(join(shell.path, 'id.key'));
    const out = join(shell.path, 'out');
    const [file, second] = [join(out, 'store.age'), join(out, 'second.age')];
    const create = (to: string): string[] => ['backup', 'create', to, '--recipient', recipient];
    mkdirSync(out);
    const killed = await points(shell, create(file));
    for (const point of killed) {
      rmSync(out, { recursive: true, force: true });
      mkdirSync(out);
      const ran = await killedAt(shell, create(file), point);
      const at = `killed at ${point.name} ${point.nth}${point.rest.slice(0, 80)}`;
      if (ran.signal !== 'SIGKILL') continue; // none in one thread
      if (existsSync(file))
        expect(
          (await attempt(shell, ['backup', 'verify', file, '--identity', join(shell.path, 'id.key')])).code,
          at,
        ).toBe(0);
      expect(
        readdirSync(out).filter((name) => !/^store\.age(\.partial-[0-9a-f]{12})?$/.test(name)),
        at,
      ).toEqual([]);
      expect((await attempt(shell, create(second))).code, at).toBe(0);
      expect(left(shell.home, '.new-'), at).toEqual([]);
      expect((await attempt(shell, ['doctor'])).code, at).toBe(0);
    }
  }, 90_000);

  test('backup restore leaves the store as it was or as it was to be; run again it is done', async () => {
    const { shell, keys, reset, opening } = await backedUp();
    const argv = ['backup', 'restore', ...opening, '--yes'];
    const billing = keys.find(({ name }) => name === 'billing')?.secret ?? '';
    const ends = new Set<boolean>();
    for (const point of await points(shell, argv)) {
      reset();
      const ran = await killedAt(shell, argv, point);
      const at = `killed at ${point.name} ${point.nth}${point.rest.slice(0, 80)}`;
      if (ran.signal !== 'SIGKILL') continue;
      // Not even in between does it verify; a store that this machine doesn't know any more says so.
      const verified = await attempt(shell, ['keys', 'verify'], billing);
      expect([4, 11], `${at}: ${verified.stderr}`).toContain(verified.code);
      ends.add((await attempt(shell, ['keys', 'show', 'late', '-w', 'acme'])).code === 0);
      const again = await attempt(shell, argv);
      expect(again.code, `${at}: ${again.stderr}`).toBe(0);
      expect((await attempt(shell, ['keys', 'verify'], billing)).code, at).toBe(4);
      expect((await attempt(shell, ['keys', 'disable', 'old', '--yes'])).code, at).toBe(5);
      expect(left(shell.home, '.new-'), at).toEqual([]);
      expect((await attempt(shell, ['doctor'])).code, at).toBe(0);
    }
    expect(ends).toEqual(new Set([true, false]));
  }, 90_000);

  test('a restore on another machine leaves the whole store or none', async () => {
    const { shell, opening } = await backedUp();
    const there = new Shell({
      path: shell.path,
      env: { ...shell.env, KEYWRIGHT_HOME: join(shell.path, 'there') },
    });
    const argv = (key: string) => [
      ...[
        'backup',
        'restore',
        ...opening,
        '--unlock',
        'key-file',
        '--key-file',
        join(shell.path, 'keys', key),
      ],
    ];
    const clean = (): void => {
      for (const folder of [there.home, join(shell.path, 'keys')])
        rmSync(folder, { recursive: true, force: true });
    };
    for (const point of await points(there, argv('first.key'))) {
      clean();
      const ran = await killedAt(there, argv('first.key'), point);
      const at = `killed at ${point.name} ${point.nth}${point.rest.slice(0, 80)}`;
      if (ran.signal !== 'SIGKILL') continue;
      if (!hasStore(there)) {
        const again = await attempt(there, argv('second.key'));
        expect(again.code, `${at}: ${again.stderr}`).toBe(0);
      }
      expect((await attempt(there, ['keys', 'create', '--scope', 'a:read', '-q'])).code, at).toBe(0);
      await attempt(there, ['doctor', '--fix']);
      expect((await attempt(there, ['doctor'])).code, at).toBe(0);
      expect(left(there.home, '.new-'), at).toEqual([]);
    }
  }, 90_000);
});

/** The mode that something is made with, also where strace split its line in two. */
const PRIVATE = /, 0[67]00(\)| <unfinished)/;

/** SQLite opens what its backup API writes to as if to make it, but it was made, 0600, before. */
function isThere(line: string, before: readonly string[]): boolean {
  const path = /"([^"]+)"/.exec(line)?.[1] ?? '';
  return before.some(
    (other) => other.includes(`"${path}"`) && other.includes('O_EXCL') && PRIVATE.test(other),
  );
}

describe.skipIf(why !== undefined)(`files (cases 14 and 17)${skipped}`, () => {
  test('under umask 000 nothing that is made is open to others, even for a moment', async () => {
    const { shell, opening } = await backedUp();
    const { recipient } = keygen(join(shell.path, 'other.key'));
    const trace = [
      '--seccomp-bpf',
      '-etrace=open,openat,openat2,creat,mkdir,mkdirat,chmod,fchmod,fchmodat',
      'sh',
      '-c',
      'umask 000; exec "$@"',
      'sh',
    ];
    for (const argv of [
      ['backup', 'create', join(shell.path, 'more.age'), '--recipient', recipient],
      ['backup', 'verify', ...opening],
      ['backup', 'restore', ...opening, '--yes'],
    ]) {
      const ran = await underStrace(shell, argv, trace);
      expect(ran.code, ran.stderr).toBe(0);
      const opened = ran.trace
        .split('\n')
        .filter((line) => line.includes(shell.path) && /O_CREAT|mkdir|chmod/.test(line));
      const made = opened.filter((line) => !/= -1 E(EXIST|NOENT)/.test(line));
      expect(made.length).toBeGreaterThan(0);
      expect(made.filter((line, i) => !PRIVATE.test(line) && !isThere(line, made.slice(0, i)))).toEqual([]);
    }
  });
});

const mountable = process.platform === 'linux' && process.getuid?.() === 0;
describe.skipIf(!mountable)('on a full disk (case 31)', () => {
  test('neither a backup nor a restore that does not fit leaves anything, and both say so', async () => {
    const { shell, opening } = await backedUp();
    const small = join(shell.path, 'small');
    mkdirSync(small, { mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=128k,mode=0700', 'tmpfs', small]);
    onTestFinished(() => void spawnSync('umount', [small]));
    const { recipient } = keygen(join(shell.path, 'other.key'));
    const create = await attempt(shell, ['backup', 'create', join(small, 'b.age'), '--recipient', recipient]);
    expect([create.code, create.stdout], create.stderr).toEqual([1, '']);
    expect(readdirSync(small)).toEqual([]);
    const there = new Shell({
      path: shell.path,
      env: { ...shell.env, KEYWRIGHT_HOME: small, KEYWRIGHT_KEY_FILE: join(shell.path, 'keys', 'new.key') },
    });
    const restore = await attempt(there, ['backup', 'restore', ...opening, '--unlock', 'key-file', '--json']);
    expect(restore.code, restore.stderr).toBe(11);
    expect(JSON.parse(restore.stderr).error.code).toBe('store_full');
    expect(hasStore(there)).toBe(false);
    expect(left(small, '.new-')).toEqual([]);
    writeFileSync(join(small, 'room'), Buffer.alloc(0));
    execFileSync('mount', ['-o', 'remount,size=8m', small]);
    const again = await attempt(there, ['backup', 'restore', ...opening, '--unlock', 'key-file']);
    expect(again.code, again.stderr).toBe(0);
  });
});
