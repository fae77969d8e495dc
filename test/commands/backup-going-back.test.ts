import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { keygen } from '../backup/real-age.ts';
import { Shell } from '../support/run-program.ts';

let shell: Shell;
let recipient: string;
const at = (name: string): string => join(shell.path, name);
const run = async (...lines: readonly string[]): Promise<void> => {
  for (const line of lines) await shell.answer(line.split(' '));
};
const restore = (...more: readonly string[]): string[] => [
  ...['backup', 'restore', at('store.age'), '--identity', at('id.key'), ...more],
];
const backUp = (): Promise<string> =>
  shell.answer(['backup', 'create', at('store.age'), '--recipient', recipient, '-q']);

beforeEach(async () => {
  shell = await new Shell().init();
  ({ recipient } = keygen(at('id.key')));
});

describe('what goes back', () => {
  test('is named, and said to allow more where it does', async () => {
    await shell.createKey('net', '--expires', '30d');
    await run('members add ben --role developer -q', 'members add eve --role admin -q');
    await backUp();
    await run(
      'keys update net --allow-ip 10.0.0.0/8 -q',
      'keys update net --expires 60d -q',
      'members remove ben --yes -q',
      'members update eve --role developer -q',
      'members add tom --role viewer -q',
      'policy set --longest-life 90d --create-keys admin -q',
      'workspaces create other -q',
    );
    const dry = await shell.run(restore('--dry-run'));
    expect(dry.code).toBe(0);
    for (const line of [
      'key net: networks 10.0.0.0/8 -> any (allows more than now)',
      'member ben of acme: developer again (allows more than now)',
      'member eve of acme: role developer -> admin (allows more than now)',
      'member tom of acme: no member any more',
      'policy of acme: longest life 90d -> no limit (allows more than now)',
      'policy of acme: create keys admin -> developer (allows more than now)',
      'workspace other: gone',
    ])
      expect(dry.stderr).toContain(`  ${line}\n`);
    expect(dry.stderr).toMatch(/key net: expires at \S+Z -> \S+Z\n/);
    const json = JSON.parse(await shell.answer(restore('--dry-run', '--json')));
    expect(json.unchanged).toBe(false);
    expect(json.goes_back).toContainEqual({
      ...{ of: 'policy', workspace: 'acme', target: 'acme', name: 'acme', field: 'longest_life' },
      ...{ from: '90d', to: null, widens: true },
    });
    expect(json.goes_back.map(({ field }: { field: string }) => field).sort()).toEqual([
      ...['create_keys', 'expires_at', 'longest_life', 'networks', 'role', 'role', 'role', 'there'],
    ]);
    // And it is what happens.
    await shell.answer(restore('--yes'));
    expect(JSON.parse(await shell.answer(['members', 'list', '--json', '-w', 'acme'])).members).toHaveLength(
      3,
    );
    expect(JSON.parse(await shell.answer(['keys', 'show', 'net', '--json', '-w', 'acme'])).networks).toEqual(
      [],
    );
  });

  test('of apps is named, too, and it is what happens', async () => {
    const register = (name: string) =>
      shell.run(
        [
          ...['apps', 'register', name, '--provider', 'github', '--client-id', 'Iv1.0', '--from-stdin'],
          ...['--allow-scope', 'repo', '--allow-scope', 'user', '-q'],
        ],
        { input: 'canary' },
      );
    const allowed = async (name: string) =>
      JSON.parse(await shell.answer(['apps', 'show', name, '--json'])).allowed_scopes;
    await register('hub');
    await register('old');
    await backUp();
    await run('apps update hub --allow-scope user --client-id Iv1.1 -q', 'apps remove old --yes -q');
    await run('policy set --restrict-provider-scope admin:org -q');
    await register('late');
    const dry = await shell.run(restore('--dry-run'));
    expect(dry.code, dry.stderr).toBe(0);
    for (const line of [
      'policy of acme: restricted provider scopes admin:org -> nothing (allows more than now)',
      'app hub of acme: allowed scopes user -> repo user (allows more than now)',
      'app old of acme: there again (allows more than now)',
      'app hub of acme: client id Iv1.1 -> Iv1.0',
      'app late of acme: gone',
    ])
      expect(dry.stderr).toContain(`  ${line}\n`);
    const json = JSON.parse(await shell.answer(restore('--dry-run', '--json')));
    expect(json.goes_back).toContainEqual({
      ...{ of: 'app', workspace: 'acme', target: expect.stringMatching(/^app_/), name: 'hub' },
      ...{ field: 'allowed_scopes', from: ['user'], to: ['repo', 'user'], widens: true },
    });
    await shell.answer(restore('--yes'));
    expect([await allowed('hub'), await allowed('old')]).toEqual([
      ['repo', 'user'],
      ['repo', 'user'],
    ]);
  });

  test('a key that the store does not have comes back by name', async () => {
    await shell.answer(['backup', 'create', at('first.age'), '--recipient', recipient, '-q']);
    await shell.createKey('late');
    await backUp();
    await shell.answer(['backup', 'restore', at('first.age'), '--identity', at('id.key'), '--yes']);
    const dry = await shell.run(restore('--dry-run'));
    expect(dry.stderr).toMatch(/that the store does not have, to be there again.*:\n {2}late/);
    expect(JSON.parse(await shell.answer(restore('--dry-run', '--json'))).back).toHaveLength(1);
  });

  test('nothing, where nothing was changed; and each key is told once', async () => {
    await shell.createKey('k');
    await run('keys rotate k --grace 1d -q');
    await backUp();
    expect((await shell.run(restore('--dry-run'))).stderr).toMatch(/^nothing was changed since the backup/);
    await run('keys rotate k --grace 1d -q', 'rotations finish k --yes -q');
    const { stderr } = await shell.run(restore('--dry-run'));
    expect(stderr.match(/\bk {2}kw_pk_/g)).toHaveLength(1);
    expect(stderr).not.toContain('key k:');
    const json = JSON.parse(await shell.answer(restore('--dry-run', '--json')));
    expect([json.ends_kept.length, json.goes_back]).toEqual([1, []]);
  });
});

describe('the slot of this machine', () => {
  test('gets a key file beside the one that the store needs, and it is found without a flag', async () => {
    await backUp();
    await run('slots rekey --yes -q');
    const usual = join(shell.home, 'keywright.key');
    const before = readFileSync(usual);
    const ran = await shell.run(restore('--yes'));
    expect(ran.code, ran.stderr).toBe(0);
    const second = join(shell.home, 'keywright-2.key');
    expect(ran.stderr).toContain(`with ${second}, made here`);
    expect(ran.stderr).not.toContain('remove it');
    expect(readFileSync(usual)).toEqual(before);
    await shell.createKey('after');
    await run('slots rekey --yes -q', 'doctor', 'audit verify');
  });

  test('a key file that was named and is there is left, and another name is given', async () => {
    await backUp();
    await run('slots rekey --yes -q');
    const usual = join(shell.home, 'keywright.key');
    const ran = await shell.run(restore('--yes', '--unlock', 'key-file', '--key-file', usual));
    expect(ran.code).toBe(5);
    expect(ran.stderr).toContain(`--key-file ${join(shell.home, 'keywright-2.key')}`);
    expect(ran.stderr).not.toContain('remove it');
    await run('doctor');
  });
});

describe('a restore that was only looked at', () => {
  test('leaves no folder and no file', async () => {
    await backUp();
    const home = at('deep/there');
    const there = new Shell({ path: shell.path, env: { ...shell.env, KEYWRIGHT_HOME: home } });
    const argv = restore('--unlock', 'key-file', '--dry-run');
    expect((await there.run(argv)).code).toBe(0);
    expect(existsSync(at('deep'))).toBe(false);
    mkdirSync(home, { recursive: true });
    chmodSync(home, 0o700);
    writeFileSync(join(home, 'mine'), '');
    expect((await there.run(argv)).code).toBe(0);
    expect(readdirSync(home)).toEqual(['mine']);
  });
});

describe('hints', () => {
  test('a flag takes the place of one that it contradicts', async () => {
    await backUp();
    writeFileSync(at('pw'), 'correct horse battery staple');
    const wrong = await shell.run(['backup', 'verify', at('store.age'), '--from-file', at('pw')]);
    expect([wrong.code, wrong.stderr]).toEqual([6, expect.stringContaining('--identity FILE')]);
    expect(wrong.stderr).not.toContain('--from-file');
    await shell.answer(['backup', 'create', at('pw.age'), '--from-file', at('pw'), '-q']);
    const other = await shell.run(['backup', 'verify', at('pw.age'), '--identity', at('id.key')]);
    expect([other.code, other.stderr]).toEqual([6, expect.stringContaining('in place of --identity')]);
  });

  test('a folder that is not there is a matter of usage, and nothing is logged', async () => {
    const entries = async () => (await shell.answer(['audit', 'list', '-q'])).split('\n').length;
    const before = await entries();
    const ran = await shell.run(['backup', 'create', at('none/x.age'), '--recipient', recipient]);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(`no folder ${at('none')}`)]);
    expect(ran.stderr).toMatch(/\nhint: .*folder/);
    expect(ran.stderr).not.toContain('ENOENT');
    expect(await entries()).toBe(before);
  });

  test('what a killed restore leaves is not called an initialisation', async () => {
    writeFileSync(join(shell.home, 'keywright.db.new-0123456789abcdef'), '', { mode: 0o600 });
    const ran = await shell.run(['doctor']);
    expect([ran.code, ran.stdout + ran.stderr]).toEqual([10, expect.stringContaining('interrupted')]);
    expect(ran.stdout + ran.stderr).not.toContain('initialisation');
  });
});
