import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { brokenProgram, LOG_AFTERWARDS } from '../support/broken-program.ts';
import type { Shell } from '../support/run-program.ts';
import { attempt } from './soundness.ts';
import { preparedStore } from './sweep.ts';

/** Commands of every kind that change the store, in a form that has something to change. */
const CHANGES: readonly (readonly string[])[] = [
  ['keys', 'create', '--scope', 'orders:read', '--name', 'fresh'],
  ['keys', 'update', 'billing', '--purpose', 'invoices'],
  ['keys', 'disable', 'billing', '--yes'],
  ['keys', 'revoke', 'billing', '--yes'],
  ['workspaces', 'create', 'other'],
  ['workspaces', 'rename', 'acme', 'Acme Ltd'],
  ['workspaces', 'archive', 'acme', '--yes'],
  ['scopes', 'add', 'orders:read'],
  ['slots', 'add', '--kind', 'key-file', '--name', 'spare', '--path', 'HOME/spare.key'],
  ['slots', 'rekey', '--yes'],
  ['keys', 'rotate', 'billing'],
  ['keys', 'rotate', 'billing', '--deliver', 'cat', '--no-check'],
  ['keys', 'import', 'PATH/rows.csv'],
  ['members', 'add', 'ben'],
  ['policy', 'set', '--longest-life', '400d'],
  ['integrations', 'create', 'shop'],
  [
    'apps',
    'register',
    'crm',
    '--token-endpoint',
    'https://id.example.com/token',
    '--client-id',
    'c',
    '--public',
  ],
];

/** Refuses entries the way a disk or a lock would: inside the transaction, when the entry is written. The one trigger that may. */
const REFUSE = `CREATE TRIGGER restoring BEFORE INSERT ON audit WHEN unixepoch() < ${Math.floor(Date.now() / 1000) + 100}
  BEGIN SELECT RAISE(ABORT, 'restoring'); END`;

describe('without its audit entry nothing happens and nothing is shown (case 141)', () => {
  test.each(CHANGES)('%s %s', async (...words) => {
    const { shell, reset } = await preparedStore();
    const argv = words.map((word) => word.replace('HOME', shell.home).replace('PATH', shell.path));
    writeFileSync(join(shell.path, 'rows.csv'), 'token,scopes\na-token-from-elsewhere,orders:read\n', {
      mode: 0o600,
    });
    const before = contentOf(shell);

    onDatabase(shell, (db) => db.exec(REFUSE));
    const refused = await attempt(shell, argv);
    onDatabase(shell, (db) => db.exec('DROP TRIGGER restoring'));
    expect([refused.code === 0, refused.stdout], refused.stderr).toEqual([false, '']);
    expect(refused.stderr).not.toMatch(/kw_sk_|^ {4}at /m);
    expect(contentOf(shell)).toEqual(before);
    expect((await attempt(shell, ['slots', 'test'])).code).toBe(0);
    expect((await attempt(shell, ['audit', 'verify'])).code).toBe(0);

    // The same command with nothing in its way does change something, or the above would prove nothing.
    reset();
    rmSync(join(shell.home, 'spare.key'), { force: true });
    const done = await attempt(shell, argv);
    expect(done.code, done.stderr).toBe(0);
    expect(contentOf(shell)).not.toEqual(before);
  });

  test('broken variant: a log that is written after the change', async () => {
    const { shell } = await preparedStore();
    shell.program = await brokenProgram(...LOG_AFTERWARDS);
    const before = contentOf(shell);
    onDatabase(shell, (db) => db.exec(REFUSE));
    expect((await shell.run(['keys', 'update', 'billing', '--purpose', 'invoices'])).code).not.toBe(0);
    expect(contentOf(shell)).not.toEqual(before);
  });
});

/** Every table as it is, but for the log and what SQLite's search keeps for itself. */
function contentOf(shell: Shell): unknown {
  return onDatabase(shell, (db) => {
    const names = db
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '*_search*'")
      .pluck()
      .all() as string[];
    const tables = names.filter((name) => name !== 'audit' && !name.startsWith('sqlite_'));
    expect(tables).toContain('keys');
    const keyFiles = existsSync(join(shell.home, 'spare.key'));
    return [keyFiles, ...tables.map((name) => [name, db.prepare(`SELECT * FROM ${name}`).all()])];
  });
}

function onDatabase<T>(shell: Shell, work: (db: Database.Database) => T): T {
  const db = new Database(shell.database);
  try {
    return work(db);
  } finally {
    db.close();
  }
}
