import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { brokenProgram } from '../support/broken-program.ts';
import { inTurn, PROGRAM_FILE, Shell } from '../support/run-program.ts';

/** Reads, changes, and what would make a new store if it were fooled. */
const COMMANDS = [
  ['keys', 'list'],
  ['keys', 'verify'],
  ['keys', 'create', '--scope', 'orders:read'],
  ['keys', 'revoke', 'billing', '--yes'],
  ['init', '--unlock', 'key-file'],
  [],
];

interface Fault {
  readonly name: string;
  readonly code: string;
  damage(shell: Shell): void | Promise<void>;
}

const FAULTS: readonly Fault[] = [
  { name: 'gone', code: 'store_missing', damage: (shell) => forget(shell) },
  { name: 'empty', code: 'store_damaged', damage: (shell) => forget(shell, Buffer.alloc(0)) },
  {
    name: 'cut off after 100 bytes',
    code: 'store_damaged',
    damage: (shell) => forget(shell, readFileSync(shell.database).subarray(0, 100)),
  },
  {
    name: 'something else',
    code: 'store_foreign',
    damage: (shell) => forget(shell, Buffer.from('no database at all\n'.repeat(500))),
  },
  {
    name: 'the database of another program',
    code: 'store_foreign',
    damage: (shell) => {
      forget(shell);
      const db = new Database(shell.database);
      db.exec('CREATE TABLE cats (name TEXT)');
      db.close();
      chmodSync(shell.database, 0o600);
    },
  },
  {
    name: 'the store of somebody else',
    code: 'store_foreign',
    async damage(shell) {
      const other = await new Shell().init();
      flush(other);
      forget(shell, readFileSync(other.database));
    },
  },
  {
    name: 'an older copy of itself',
    code: 'store_rolled_back',
    async damage(shell) {
      flush(shell);
      const older = readFileSync(shell.database);
      await shell.answer(['keys', 'revoke', 'billing', '--yes']);
      forget(shell, older);
    },
  },
  {
    name: 'newer than this program',
    code: 'store_newer',
    damage(shell) {
      const db = new Database(shell.database);
      db.exec('UPDATE meta SET min_reader = 999');
      db.pragma('user_version = 999');
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
    },
  },
];

const PARTS = ['audit', 'keys', 'members', 'workspaces', 'policies', 'keys_search', 'key_versions', 'sealed'];

describe('a store that lacks a part', () => {
  test.each([...PARTS.map((table) => `DROP TABLE ${table}`), 'ALTER TABLE keys RENAME COLUMN owner TO boss'])(
    'is called damaged, and doctor names what is missing: %s',
    async (damage) => {
      const shell = await new Shell().init();
      await shell.createKey('billing');
      onDatabase(shell, damage);
      for (const argv of COMMANDS) {
        const { code, stderr } = await shell.run([...argv, '--json'], { input: 'kw_sk_none' });
        if (code === 11) expect(JSON.parse(stderr).error.code).toBe('store_damaged');
        else expect([argv, [0, 2, 4]]).toEqual([argv, expect.arrayContaining([code])]);
      }
      const doctor = await shell.run(['doctor', '--json']);
      expect(doctor.code, doctor.stderr).toBe(10);
      const codes = JSON.parse(doctor.stdout).findings.map(({ code }: { code: string }) => code);
      expect(codes.filter((code: string) => code !== 'foreign_key')).toEqual(
        codes.filter((code: string) => code === 'schema'),
      );
      expect(codes).toContain('schema');
    },
  );

  test('a planted trigger stops everything, and doctor takes it out and tells what it did', async () => {
    const shell = await new Shell().init();
    await shell.createKey('billing');
    onDatabase(
      shell,
      `CREATE TRIGGER undo AFTER UPDATE ON keys WHEN new.revoked_at IS NOT NULL
         BEGIN UPDATE keys SET revoked_at = NULL WHERE seq = new.seq; END;
       UPDATE keys SET owner = 'eve'`,
    );
    const revoke = await shell.run(['keys', 'revoke', 'billing', '--yes', '--json']);
    expect([revoke.code, revoke.stdout]).toEqual([11, '']);
    expect(JSON.parse(revoke.stderr).error).toMatchObject({
      code: 'store_damaged',
      message: expect.stringContaining('a trigger that this program did not make: undo'),
      hint: 'keywright doctor --fix',
    });
    const doctor = JSON.parse((await shell.run(['doctor', '--json'])).stdout);
    expect(doctor.findings).toMatchObject([{ code: 'schema', fixable: true }]);
    const fixed = JSON.parse((await shell.run(['doctor', '--fix', '--json'])).stdout);
    expect(fixed.mended).toEqual([expect.stringContaining('the trigger undo was not made by this program')]);
    expect(fixed.findings).toMatchObject([{ code: 'key_differs' }]);
    await shell.answer(['keys', 'revoke', 'billing', '--yes']);
    expect(await shell.status('billing')).toBe('revoked');
  });
});

describe('a store that was tampered with is refused and left as it is (cases 28 and 38)', () => {
  test.each(FAULTS)('$name', async ({ code, damage }) => {
    const shell = await new Shell().init();
    const input = await shell.createKey('billing');
    await damage(shell);
    const before = bytesOf(shell.home);
    const runs = await inTurn(COMMANDS, async (argv) => ({
      argv,
      ...(await shell.run([...argv, '--json'], { input })),
    }));
    for (const { argv, ...ran } of runs) {
      expect([argv, ran.code, ran.stdout], ran.stderr).toEqual([argv, 11, '']);
      expect(JSON.parse(ran.stderr).error).toMatchObject({ code, hint: expect.stringMatching(/./) });
    }
    // The log itself may tell that its end is missing; it never passes for whole.
    expect([10, 11]).toContain((await shell.run(['audit', 'verify'])).code);
    expect(bytesOf(shell.home)).toEqual(before);
    const doctor = await shell.run(['doctor', '--json']);
    expect(doctor.code).toBe(10);
    const { findings } = JSON.parse(doctor.stdout);
    const told = findings.map((finding: { code: string }) => finding.code);
    expect(told.filter((one: string) => one === code)).toEqual([code]);
    expect(told, 'what can not be opened is told once').not.toContain('damaged');
    const fixed = await shell.run(['doctor', '--fix', '--json']);
    expect(fixed.code).toBe(10);
    expect(bytesOf(shell.home)[shell.database]).toEqual(before[shell.database]);
  });

  test.each(['the store of somebody else', 'an older copy of itself'])(
    'broken variant: without looking at the anchor %s is taken',
    async (name) => {
      const shell = await new Shell().init();
      await shell.createKey('billing');
      await FAULTS.find((fault) => fault.name === name)?.damage(shell);
      shell.program = await brokenProgram({
        file: 'src/domain/audit/compare-anchor.ts',
        was: 'if (mark === undefined) return undefined;',
        becomes: 'return undefined;',
      });
      expect((await shell.run(['keys', 'list'])).code).toBe(0);
    },
  );
});

const root =
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  spawnSync('setpriv', ['--version']).status === 0;
const NOBODY = 65534;

describe.runIf(root)('as an ordinary user (needs root and setpriv)', () => {
  test('a folder that can not be written is read, and a change is one clear error (case 34)', async () => {
    const shell = await ordinary();
    chmodSync(shell.home, 0o500);
    expect(as(shell, ['keys', 'list', '-q'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^kw_pk_live_/),
    });
    const create = as(shell, ['keys', 'create', '--scope', 'a:b', '--json']);
    expect([create.status, create.stdout], create.stderr).toEqual([11, '']);
    expect(JSON.parse(create.stderr).error.code).toMatch(/^store_(readonly|unreadable)$/);
    for (const argv of [['doctor'], ['doctor', '--fix']])
      expect(findingsOf(as(shell, [...argv, '--json']))).toEqual([['readonly', `chmod 700 ${shell.home}`]]);
    chmodSync(shell.home, 0o700);
  });

  test('a file that can not be written is told as that, with what to do', async () => {
    const shell = await ordinary();
    chmodSync(shell.database, 0o400);
    const hint = `chmod 600 ${shell.database}`;
    const disable = as(shell, ['keys', 'disable', 'billing', '--yes', '--json']);
    expect(JSON.parse(disable.stderr).error).toMatchObject({ code: 'store_readonly', hint });
    for (const argv of [['doctor'], ['doctor', '--fix']])
      expect(findingsOf(as(shell, [...argv, '--json']))).toEqual([['readonly', hint]]);
  });

  test('a home that can not be looked into is exit 11', async () => {
    const shell = await ordinary();
    spawnSync('chown', ['0:0', shell.home]);
    for (const argv of [['doctor'], ['keys', 'list'], ['init', '--unlock', 'key-file']]) {
      const { status, stderr } = as(shell, [...argv, '--json']);
      expect([argv, status], stderr).toEqual([argv, 11]);
      expect(JSON.parse(stderr).error.hint).toContain('KEYWRIGHT_HOME');
    }
  });

  test('a file that can not be read is no empty store', async () => {
    const shell = await ordinary();
    chmodSync(shell.database, 0o000);
    const list = as(shell, ['keys', 'list', '--json']);
    expect([list.status, list.stdout], list.stderr).toEqual([11, '']);
    expect(as(shell, ['init', '--unlock', 'key-file']).status).toBe(11);
  });

  test('the home of somebody else is refused', async () => {
    const shell = await ordinary();
    const root = await shell.run(['keys', 'list', '--json']);
    expect([root.code, root.stdout]).toEqual([11, '']);
    expect(JSON.parse(root.stderr).error.code).toBe('store_permissions');
  });
});

/** Code and hint of each finding of a `doctor --json`. */
function findingsOf({ stdout, stderr }: { stdout: string; stderr: string }): unknown {
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout).findings.map(({ code, hint }: { code: string; hint: string }) => [code, hint]);
}

/** A store that belongs to an ordinary user. */
async function ordinary(): Promise<Shell> {
  const shell = await new Shell().init();
  await shell.createKey('billing');
  flush(shell);
  spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, shell.path]);
  return shell;
}

function as({ env, path }: Shell, argv: readonly string[]) {
  const drop = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
  return spawnSync('setpriv', [...drop, process.execPath, PROGRAM_FILE, ...argv], {
    env,
    cwd: path,
    encoding: 'utf8',
  });
}

/** Takes the database away, with what belongs to it, and may put something in its place. */
function forget(shell: Shell, instead?: Uint8Array): void {
  for (const name of readdirSync(shell.home))
    if (/\.db(-wal|-shm)?$/.test(name)) rmSync(join(shell.home, name));
  if (instead !== undefined) writeFileSync(shell.database, instead, { mode: 0o600 });
}

function onDatabase({ database }: Shell, sql: string): void {
  const db = new Database(database);
  db.pragma('foreign_keys = OFF');
  db.exec(sql);
  db.close();
}

/** Everything into the one file. */
function flush(shell: Shell): void {
  const db = new Database(shell.database);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

/** The content of every file but SQLite's own log and shared memory, which readers touch. */
function bytesOf(folder: string): { [path: string]: string } {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/-(wal|shm)$/.test(path));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path).toString('base64')]));
}
