import { describe, expect, test } from 'vitest';
import { Shell } from '../support/run-program.ts';
import { attempt } from './soundness.ts';

describe('what is no valid key (case 187)', () => {
  test('is refused line by line, each answer like the next, and none echoes it', async () => {
    const shell = await new Shell().init();
    const secret = await shell.createKey('billing');
    const test = await shell.createKey('testing', '--mode', 'test');
    const changed = Array.from(
      secret,
      (letter, i) => secret.slice(0, i) + (letter === 'x' ? 'y' : 'x') + secret.slice(i + 1),
    );
    const lines = [
      ...changed,
      secret.slice(0, -1),
      `${secret}0`,
      `0${secret}`,
      secret.toUpperCase(),
      secret.replace('kw_sk_live_', 'kw_sk_test_'),
      test.replace('kw_sk_test_', 'kw_sk_live_'),
      secret.replace('_sk_', '_pk_'),
      `${secret.slice(0, 30)}\u{1f511}${secret.slice(31)}`,
      `${secret.slice(0, 30)}\u0000${secret.slice(31)}`,
      secret.replace('k', 'ｋ'),
      `${secret}${secret}`,
      'x'.repeat(10 << 20),
      '__proto__',
      'constructor',
      "'; DROP TABLE keys;--",
    ];
    const ran = await shell.run(['keys', 'verify', '--json'], { input: lines.join('\n') });
    expect(ran.code, ran.stderr).toBe(4);
    const answers = ran.stdout.trimEnd().split('\n');
    expect(answers).toHaveLength(lines.length);
    // To an API's caller all of them look the same: no field tells a wrong secret from an unknown key.
    const shapes = new Set(answers.map((line) => JSON.stringify({ ...JSON.parse(line), line: undefined })));
    expect([...shapes]).toHaveLength(1);
    expect(JSON.parse(answers[0] ?? '')).toMatchObject({ valid: false, http_status: 401 });
    for (const part of [secret.slice(-40), test.slice(-40), 'DROP TABLE'])
      expect(ran.stdout + ran.stderr).not.toContain(part);
    expect((await shell.run(['keys', 'verify'], { input: secret })).code).toBe(0);
  });
});

describe('scopes match exactly by rule (case 191)', () => {
  const GRANTED: readonly (readonly [grant: readonly string[], asked: string, code: number])[] = [
    [['orders:read'], 'orders:read', 0],
    [['orders:read'], 'orders:write', 4],
    [['orders:read'], 'orders:readall', 4],
    [['orders:read'], 'order:read', 4],
    [['orders:*'], 'orders:write', 0],
    [['orders:*'], 'order:write', 4],
    [['*:read'], 'invoices:read', 0],
    [['*:read'], 'invoices:write', 4],
    [['*:*'], 'constructor:tostring', 0],
    [['orders:read'], 'constructor:tostring', 4],
    [['orders:read'], 'orders.eu:read', 4],
  ];

  test.each(GRANTED)('%j for %s', async (grant, asked, code) => {
    const shell = await new Shell().init();
    const flags = grant.flatMap((scope) => ['--scope', scope]);
    const secret = await shell.answer(['keys', 'create', '--name', 'k', '-q', ...flags]);
    expect((await attempt(shell, ['keys', 'verify', '--scope', asked], secret)).code).toBe(code);
  });

  test.each([
    '',
    ':',
    'orders',
    'orders:',
    ':read',
    'Orders:read',
    'orders:read:all',
    '__proto__',
    'orders:re*d',
    'orders: read',
  ])('asking for %j is wrong usage, and grants nothing', async (asked) => {
    const shell = await new Shell().init();
    const secret = await shell.answer(['keys', 'create', '--name', 'k', '-q', '--scope', '*:*']);
    const ran = await attempt(shell, ['keys', 'verify', '--scope', asked], secret);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    const made = await attempt(shell, ['keys', 'create', '--name', 'other', '--scope', asked]);
    expect(made).toMatchObject({ code: 2, stdout: '' });
  });
});
