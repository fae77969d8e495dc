import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { ERRORS, type ErrorCode } from '../../src/errors.ts';
import { type RunOptions, Shell } from '../support/run-program.ts';

interface Case {
  readonly argv: readonly string[];
  readonly options?: RunOptions;
  /** What is done to the store before. */
  readonly before?: (shell: Shell) => unknown;
}

const CREATE = ['keys', 'create', '--scope', 'orders:read'];
const NO_KEYCHAIN = {
  env: { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent', KEYWRIGHT_KEYCHAIN_TIMEOUT: '20s' },
};
const revoked = (shell: Shell): Promise<unknown> => shell.answer(['keys', 'revoke', 'billing', '--yes']);

/** One way to each documented failure that this machine can be brought to. */
const CASES: { readonly [code in ErrorCode]?: Case } = {
  usage: { argv: ['keys', 'list', '--frobnicate'] },
  needs_yes: { argv: ['keys', 'revoke', 'billing'] },
  ambiguous: {
    argv: ['keys', 'show', 'billing'],
    before: async (shell) => {
      await revoked(shell);
      await shell.createKey('billing');
      await revoked(shell);
    },
  },
  secret_in_argument: { argv: ['keys', 'show', `kw_sk_live_${'0'.repeat(61)}`] },
  bad_secret_input: { argv: ['keys', 'show', '--from-stdin'], options: { input: 'no key' } },
  not_found: { argv: ['keys', 'show', 'nothing'] },
  not_verified: { argv: ['keys', 'verify'], options: { input: 'no key' } },
  forbidden: { argv: [...CREATE, '--actor', 'eve'] },
  exists: { argv: [...CREATE, '--name', 'billing'] },
  wrong_state: { argv: ['keys', 'enable', 'billing'], before: revoked },
  changed: { argv: ['keys', 'revoke', '--all', '--yes', '--expect', '7'] },
  passphrase_needed: { argv: [...CREATE, '--slot', 'passphrase'], before: withPassphrase },
  passphrase_wrong: {
    argv: [...CREATE, '--slot', 'passphrase'],
    options: { env: { KEYWRIGHT_PASSPHRASE: 'wrong horse battery staple' } },
    before: withPassphrase,
  },
  key_file_unusable: {
    argv: CREATE,
    before: (shell) => renameSync(keyFile(shell), join(shell.path, 'kept')),
  },
  keychain_unavailable: { argv: ['slots', 'add', '--kind', 'keychain'], options: NO_KEYCHAIN },
  needs_authorization: { argv: ['apps', 'token', 'github'], before: withApp },
  provider_unreachable: {
    argv: ['apps', 'register', 'crm', '--issuer', 'http://127.0.0.1:1', '--client-id', 'x', '--public'],
  },
  findings: { argv: ['doctor'], before: (shell) => chmodSync(keyFile(shell), 0o644) },
  no_store: { argv: ['keys', 'list'], options: { env: { KEYWRIGHT_HOME: '/nonexistent/keywright' } } },
  store_missing: {
    argv: ['keys', 'list'],
    before: (shell) => renameSync(shell.database, join(shell.path, 'kept')),
  },
  store_damaged: { argv: ['keys', 'list'], before: (shell) => writeFileSync(shell.database, '') },
  store_foreign: { argv: ['keys', 'list'], before: (shell) => pragma(shell, 'application_id = 1') },
  store_newer: { argv: ['keys', 'list'], before: newer },
  store_permissions: { argv: ['keys', 'list'], before: (shell) => chmodSync(shell.database, 0o644) },
};

const HERE = Object.entries(CASES).filter(
  ([code]) => code !== 'keychain_unavailable' || process.platform === 'linux',
);

describe('every documented failure has its exit code, and its shape (cases 169 and 186)', () => {
  test.each(HERE)('%s', async (code, { argv, options, before }) => {
    const shell = await new Shell().init();
    await shell.createKey('billing');
    await before?.(shell);
    const spoken = await shell.run(argv, options);
    const asJson = await shell.run([...argv, '--json'], options);
    const { exit } = ERRORS[code as ErrorCode];
    expect([spoken.code, asJson.code], spoken.stderr).toEqual([exit, exit]);
    const lines = asJson.stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    const { error, ...rest } = JSON.parse(lines[0] ?? '');
    expect(rest).toEqual({});
    expect(Object.keys(error)).toEqual(['code', 'message', 'hint']);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^[^A-Z\n][^\n]*[^.\n]$/);
    expect(error.hint ?? '').not.toMatch(/\{keywright\}|\n/);
    expect(spoken.stderr).toContain(`keywright: ${error.message}\n`);
    expect(spoken.stderr).not.toMatch(/^\s+at /m);
    if (!['not_verified', 'findings'].includes(code))
      expect([spoken.stdout, asJson.stdout]).toEqual(['', '']);
    else for (const line of asJson.stdout.trimEnd().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
  });

  test('the store is as it was after all that was refused', async () => {
    const shell = await new Shell().init();
    await shell.createKey('billing');
    const before = await shell.answer(['audit', 'list', '--json']);
    for (const code of [
      'usage',
      'needs_yes',
      'not_found',
      'exists',
      'changed',
      'bad_secret_input',
    ] as const) {
      const { argv = [], options } = CASES[code] ?? {};
      await shell.run(argv, options);
    }
    expect(await shell.answer(['audit', 'list', '--json'])).toBe(before);
  });
});

function keyFile(shell: Shell): string {
  return join(shell.home, 'keywright.key');
}

function withApp(shell: Shell): Promise<unknown> {
  return shell.answer(['apps', 'register', 'github', '--client-id', 'x', '--from-stdin', '-q'], 'secret');
}

function withPassphrase(shell: Shell): Promise<unknown> {
  return shell.answer(
    ['slots', 'add', '--kind', 'passphrase', '--from-stdin'],
    'correct horse battery staple',
  );
}

function pragma(shell: Shell, text: string): void {
  const db = new Database(shell.database);
  db.pragma(text);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

/** As a version to come would leave it: a newer schema that this one may not read. */
function newer(shell: Shell): void {
  const db = new Database(shell.database);
  db.pragma(`user_version = ${Number(db.pragma('user_version', { simple: true })) + 1}`);
  db.exec('UPDATE meta SET min_reader = 999');
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}
