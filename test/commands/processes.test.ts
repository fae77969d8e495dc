import { describe, expect, test } from 'vitest';
import { manyKeys } from '../support/many-keys.ts';
import { ended, inTurn, Shell } from '../support/run-program.ts';

test('twenty first runs at once give one store (case 49)', async () => {
  const shell = new Shell();
  const argv = ['init', '--workspace', 'acme', '--unlock', 'key-file', '--json'];
  const runs = await Promise.all(Array.from({ length: 20 }, () => shell.run(argv)));
  expect(runs.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
    runs.map(() => ({ code: 0, stderr: '' })),
  );
  const answers = runs.map(({ stdout }) => JSON.parse(stdout));
  expect(new Set(answers.map((answer) => answer.store_id)).size).toBe(1);
  expect(answers.filter((answer) => answer.created)).toHaveLength(1);
  expect((await shell.run(['slots', 'test'])).code).toBe(0);
  expect(await shell.answer(['doctor', '--json'])).toBe('{"ok":true,"findings":[],"mended":[]}');
});

test('ten keys made at once are all there, and the log is whole', async () => {
  const shell = await new Shell().init();
  const create = ['keys', 'create', '--scope', 'orders:read', '-q'];
  const runs = await Promise.all(Array.from({ length: 10 }, () => shell.run(create)));
  const secrets = runs.map(({ stdout }) => stdout.trimEnd());
  expect(new Set(secrets).size).toBe(10);
  const verified = await shell.answer(['keys', 'verify'], secrets.join('\n'));
  expect(verified.split('\n').every((line) => line.endsWith('\tvalid'))).toBe(true);
  expect(await shell.answer(['audit', 'verify', '-q'])).toBe('13 entries, unchanged');
});

describe('a revocation (case 189)', () => {
  test('is seen by the very next verification of another process', async () => {
    const shell = await new Shell().init();
    const input = await shell.createKey('billing');
    expect((await shell.run(['keys', 'verify'], { input })).code).toBe(0);
    expect((await shell.run(['keys', 'revoke', 'billing', '--yes'])).code).toBe(0);
    const after = await shell.run(['keys', 'verify', '--explain', '--json'], { input });
    expect(after.code).toBe(4);
    expect(JSON.parse(after.stdout)).toMatchObject({ valid: false, code: 'revoked', http_status: 401 });
  });

  test('is seen by a verifier that has been running all the time', async () => {
    const shell = await new Shell().init();
    const secret = await shell.createKey('billing');
    const child = shell.start(['keys', 'verify', '--explain'], { stdio: 'pipe' });
    let seen = '';
    const answered = new Promise<void>((resolve) =>
      child.stdout?.on('data', (text) => {
        seen += text;
        if (seen.includes('\tvalid')) resolve();
      }),
    );
    // One line is answered before there is another: the program may be somebody's co-process.
    child.stdin?.write(`${secret}\n`);
    await answered;
    expect((await shell.run(['keys', 'revoke', 'billing', '--yes'])).code).toBe(0);
    child.stdin?.end(`${secret}\n`);
    expect(await ended(child)).toEqual([4, null]);
    expect(seen.trimEnd().split('\n').at(-1)).toMatch(/\tinvalid\trevoked\t/);
  });

  test('of ten thousand keys by a filter is of all or none', async () => {
    const shell = await new Shell().init();
    await manyKeys(shell.env, 10_000);
    const other = await shell.createKey('billing');
    const revoke = ['keys', 'revoke', '--match', 'bulk', '--yes', '-q'];
    expect((await shell.run([...revoke, '--expect', '9999'])).code).toBe(5);
    expect(await shell.answer(['keys', 'list', '--status', 'revoked', '-q'])).toBe('');
    const revoked = await shell.run([...revoke, '--expect', '10000']);
    expect(revoked.code).toBe(0);
    expect(new Set(revoked.stdout.trimEnd().split('\n')).size).toBe(10_000);
    expect((await shell.answer(['keys', 'list', '--status', 'revoked', '-q'])).split('\n')).toHaveLength(
      10_000,
    );
    expect((await shell.run(['keys', 'verify'], { input: other })).code).toBe(0);
    // Entries: three of the store, ten thousand made and ten thousand revoked, and one more key.
    expect(await shell.answer(['audit', 'verify', '-q'])).toBe('20004 entries, unchanged');
  });

  test('never loses a race', async () => {
    const shell = await new Shell().init();
    await shell.createKey('billing');
    const argv = [
      ['keys', 'revoke', 'billing', '--yes', '-q'],
      ['keys', 'update', 'billing', '--purpose', 'x', '-q'],
      ['keys', 'revoke', 'billing', '--yes', '-q'],
      ['keys', 'disable', 'billing', '--yes', '-q'],
      ['keys', 'revoke', 'billing', '--yes', '-q'],
    ];
    const runs = await inTurn(argv, (line) => shell.run(line), 5);
    expect(runs.filter((_, i) => argv[i]?.[1] === 'revoke').map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await shell.status('billing')).toBe('revoked');
  });
});
