import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { liveContext } from '../../src/live-context.ts';
import { main } from '../../src/main.ts';
import { ended, PROGRAM_FILE, Shell } from '../support/run-program.ts';
import { fakeProcess } from '../support/transcript-process.ts';
import { inDatabase, rotationStore, unsoundRotation, verified } from './rotation-store.ts';

const HOUR = 3_600_000;
const SATURDAY = Date.UTC(2026, 10, 21, 2);
const linux = process.platform === 'linux';

describe('a nightly rotation whose delivery fails from Saturday to Monday', () => {
  test('harms nobody: both versions verify all the time, and the third night heals', async () => {
    const shell = await new Shell().init();
    const at = (now: number, argv: readonly string[], input = '') => atTime(shell, now, argv, input);
    const made = await at(SATURDAY - 24 * HOUR, [
      'keys',
      'create',
      '--scope',
      'a:b',
      '--name',
      'deploy',
      '-q',
    ]);
    const old = made.stdout.trim();
    const got = join(shell.path, 'got');
    const deliver = `sh -c 'cat >> ${got}; echo >> ${got}; test -e ${join(shell.path, 'works')}'`;
    const nightly = ['keys', 'rotate', 'deploy', '--grace', '1h', '--deliver', deliver, '--check', 'true'];
    const received = (): string[] => readFileSync(got, 'utf8').trimEnd().split('\n');
    const codes = async (now: number) =>
      (await at(now, ['keys', 'verify', '-q'], [old, ...received()].join('\n'))).code;

    for (const night of [SATURDAY, SATURDAY + 24 * HOUR]) {
      const ran = await at(night, nightly);
      expect(ran.code, ran.stderr).toBe(9);
      expect(ran.stderr).toContain('versions 1 and 2 are both valid');
      for (const hours of [0, 1, 2, 12, 23]) expect(await codes(night + hours * HOUR)).toBe(0);
    }
    expect((await at(SATURDAY + 30 * HOUR, ['doctor'])).stdout).toMatch(
      /the delivery of version 2 of deploy/,
    );
    writeFileSync(join(shell.path, 'works'), '');
    const monday = SATURDAY + 48 * HOUR;
    const healed = await at(monday, nightly);
    expect(healed.code, healed.stderr).toBe(0);

    // The same secret each night, and one journal for all of them.
    expect(new Set(received()).size).toBe(1);
    expect(received()).toHaveLength(3);
    expect(inDatabase(shell)).toMatchObject({ version: 2, sealed: 0, rotations: [{ state: 'finished' }] });
    expect(await codes(monday)).toBe(0);
    expect(await codes(monday + HOUR - 1)).toBe(0);
    // Only now is the old one cut off, to the millisecond; and a clock that goes back doesn't touch the new one.
    const [, secret = ''] = [old, ...received()];
    expect((await at(monday + HOUR, ['keys', 'verify'], old)).code).toBe(4);
    for (const now of [monday + HOUR, monday - 1000 * HOUR])
      expect((await at(now, ['keys', 'verify'], secret)).code).toBe(0);
    expect((await at(monday, ['audit', 'verify'])).code).toBe(0);
    expect((await at(monday, ['doctor'])).code).toBe(0);
  });
});

describe.runIf(linux)('when nobody hears', () => {
  test.each<[what: string, redirect: string]>([
    ['a full stdout', '> /dev/full'],
    ['a stdout that takes no writing', '1< /dev/null'],
    ['a closed stdout', '>&-'],
    ['a closed stdout and stdin', '>&- <&-'],
  ])('a new secret is taken back: %s', async (_, redirect) => {
    const store = await rotationStore();
    const ran = await inShell(store.shell, `"$@" ${redirect}`, ['keys', 'rotate', 'deploy']);
    expect(ran.status, ran.stderr).toBe(1);
    expect(ran.stderr).toContain('rolled back: version 1 of deploy is the current one again');
    expect(inDatabase(store.shell)).toMatchObject({ version: 1, state: 'rolled-back' });
    expect(await unsoundRotation(store)).toEqual([]);
  });

  test('nor the reader of a pipe', async () => {
    const store = await rotationStore();
    const child = store.shell.start(['keys', 'rotate', 'deploy'], { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout?.destroy();
    expect(await ended(child)).toEqual([1, null]);
    expect(inDatabase(store.shell)).toMatchObject({ version: 1, state: 'rolled-back' });
    expect(await unsoundRotation(store)).toEqual([]);
  });

  test.each<[redirect: string, code: number]>([
    ['> /dev/full', 1],
    ['2> /dev/full', 0],
    ['> /dev/null 2>&-', 0],
    ['0<&- > /dev/null 2> /dev/full', 0],
  ])('a delivery is finished all the same: %s', async (redirect, code) => {
    const store = await rotationStore('--grace', '1h');
    const ran = await inShell(store.shell, `"$@" ${redirect}`, [
      'keys',
      'rotate',
      'deploy',
      ...store.deliver,
    ]);
    expect(ran.status, ran.stderr).toBe(code);
    expect(inDatabase(store.shell).state).toBe('finished');
    expect(await unsoundRotation(store)).toEqual([]);
  });
});

describe('while the secret is being delivered', () => {
  test('the key is revoked: nothing of it verifies, and the delivery says so', async () => {
    const store = await rotationStore('--grace', '1h');
    const { shell, place, old } = store;
    const argv = deliverWith(store.deliver, (put) => `${put} && ${own('keys revoke deploy --yes')}`);
    const ran = await shell.run(['keys', 'rotate', 'deploy', ...argv], { env: { HOLD: shell.home } });
    expect(ran.code, ran.stderr).toBe(5);
    expect(ran.stderr).toContain('was revoked meanwhile');
    expect(inDatabase(shell)).toMatchObject({ revoked: true, state: 'rolled-back', sealed: 0 });
    const secret = readFileSync(join(place, 'secret'), 'utf8');
    expect(await verified(shell, [old, secret])).toEqual([undefined, undefined]);
  });

  test('another plain rotation of it is refused', async () => {
    const store = await rotationStore('--grace', '1h');
    const argv = deliverWith(store.deliver, (put) => `${put} && ! ${own('keys rotate deploy -q')}`);
    const ran = await store.shell.run(['keys', 'rotate', 'deploy', ...argv], {
      env: { HOLD: store.shell.home },
    });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain('a delivery of deploy is open');
    expect(inDatabase(store.shell).rotations).toHaveLength(1);
    expect(await unsoundRotation(store)).toEqual([]);
  });

  /** A command of this program on the same store, from within a delivery, which gets none of our variables. */
  const own = (line: string): string =>
    `KEYWRIGHT_HOME=$HOLD KEYWRIGHT_ACTOR=ana ${process.execPath} ${PROGRAM_FILE} ${line}`;
});

/** The same flags with another delivery, made of the command that they deliver by. */
function deliverWith(flags: readonly string[], script: (put: string) => string): readonly string[] {
  return flags.map((word, i) => (flags[i - 1] === '--deliver' ? `sh -c '${script(word)}'` : word));
}

/** Runs the program as `"$@"` of a line of shell, which redirects. */
async function inShell(shell: Shell, line: string, argv: readonly string[]) {
  const closes = openSync('/dev/null', 'r');
  try {
    return spawnSync('sh', ['-c', line, 'sh', process.execPath, PROGRAM_FILE, ...argv], {
      cwd: shell.path,
      env: shell.env,
      stdio: [closes, 'pipe', 'pipe'],
      encoding: 'utf8',
    });
  } finally {
    closeSync(closes);
  }
}

/** Runs a command at that time. */
async function atTime(shell: Shell, now: number, argv: readonly string[], input = '') {
  const { proc, written } = fakeProcess({ argv, env: shell.env, columns: undefined, input, answers: [] });
  const code = await main(argv, liveContext(proc, { now: () => now }));
  const told = (of: 'stdout' | 'stderr'): string =>
    written
      .filter(({ stream }) => stream === of)
      .map(({ text }) => text)
      .join('');
  return { code, stdout: told('stdout'), stderr: told('stderr') };
}
