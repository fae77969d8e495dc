import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { liveContext } from '../../src/live-context.ts';
import { main } from '../../src/main.ts';
import { inTurn, Shell } from '../support/run-program.ts';
import { fakeProcess } from '../support/transcript-process.ts';
import { attempt, findingsOf, statusOf } from './soundness.ts';

describe('twenty writers at once (case 144)', () => {
  test('leave a log without gap or fork that has what each of them reported', async () => {
    const shell = await new Shell().init();
    const names = ['one', 'two', 'three', 'four'];
    for (const name of names) await shell.createKey(name);
    const before = entriesOf(shell).length;
    const lines = names.flatMap((name, i) => [
      ['keys', 'create', '-w', 'acme', '--scope', 'orders:read', '--name', `new ${name}`],
      ['keys', 'update', '-w', 'acme', name, '--purpose', `p${i}`],
      ['keys', 'disable', '-w', 'acme', name, '--yes'],
      ['workspaces', 'create', `shop-${i}`],
      ['keys', 'revoke', '-w', 'acme', name, '--yes'],
    ]);
    const runs = await inTurn(lines, async (argv) => ({ argv, ...(await shell.runInTurn(argv)) }), 20);
    for (const { argv, code, stderr } of runs) {
      // What comes after the revocation is a conflict; nothing else may fail.
      const mayBeLate = argv[1] === 'update' || argv[1] === 'disable';
      expect(mayBeLate ? [0, 5] : [0], `${argv.join(' ')}: ${stderr}`).toContain(code);
    }
    for (const name of names) expect(await statusOf(shell, name)).toBe('revoked');

    const entries = entriesOf(shell);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
    expect(new Set(entries.map(({ hash }) => hash)).size).toBe(entries.length);
    for (const [i, { prev }] of entries.entries()) if (i > 0) expect(prev).toBe(entries[i - 1]?.hash);
    expect((await shell.run(['audit', 'verify'])).code).toBe(0);
    const added = entries.slice(before).map(({ action }) => action);
    const done = runs.filter(({ code }) => code === 0).map(({ argv }) => `${argv[0]} ${argv[1]}`);
    const count = (list: readonly string[], one: string): number => list.filter((it) => it === one).length;
    for (const [action, command] of [
      ['key.create', 'keys create'],
      ['key.update', 'keys update'],
      ['key.disable', 'keys disable'],
      ['key.revoke', 'keys revoke'],
      ['workspace.create', 'workspaces create'],
    ] as const)
      expect([action, count(added, action)]).toEqual([action, count(done, command)]);
    expect(findingsOf(await attempt(shell, ['doctor', '--json']))).toEqual([]);
  });
});

describe('a clock that goes backwards (cases 148 and 190)', () => {
  const T = Date.UTC(2026, 10, 21, 12);
  const HOUR = 3_600_000;

  test('keeps the order of the log, whose verification notes it', async () => {
    const shell = await new Shell().init();
    for (const [name, at] of [
      ['first', T + 10 * HOUR],
      ['second', T],
      ['third', T - 1000 * HOUR],
    ] as const)
      expect((await atTime(shell, at, ['keys', 'create', '--scope', 'a:b', '--name', name])).code).toBe(0);
    const entries = entriesOf(shell);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
    const verified = await attempt(shell, ['audit', 'verify']);
    expect(verified.code, verified.stderr).toBe(0);
    expect(verified.stdout + verified.stderr).toMatch(/clock|earlier|backwards/);
  });

  test('brings no revoked or disabled key back, and an expiry counts from its second on', async () => {
    const shell = await new Shell().init();
    const made = await atTime(shell, T, [
      'keys',
      'create',
      '--scope',
      'a:b',
      '--name',
      'k',
      '--expires',
      '1d',
      '-q',
    ]);
    const secret = made.stdout.trim();
    const expiry = Date.parse(
      JSON.parse((await atTime(shell, T, ['keys', 'show', 'k', '--json'])).stdout).expires_at,
    );
    for (const [now, code] of [
      [expiry - 1000, 0],
      [expiry - 1, 0],
      [expiry, 4],
      [expiry + 1, 4],
      [T - 1000 * HOUR, 0],
    ] as const)
      expect([now - expiry, (await atTime(shell, now, ['keys', 'verify'], secret)).code]).toEqual([
        now - expiry,
        code,
      ]);
    expect((await atTime(shell, T, ['keys', 'revoke', 'k', '--yes'])).code).toBe(0);
    for (const now of [T - 1000 * HOUR, T, expiry + HOUR])
      expect((await atTime(shell, now, ['keys', 'verify'], secret)).code).toBe(4);
  });
});

/** Runs a command at that time. */
async function atTime(shell: Shell, now: number, argv: readonly string[], input = '') {
  const { proc, written } = fakeProcess({ argv, env: shell.env, columns: undefined, input, answers: [] });
  const code = await main(argv, liveContext(proc, { now: () => now }));
  const stdout = written.filter(({ stream }) => stream === 'stdout').map(({ text }) => text);
  return { code, stdout: stdout.join('') };
}

interface Entry {
  readonly seq: number;
  readonly action: string;
  readonly hash: string;
  readonly prev: string;
}

function entriesOf(shell: Shell): Entry[] {
  const db = new Database(shell.database, { readonly: true });
  const rows = db
    .prepare('SELECT seq, action, hex(hash) AS hash, hex(prev) AS prev FROM audit ORDER BY seq')
    .all() as Entry[];
  db.close();
  return rows;
}
