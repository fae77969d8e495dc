import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Backups, StoreCopy } from '../../src/domain/ports/backup.ts';
import { Failure } from '../../src/errors.ts';
import { openVerifier } from '../../src/index.ts';
import { liveContext } from '../../src/live-context.ts';
import { main } from '../../src/main.ts';
import { age, keygen } from '../backup/real-age.ts';
import { attempt } from '../faults/soundness.ts';
import { inTurn, ownFolder, Shell } from '../support/run-program.ts';
import { fakeProcess } from '../support/transcript-process.ts';

const PASSPHRASE = 'correct horse battery staple';
let shell: Shell;
let recipient: string;
const at = (name: string): string => join(shell.path, name);
const sealed = () => ['--identity', at('id.key')];

beforeEach(async () => {
  shell = await new Shell().init();
  ({ recipient } = keygen(at('id.key')));
});

const backUp = (name = 'store.age'): Promise<string> =>
  shell.answer(['backup', 'create', at(name), '--recipient', recipient, '-q']);
/** Another machine: nothing of the first is there but what is named by its path. */
function otherMachine(): Shell {
  return new Shell({ path: shell.path, env: ownFolder().env });
}
/** Runs a restore that reports an error once it has put the copy in place, or in place of that. */
function failingAfter(argv: readonly string[], replaced: boolean): Promise<number> {
  const { proc } = fakeProcess({ argv, env: shell.env, columns: undefined, input: '', answers: [] });
  const host = liveContext(proc);
  const failing = (copy: StoreCopy): StoreCopy => ({
    ...copy,
    async replace(expected) {
      if (replaced) await copy.replace(expected);
      throw new Failure('busy', 'so it is said');
    },
  });
  return main(argv, {
    ...host,
    open(globals) {
      const context = host.open(globals);
      const backups = async (): Promise<Backups> => {
        const real = await context.backups();
        return { ...real, copied: (bytes, work) => real.copied(bytes, (copy) => work(failing(copy))) };
      };
      return { ...context, backups };
    },
  });
}
const verify = (there: Shell, secret: string) => there.run(['keys', 'verify'], { input: secret });

describe('a backup on another machine', () => {
  test('restores with the identity alone, and everything verifies there', async () => {
    const secret = await shell.createKey('billing');
    await backUp();
    const there = otherMachine();
    const ran = await there.run(['backup', 'restore', at('store.age'), ...sealed(), '--unlock', 'key-file']);
    expect([ran.code, ran.stdout], ran.stderr).toEqual([0, '']);
    expect((await verify(there, secret)).code).toBe(0);
    expect((await there.run(['doctor'])).code).toBe(0);
    expect(await there.answer(['audit', 'list', '--json'])).toContain('store.restore');
    // The slots of both machines are there; the new one is primary.
    const { slots } = JSON.parse(await there.answer(['slots', 'list', '--json']));
    expect(slots.map(({ name, primary }: { name: string; primary: boolean }) => [name, primary])).toEqual([
      ['key-file', false],
      ['key-file-2', true],
    ]);
    await there.createKey('made there');
  });

  test('restores with the passphrase alone', async () => {
    const secret = await shell.createKey('billing');
    const made = await shell.run(['backup', 'create', at('p.age'), '--from-stdin', '--json'], {
      input: `${PASSPHRASE}\n`,
    });
    expect(JSON.parse(made.stdout)).toMatchObject({
      file: at('p.age'),
      keys: 1,
      passphrase: true,
      recipients: null,
    });
    const there = otherMachine();
    const restore = ['backup', 'restore', at('p.age'), '--from-stdin', '--unlock', 'key-file'];
    expect((await there.run(restore, { input: `${PASSPHRASE}?` })).code).toBe(6);
    expect(existsSync(there.database)).toBe(false);
    expect((await there.run(restore, { input: PASSPHRASE })).code).toBe(0);
    expect((await verify(there, secret)).code).toBe(0);
  });

  test('what age seals again restores, armored, too', async () => {
    const secret = await shell.createKey('billing');
    await backUp();
    const second = keygen(at('second.key'));
    const plain = age(['-d', '-i', at('id.key'), at('store.age')]);
    expect(plain.toString('latin1')).toMatch(/^\{"format":"keywright-backup\/1","store_id":"store_/);
    writeFileSync(at('again.age'), age(['-a', '-r', second.recipient], plain));
    const there = otherMachine();
    const argv = [
      'backup',
      'restore',
      at('again.age'),
      '--identity',
      at('second.key'),
      '--unlock',
      'key-file',
    ];
    expect((await there.run(argv)).code).toBe(0);
    expect((await verify(there, secret)).code).toBe(0);
  });

  test('twenty restores at once make one store', async () => {
    await backUp();
    const there = otherMachine();
    const argv = ['backup', 'restore', at('store.age'), ...sealed(), '--unlock', 'key-file'];
    const ran = await inTurn(Array.from({ length: 20 }), () => there.run(argv), 20);
    const codes = ran.map(({ code }) => code);
    expect(codes.filter((code) => code === 0)).toHaveLength(1);
    // The others met a store: there is one by now, or it is not theirs to replace without --yes.
    for (const { code, stderr } of ran) expect([0, 2, 5, 12], stderr).toContain(code);
    expect((await there.run(['doctor'])).code).toBe(0);
    expect(readdirSync(there.home).filter((name) => name.includes('.new-'))).toEqual([]);
  });
});

describe('a store that goes back in time', () => {
  test('keeps what was revoked revoked, in a verifier that is open, and tells what is lost', async () => {
    const [billing, deploy] = [await shell.createKey('billing'), await shell.createKey('deploy')];
    await backUp();
    const verifier = await openVerifier({ home: shell.home });
    onTestFinished(() => verifier.close());
    expect((await verifier.verify(billing)).valid).toBe(true);
    await shell.answer(['keys', 'revoke', 'billing', '--yes', '--reason', 'leaked', '-q']);
    await shell.answer(['keys', 'disable', 'deploy', '--yes', '-q']);
    const late = await shell.createKey('late');
    expect((await verifier.verify(late)).valid).toBe(true);

    const refused = await shell.run(['backup', 'restore', at('store.age'), ...sealed()]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('1 key revoked since the backup, to stay revoked:\n  billing');
    const dry = await shell.run(['backup', 'restore', at('store.age'), ...sealed(), '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({
      restored: false,
      lost: [expect.stringMatching(/^kw_pk_/)],
    });
    expect((await verifier.verify(late)).valid).toBe(true);

    const ran = await shell.run(['backup', 'restore', at('store.age'), ...sealed(), '--yes', '--json']);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      restored: true,
      slot: null,
      revocations_kept: [expect.any(String)],
    });
    expect(await verifier.verify(billing)).toMatchObject({ code: 'revoked' });
    expect(await verifier.verify(deploy)).toMatchObject({ code: 'disabled' });
    expect(await verifier.verify(late)).toMatchObject({ code: 'not_found' });
    expect(await shell.status('billing')).toBe('revoked');
    expect(await shell.answer(['keys', 'show', 'billing', '--json'])).toContain('leaked');
    expect((await shell.run(['doctor'])).code).toBe(0);
    // Told to, it lets it verify again.
    await shell.answer([
      'backup',
      'restore',
      at('store.age'),
      ...sealed(),
      '--yes',
      '--undo-revocations',
      '-q',
    ]);
    expect((await verifier.verify(billing)).valid).toBe(true);
  });

  test('a slot that was made since is made anew, and the old ones are told', async () => {
    await backUp();
    await shell.answer(['slots', 'rekey', '--yes', '-q']);
    const spare = at('spare.key');
    const ran = await shell.run([
      ...['backup', 'restore', at('store.age'), ...sealed(), '--yes', '--key-file', spare],
    ]);
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain(`unlock     key-file-2 (key-file) with ${spare}, made here`);
    expect(ran.stderr).toContain('slots remove key-file\n');
    await shell.createKey('after');
    expect((await shell.run(['doctor'])).code).toBe(0);
  });

  test.each([
    ['damaged', (bytes: Buffer) => bytes.subarray(0, 20_000)],
    ['something else', (bytes: Buffer) => Buffer.alloc(bytes.length, 'x')],
  ])('is not replaced when it is %s, and what is said to be done helps', async (_, change) => {
    const secret = await shell.createKey('billing');
    await backUp();
    writeFileSync(shell.database, change(readFileSync(shell.database)));
    const argv = ['backup', 'restore', at('store.age'), ...sealed(), '--yes'];
    const refused = await shell.run(argv);
    expect([refused.code, refused.stdout], refused.stderr).toEqual([11, '']);
    const [, away = ''] = /move the file away: (mv .*?);/.exec(refused.stderr) ?? [];
    execFileSync('sh', ['-c', away]);
    const restored = await shell.run([...argv, '--unlock', 'key-file']);
    expect(restored.code, restored.stderr).toBe(0);
    expect((await verify(shell, secret)).code).toBe(0);
  });

  test('is not made under the journal of another database, nor is one by init (case 30)', async () => {
    await shell.createKey('billing');
    await backUp();
    const db = new Database(shell.database);
    db.exec("UPDATE keys SET purpose = 'of the journal'");
    const journal = readFileSync(`${shell.database}-wal`);
    db.close();
    renameSync(shell.database, `${shell.database}.damaged`);
    writeFileSync(`${shell.database}-wal`, journal, { mode: 0o600 });
    await shell.answer(['doctor', '--accept-rollback', '--yes', '-q']);
    const restore = ['backup', 'restore', at('store.age'), ...sealed(), '--yes', '--unlock', 'key-file'];
    for (const argv of [['init', '--unlock', 'key-file', '--key-file', at('other.key')], restore]) {
      const ran = await shell.run(argv);
      expect([ran.code, ran.stdout], ran.stderr).toEqual([11, '']);
      expect(ran.stderr).toContain('-wal is left of a database that is not there any more');
      expect(existsSync(at('other.key'))).toBe(false);
    }
    expect(readFileSync(`${shell.database}-wal`)).toEqual(journal);
    renameSync(`${shell.database}-wal`, `${shell.database}.damaged-wal`);
    expect((await shell.run(restore)).code).toBe(0);
    expect(JSON.parse(await shell.answer(['keys', 'show', 'billing', '--json'])).purpose).toBeNull();
  });

  test('a revocation at the same time is not lost', async () => {
    const secret = await shell.createKey('billing');
    await backUp();
    const restoring = shell.run(['backup', 'restore', at('store.age'), ...sealed(), '--yes']);
    const revoked = await shell.run(['keys', 'revoke', 'billing', '--yes']);
    // Refused when the revocation came after its look; `test/store/sqlite/aside.test.ts` has every order.
    expect([0, 5]).toContain((await restoring).code);
    // Whoever was told that it is revoked finds it revoked.
    if (revoked.code === 0) expect((await verify(shell, secret)).code).toBe(4);
    else expect(revoked.code).toBe(12);
  });

  test.each([true, false])(
    'that fails keeps the key of its slot if the store names it (%s)',
    async (replaced) => {
      await backUp();
      await shell.answer(['slots', 'rekey', '--yes', '-q']);
      const spare = at('spare.key');
      const restore = ['backup', 'restore', at('store.age'), ...sealed(), '--yes', '--key-file', spare];
      expect(await failingAfter(restore, replaced)).not.toBe(0);
      expect(existsSync(spare)).toBe(replaced);
      expect((await shell.run(['audit', 'verify'])).code).toBe(0);
    },
  );

  test('another store is refused, and where else to restore is named', async () => {
    await backUp();
    const there = await new Shell().init();
    const ran = await there.run(['backup', 'restore', at('store.age'), ...sealed(), '--yes']);
    expect([ran.code, ran.stderr]).toEqual([5, expect.stringContaining('KEYWRIGHT_HOME=')]);
    expect((await there.run(['doctor'])).code).toBe(0);
  });

  test('a store that is gone comes back, and what cannot be known is said', async () => {
    const secret = await shell.createKey('billing');
    await backUp();
    await shell.answer(['keys', 'revoke', 'billing', '--yes', '-q']);
    execFileSync('sh', ['-c', `rm ${shell.database}*`]);
    const argv = [
      'backup',
      'restore',
      at('store.age'),
      ...sealed(),
      '--unlock',
      'key-file',
      '--key-file',
      at('new.key'),
    ];
    const refused = await shell.run(argv);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('not known here')]);
    const ran = await shell.run([...argv, '--yes']);
    expect(ran.code, ran.stderr).toBe(0);
    expect((await verify(shell, secret)).code).toBe(0);
    expect((await shell.run(['doctor'])).code).toBe(0);
  });
});

describe('backup verify', () => {
  test('needs no store, leaves none, and finds what was edited before the backup was made', async () => {
    await shell.createKey('billing');
    await backUp();
    const there = otherMachine();
    const fine = await attempt(there, ['backup', 'verify', at('store.age'), ...sealed(), '--json']);
    expect(JSON.parse(fine.stdout)).toMatchObject({ ok: true, keys: 1, findings: [] });
    expect(existsSync(there.database)).toBe(false);
    expect(existsSync(there.home)).toBe(false);
    const database = new Database(shell.database);
    database.exec(`UPDATE keys SET scopes = '*:*'`);
    database.close();
    await backUp('edited.age');
    const edited = await attempt(there, ['backup', 'verify', at('edited.age'), ...sealed()]);
    expect([edited.code, edited.stderr]).toEqual([10, expect.stringContaining('behind the program')]);
  });

  test.each([
    ['an audit entry', `UPDATE audit SET actor = 'eve' WHERE seq = 2`],
    ['a sealed record', `UPDATE sealed SET sealed = zeroblob(length(sealed))`],
    ['a pepper', `UPDATE peppers SET sealed = zeroblob(length(sealed))`],
    [
      'an index',
      `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'keys_by_owner') WHERE name = 'keys_by_name'`,
    ],
    ['a seal', `UPDATE audit SET seal = zeroblob(32) WHERE seq = (SELECT max(seq) FROM audit)`],
  ])('finds %s that was changed, and restore refuses it', async (_, sql) => {
    await shell.createKey('billing');
    await backUp();
    const plain = age(['-d', '-i', at('id.key'), at('store.age')]);
    const start = plain.indexOf('\n') + 1;
    writeFileSync(at('plain.db'), plain.subarray(start), { mode: 0o600 });
    const database = new Database(at('plain.db'));
    database.unsafeMode();
    database.exec(sql);
    database.close();
    const changed = Buffer.concat([plain.subarray(0, start), readFileSync(at('plain.db'))]);
    expect(changed.equals(plain)).toBe(false);
    writeFileSync(at('bad.age'), age(['-r', recipient], changed));
    const there = otherMachine();
    const found = await attempt(there, ['backup', 'verify', at('bad.age'), ...sealed()]);
    expect([10, 11], found.stderr).toContain(found.code);
    const ran = await attempt(there, [
      'backup',
      'restore',
      at('bad.age'),
      ...sealed(),
      '--unlock',
      'key-file',
    ]);
    expect([ran.code, ran.stderr]).toEqual([11, expect.stringMatching(/backup/)]);
    expect(existsSync(there.database)).toBe(false);
    expect(existsSync(join(there.home, 'keywright.key'))).toBe(false);
  });

  test('the root key of another store, and another database under it, are found', async () => {
    await backUp();
    const plain = age(['-d', '-i', at('id.key'), at('store.age')]);
    const first = plain.indexOf('\n') + 1;
    const header = JSON.parse(plain.toString('latin1', 0, first));
    for (const change of [
      { root_key: Buffer.alloc(32).toString('base64') },
      { store_id: 'store_000000000000' },
    ]) {
      const line = Buffer.from(`${JSON.stringify({ ...header, ...change })}\n`);
      writeFileSync(at('bad.age'), age(['-r', recipient], Buffer.concat([line, plain.subarray(first)])));
      expect((await attempt(otherMachine(), ['backup', 'verify', at('bad.age'), ...sealed()])).code).toBe(10);
    }
  });
});

describe('the file that is made', () => {
  test('is 0600, holds nothing in the clear, and replaces nothing, a dangling link included', async () => {
    await shell.createKey('canary-of-a-name');
    await backUp();
    expect(lstatSync(at('store.age')).mode & 0o777).toBe(0o600);
    expect(readFileSync(at('store.age')).includes('canary-of-a-name')).toBe(false);
    symlinkSync(at('nowhere'), at('link.age'));
    const entries = async () => (await shell.answer(['audit', 'list', '-q'])).split('\n').length;
    const before = await entries();
    for (const name of ['store.age', 'link.age']) {
      const argv = ['backup', 'create', at(name), '--recipient', recipient];
      expect((await shell.run(argv)).code).toBe(5);
    }
    expect((await shell.run(['backup', 'create', shell.database, '--recipient', recipient])).code).toBe(5);
    expect((await shell.run(['backup', 'verify', shell.database, ...sealed()])).code).toBe(2);
    expect(existsSync(at('nowhere'))).toBe(false);
    // Nothing was made, and the log claims nothing.
    expect(await entries()).toBe(before);
    expect(readdirSync(shell.path).filter((name) => name.includes('.partial-'))).toEqual([]);
  });

  test('is not there when its making was cancelled, and the log says so', async () => {
    const { proc, written } = fakeProcess({
      ...{ argv: [], env: shell.env, columns: undefined, input: undefined, answers: [] },
    });
    const on = (signal: string, listener: () => void): typeof proc => {
      // Looked at with each piece, the first of which is preceded by the entry in the log.
      if (signal === 'SIGINT') setImmediate(listener);
      return proc;
    };
    Object.assign(proc, { on });
    const argv = ['backup', 'create', at('store.age'), '--recipient', recipient];
    expect(await main(argv, liveContext(proc)), JSON.stringify(written)).toBe(130);
    expect(readdirSync(shell.path).filter((name) => name.startsWith('store.age'))).toEqual([]);
    const [last, before] = (await shell.answer(['audit', 'list', '--limit', '2'])).split('\n');
    expect([before, last]).toEqual([
      expect.stringContaining('\tstore.backup\t'),
      expect.stringContaining('\tstore.backup-failed\t'),
    ]);
  });

  test('goes to a pipe with -, and to no terminal', async () => {
    const child = shell.start(['backup', 'create', '-', '--recipient', recipient], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const parts: Buffer[] = [];
    child.stdout?.on('data', (part: Buffer) => parts.push(part));
    await new Promise((resolve) => child.on('close', resolve));
    const plain = age(['-d', '-i', at('id.key')], Buffer.concat(parts));
    expect(plain.toString('latin1')).toContain('SQLite format 3');
  });

  test('is whole and of one moment while others write', async () => {
    const argv = ['keys', 'create', '--scope', 'orders:read', '-q'];
    let more = true;
    const writing = (async () => {
      let made = 0;
      for (; more || made < 5; made++) await shell.run(argv);
      return made;
    })();
    await shell.run(['backup', 'create', at('busy.age'), '--recipient', recipient]);
    more = false;
    await writing;
    expect((await shell.run(['backup', 'verify', at('busy.age'), ...sealed()])).code).toBe(0);
  });
});
