import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { NOUNS, PLAIN } from '../../src/commands/index.ts';
import { ended, inTurn, PROGRAM_FILE, Shell } from '../support/run-program.ts';

const EVERY: readonly string[][] = [
  ...PLAIN.map((command) => [command.name]),
  ...NOUNS.flatMap((noun) => noun.verbs.map((verb) => [noun.name, verb.name])),
  [],
];
const DOCUMENTED = [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 130];

describe('with nobody to ask (case 178)', () => {
  test('every command ends by itself, with a documented code and one cause', async () => {
    const shell = await new Shell().init();
    await shell.createKey('billing');
    const lines = EVERY.flatMap((argv) => [argv, [...argv, 'billing']]);
    const runs = await inTurn(lines, async (argv) => ({
      argv,
      ...(await shell.run(argv, { env: { CI: '1' } })),
    }));
    for (const { argv, code, stderr } of runs) {
      expect(DOCUMENTED, argv.join(' ')).toContain(code);
      expect(stderr.includes('\x1b'), argv.join(' ')).toBe(false);
      expect(stderr, argv.join(' ')).not.toMatch(/^ {4}at |\(y\/N\)|\(Y\/n\)/m);
      if (code !== 0) expect(stderr.match(/^keywright: .+$/gm), argv.join(' ')).toHaveLength(1);
    }
    // `keys rotate billing` takes nothing away that was there.
    expect(await shell.status('billing')).toBe('rotating');
  });

  test.runIf(process.platform !== 'win32')('a closed stdin is no reason to wait or to crash', async () => {
    const shell = await new Shell().init();
    for (const [argv, code] of [
      [['keys', 'list'], 0],
      [['keys', 'verify'], 2],
      [['keys', 'show', '--from-stdin'], 2],
      [['keys', 'revoke', 'billing'], 3],
      [['keys', 'create'], 2],
    ] as const) {
      const child = spawn('sh', ['-c', 'exec "$@" <&-', 'sh', process.execPath, PROGRAM_FILE, ...argv], {
        env: shell.env,
      });
      expect([argv, await ended(child)]).toEqual([argv, [code, null]]);
    }
  });

  test('a pipe that nobody reads does not hold a command up (case 179)', async () => {
    const shell = await new Shell().init();
    const input = 'y\n'.repeat(500_000);
    for (const argv of [
      ['keys', 'list'],
      ['keys', 'create', '--scope', 'a:b'],
      ['workspaces', 'show'],
    ]) {
      expect((await shell.run(argv, { input })).code).toBe(0);
    }
    // An answer is not taken from a pipe.
    expect((await shell.run(['keys', 'revoke', '--all'], { input })).code).toBe(2);
  });

  test('a pipe that never ends does not, either', async () => {
    const shell = await new Shell().init();
    const child = shell.start(['keys', 'list', '--json'], { stdio: 'pipe' });
    expect(await ended(child)).toEqual([0, null]);
  });
});

test('whatever needs --yes can be looked at the way its hint says', async () => {
  const shell = await new Shell().init();
  await shell.createKey('billing');
  await shell.answer(['scopes', 'add', 'orders:read', '-q']);
  await shell.answer(['members', 'add', 'ben', '-q']);
  await shell.answer(['apps', 'register', 'github', '--client-id', 'x', '--from-stdin', '-q'], 'secret');
  await shell.answer(
    ['slots', 'add', '--kind', 'passphrase', '--from-stdin', '-q'],
    'correct horse battery staple',
  );
  for (const argv of [
    ['keys', 'revoke', 'billing'],
    ['keys', 'disable', 'billing'],
    ['workspaces', 'archive', 'acme'],
    ['scopes', 'remove', 'orders:read'],
    ['members', 'remove', 'ben'],
    ['apps', 'remove', 'github'],
    ['apps', 'authorize', 'github'],
    ['slots', 'remove', 'passphrase'],
    ['slots', 'rekey'],
  ]) {
    const refused = await shell.run([...argv, '--json']);
    expect([argv, refused.code]).toEqual([argv, 2]);
    const { error } = JSON.parse(refused.stderr);
    expect(error).toMatchObject({ code: 'needs_yes' });
    const looked = error.hint.includes('--dry-run') ? await shell.run([...argv, '--dry-run']) : refused;
    expect([argv, looked.stderr]).toEqual([argv, expect.not.stringContaining('unknown option')]);
  }
  expect((await shell.run(['keys', 'verify', '--json'])).code).toBe(2);
  expect(await shell.answer(['keys', 'list', '--status', 'active'])).toContain('billing');
});
