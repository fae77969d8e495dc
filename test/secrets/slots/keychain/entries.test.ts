import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KeychainSetup } from '../../../../src/secrets/slots/keychain/call.ts';
import { keychainEntries } from '../../../../src/secrets/slots/keychain/entries.ts';
import { failureOf, shellHelper } from '../../fixture.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywright-helper-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const entries = (setup: KeychainSetup) => keychainEntries(setup, randomBytes);
const KEY = Buffer.alloc(32, 5);
const VALUE = KEY.toString('base64');
const read = (script: string) => entries(shellHelper(script)).read('account');

test('an entry comes back', async () => {
  expect(await read(`echo '{"value":"${VALUE}"}'`)).toEqual(KEY);
});

describe('a helper that misbehaves is bounded and named', () => {
  test.each([
    ['garbage', 'echo hello', /no answer/],
    ['JSON of another shape', 'echo \'{"value":7}\'', /no answer/],
    ['null', 'echo null', /no answer/],
    ['two lines', `echo '{"value":"${VALUE}"}\n{"value":null}'`, /no answer/],
    ['half an answer', 'printf \'{"value":\'', /without an answer \(exit 0\)/],
    ['nothing, exit 3', 'exit 3', /without an answer \(exit 3\)/],
    ['a crash', 'kill -SEGV $$', /without an answer \(SIGSEGV\)/],
    ['a hundred megabytes', 'head -c 100000000 /dev/zero', /more than 4 KiB/],
    ['an entry of another size', `echo '{"value":"AAAA"}'`, /3 bytes in place of 32/],
  ])('%s', async (_, script, says) => {
    const failure = await failureOf(() => read(script));
    expect(failure.code).toBe('keychain_unavailable');
    expect(failure.message).toMatch(says);
  });

  test('a helper that is missing', async () => {
    const failure = await failureOf(() =>
      entries({ ...shellHelper(''), command: at('gone') }).read('account'),
    );
    expect(failure.code).toBe('keychain_unavailable');
    expect(failure.message).toMatch(/could not be started/);
  });
});

describe('waiting', () => {
  test('ends at the deadline with the helper gone; the event loop goes on; one notice', async () => {
    let ticks = 0;
    let notices = 0;
    const ticking = setInterval(() => ticks++, 10);
    const setup = {
      ...shellHelper(`echo $$ > ${at('pid')}; trap '' TERM INT HUP; sleep 60 & wait`),
      terminal: true,
      timeoutMs: 3000,
      noticeMs: 100,
      onWait: () => notices++,
    };
    const started = performance.now();
    const failure = await failureOf(() => entries(setup).read('account'));
    const took = performance.now() - started;
    clearInterval(ticking);
    expect(failure.code).toBe('keychain_timeout');
    expect(failure.message).toContain('3 s');
    expect(took).toBeGreaterThan(100);
    expect(took).toBeLessThan(20_000);
    expect(existsSync(`/proc/${readFileSync(at('pid'), 'utf8').trim()}`)).toBe(false);
    expect(ticks).toBeGreaterThan(5);
    expect(notices).toBe(1);
  });

  test('several calls share one deadline', async () => {
    const setup = { ...shellHelper(`sleep 0.2; echo '{"value":null}'`), timeoutMs: 300 };
    const started = performance.now();
    expect((await failureOf(() => entries(setup).read('account'))).code).toBe('keychain_timeout');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test('without a terminal nothing is said', async () => {
    const setup = {
      ...shellHelper('sleep 5'),
      timeoutMs: 200,
      noticeMs: 1,
      onWait: () => expect.unreachable(),
    };
    expect((await failureOf(() => entries(setup).read('account'))).code).toBe('keychain_timeout');
  });
});

test('the helper sees nothing but what a keychain needs; the secret is in neither arguments nor environment', async () => {
  const setup = {
    ...shellHelper(
      `env > ${at('env')}; tr '\\0' ' ' < /proc/$$/cmdline > ${at('args')}; echo '{"value":"${VALUE}"}'`,
    ),
    env: {
      PATH: '/usr/bin:/bin',
      HOME: folder,
      KEYWRIGHT_PASSPHRASE: 'canary-1',
      NODE_OPTIONS: '--trace-canary-2',
    },
  };
  await entries(setup).read('account');
  await failureOf(() => entries(setup).write(Buffer.from('canary-3'.repeat(4))));
  const seen = readFileSync(at('env'), 'utf8') + readFileSync(at('args'), 'utf8');
  expect(seen).toContain(`HOME=${folder}`);
  expect(seen).not.toMatch(/canary|Y2FuYXJ5/);
});

describe('writing', () => {
  const logging = (script: string) => shellHelper(`echo "$request" >> ${at('log')}; ${script}`);
  const ops = (): string[] =>
    readFileSync(at('log'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).op);

  test('counts only when the same bytes come back; what was not kept is taken away', async () => {
    for (const value of [`"${randomBytes(32).toString('base64')}"`, '""', 'null']) {
      rmSync(at('log'), { force: true });
      const failure = await failureOf(() => entries(logging(`echo '{"value":${value}}'`)).write(KEY));
      expect(failure.code).toBe('keychain_unavailable');
      expect(failure.message).toMatch(/did not give back/);
      expect(ops()).toEqual(['write', 'delete']);
    }
  });

  test('a helper killed in the middle: reading tells whether it was written', async () => {
    const dying = (then: string) => logging(`case "$request" in *write*) kill -KILL $$;; *) ${then};; esac`);
    await entries(dying(`echo '{"value":"${VALUE}"}'`)).write(KEY);
    expect(ops()).toEqual(['write', 'read']);
    expect((await failureOf(() => entries(dying(`echo '{"value":null}'`)).write(KEY))).code).toBe(
      'keychain_unavailable',
    );
    const failure = await failureOf(() => entries(dying('exit 1')).write(KEY));
    expect(failure.message).toMatch(/SIGKILL/);
  });

  test('every entry has an account of its own', async () => {
    const setup = shellHelper(`echo '{"value":"${VALUE}"}'`);
    const accounts = await Promise.all([1, 2, 3].map(() => entries(setup).write(KEY)));
    expect(new Set(accounts).size).toBe(3);
  });

  test('declined is asked once', async () => {
    const failure = await failureOf(() =>
      entries({
        ...logging(`echo '{"error":"prompt dismissed"}'`),
        env: { PATH: '/bin', DISPLAY: ':0' },
      }).write(KEY),
    );
    expect(failure.code).toBe('keychain_declined');
    expect(ops()).toEqual(['write']);
  });
});

describe('an entry that is not found', () => {
  const locked = `case "$request" in *read*) echo '{"value":null}';; *) echo '{"error":"object locked"}';; esac`;

  test('is missing only when a round trip shows that the keychain is open', async () => {
    expect((await failureOf(() => read(locked))).code).toBe('keychain_locked');
    const open = `case "$request" in
      *read*) echo '{"value":null}';;
      *) echo "$request" | sed 's/.*"value":"\\([^"]*\\)".*/{"value":"\\1"}/';;
    esac`;
    expect((await failureOf(() => read(open))).code).toBe('keychain_entry_missing');
  });
});

test('probing tells absent from everything else', async () => {
  const probe = (script: string) => entries(shellHelper(script)).probe();
  expect(await probe(`echo '{"error":"was not provided by any .service files"}'`)).toBe('absent');
  for (const [script, code] of [
    [`echo '{"error":"object locked"}'`, 'keychain_locked'],
    ['exit 1', 'keychain_unavailable'],
    [`echo '{"value":"${VALUE}"}'`, 'keychain_unavailable'],
  ] as const) {
    expect((await failureOf(() => probe(script))).code).toBe(code);
  }
});
