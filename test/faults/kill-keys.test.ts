import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { brokenProgram, LOG_AFTERWARDS } from '../support/broken-program.ts';
import type { Shell } from '../support/run-program.ts';
import { unsound } from './soundness.ts';
import { straceMissing } from './strace.ts';
import { killed, preparedStore, type Swept, sweep } from './sweep.ts';

const why = straceMissing(process.env);

const SWEPT: readonly Swept[] = [
  {
    argv: ['keys', 'create', '--scope', 'orders:read', '--name', 'fresh'],
    says: /kw_sk_live_/,
    billing: ['active', 'active'],
  },
  { argv: ['keys', 'revoke', 'billing', '--yes'], says: /revoked billing/, billing: ['active', 'revoked'] },
  {
    argv: ['keys', 'disable', 'billing', '--yes'],
    says: /disabled billing/,
    billing: ['active', 'disabled'],
  },
];

describe.skipIf(why !== undefined)(
  `killed at a system call (case 45)${why ? ` (skipped: ${why})` : ''}`,
  () => {
    test.each(SWEPT)('$argv', sweep, 180_000);

    test('broken variant: a log that is written after the change', async () => {
      const program = await brokenProgram(...LOG_AFTERWARDS);
      const wrong = (await killed(SWEPT[0] as Swept, program)).flatMap((one) => one.wrong);
      expect(wrong).toContainEqual(expect.stringContaining('no audit entry tells of it'));
    });
  },
);

describe('a store is not sound with', () => {
  const BROKEN: { readonly [what: string]: (shell: Shell) => void } = {
    'a key that was shown and lost': (shell) => change(shell, "DELETE FROM keys WHERE name = 'fresh'"),
    'a revocation that was undone': (shell) =>
      change(shell, "UPDATE keys SET revoked_at = NULL WHERE name = 'old'"),
    'an entry that is missing from the log': (shell) =>
      change(shell, 'DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)'),
    'a slot that opens nothing': (shell) => rmSync(join(shell.home, 'keywright.key')),
    'a file that is left': (shell) => writeFileSync(join(shell.home, 'keywright.tmp'), '', { mode: 0o600 }),
  };

  test.each(Object.keys(BROKEN))('%s', async (what) => {
    const { shell, keys } = await preparedStore();
    const said = await shell.createKey('fresh');
    expect(await unsound(shell, keys, said)).toEqual([]);
    BROKEN[what]?.(shell);
    expect(await unsound(shell, keys, said)).not.toEqual([]);
  });

  test('a live key that nobody knows', async () => {
    const { shell, keys } = await preparedStore();
    await shell.createKey('fresh');
    expect(await unsound(shell, keys)).toEqual([expect.stringMatching(/is live and known to nobody$/)]);
  });
});

function change(shell: Shell, statement: string): void {
  const db = new Database(shell.database);
  db.exec(statement);
  db.close();
}
