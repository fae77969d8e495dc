import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { allCommands } from '../../src/commands/index.ts';
import { DRY_RUN } from '../../src/commands/options.ts';
import { Shell } from '../support/run-program.ts';
import { storeFolder } from '../support/store-folder.ts';

/** For each command that has `--dry-run` a line that would change something. */
const LINES: { readonly [command: string]: readonly string[] } = {
  'apps remove': ['work'],
  'integrations disable': ['shop'],
  'integrations remove': ['shop', '--revoke-keys'],
  'keys disable': ['billing'],
  'keys enable': ['paused'],
  'keys import': ['legacy.csv'],
  'keys revoke': ['billing'],
  'keys rotate': ['billing'],
  'members remove': ['ben'],
  'rotations finish': ['twice'],
  'rotations rollback': ['twice'],
  'scopes remove': ['orders:read'],
  'slots rekey': [],
  'slots remove': ['other'],
  'workspaces archive': ['acme'],
};
/** It needs an authorization, which needs a provider; its own tests have it. */
const ELSEWHERE = ['apps revoke'];

const { folder, remove } = storeFolder();
const { PATH = '' } = process.env;
const shell = new Shell({
  path: folder,
  env: { PATH, KEYWRIGHT_HOME: join(folder, 'home'), KEYWRIGHT_ACTOR: 'ana' },
});

beforeAll(async () => {
  await shell.init();
  for (const name of ['billing', 'paused', 'twice']) await shell.createKey(name);
  for (const line of [
    ['keys', 'disable', 'paused', '--yes'],
    ['keys', 'rotate', 'twice', '-q'],
    ['members', 'add', 'ben'],
    ['scopes', 'add', 'orders:read'],
    ['scopes', 'add', 'orders:write'],
    ['integrations', 'create', 'shop'],
    ['integrations', 'configure', 'shop', '--url', 'https://shop.example'],
    ['slots', 'add', '--kind', 'key-file', '--name', 'other', '--path', join(folder, 'other.key')],
  ])
    await shell.answer(line);
  const app = ['apps', 'register', 'work', '--provider', 'github', '--client-id', 'Iv1.0', '--from-stdin'];
  await shell.answer(app, 'a-client-secret');
  writeFileSync(join(folder, 'legacy.csv'), 'name,scopes,token\nlegacy,orders:read,an-old-token-of-ours\n');
  return remove;
});

const withDryRun = async (): Promise<readonly string[]> => {
  const { nouns } = await allCommands();
  return nouns.flatMap(({ name, verbs }) =>
    verbs.filter(({ options = [] }) => options.includes(DRY_RUN)).map((verb) => `${name} ${verb.name}`),
  );
};

test('every command that has a dry run is here', async () => {
  expect([...Object.keys(LINES), ...ELSEWHERE].sort()).toEqual([...(await withDryRun())].sort());
});

/** As typed; a file is given by its path, since the test runs where it likes. */
const argvOf = (command: string): string[] => [
  ...command.split(' '),
  ...(LINES[command] ?? []).map((word) => (word.endsWith('.csv') ? join(folder, word) : word)),
];

test.each(Object.keys(LINES))(
  'a dry run says to who is no member what the real run would: %s',
  async (command) => {
    const argv = argvOf(command);
    const mallory = ['--actor', 'mallory'];
    const dry = await shell.here([...argv, ...mallory, '--dry-run']);
    expect(dry, dry.stderr).toMatchObject({ code: 4, stdout: '' });
    const yes = ['--yes'].filter(() => !['keys enable', 'keys import'].includes(command));
    const real = await shell.here([...argv, ...mallory, ...yes]);
    expect([real.code, real.stderr]).toEqual([dry.code, dry.stderr]);
    const allowed = await shell.here([...argv, '--dry-run']);
    expect(allowed, allowed.stderr).toMatchObject({ code: 0 });
  },
);

test('the last operator slot is not removed in a dry run either', async () => {
  const [primary] = (await shell.answer(['slots', 'list', '-q'])).split('\n');
  await shell.answer(['slots', 'remove', 'other', '--yes']);
  const [dry, real] = [
    await shell.here(['slots', 'remove', primary ?? '', '--dry-run']),
    await shell.here(['slots', 'remove', primary ?? '', '--yes']),
  ];
  expect(dry).toMatchObject({ code: 5, stdout: '' });
  expect(real).toEqual(dry);
});

test('a rotation that policy refuses is refused in a dry run; of several keys each is decided', async () => {
  await shell.answer(['policy', 'set', '--longest-life', '30d', '--default-life', '30d']);
  const one = await shell.here(['keys', 'rotate', 'billing', '--expires', '50d', '--dry-run']);
  expect(one).toMatchObject({ code: 4, stdout: '' });
  const all = ['keys', 'rotate', '--all', '--json', '--dry-run'];
  const { code, stdout, stderr } = await shell.here([...all, '--expires', '50d']);
  expect(code).toBe(4);
  const { keys } = JSON.parse(stdout);
  expect(keys.map(({ would }: { would: string }) => would)).toEqual(['refuse', 'refuse', 'refuse']);
  expect(JSON.parse(stderr).error.message).toMatch(/^3 of 3 keys would be refused; twice: /);
  expect(await shell.here(all)).toMatchObject({ code: 0 });
});
