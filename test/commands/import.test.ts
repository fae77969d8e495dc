import { createHash, createHmac } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { Shell } from '../support/run-program.ts';

const KINDS = ['token', 'sha256', 'sha512', 'hmac_sha256'] as const;
const HMAC_KEY = 'the key of the old platform';

type Kind = (typeof KINDS)[number];
const tokenOf = (kind: Kind): string => `canary-${kind}-0123456789abcdef`;

/** What the old platform has stored of the token. */
function storedOf(kind: Kind): Buffer {
  if (kind === 'token') return Buffer.from(tokenOf(kind));
  if (kind === 'hmac_sha256') return createHmac('sha256', HMAC_KEY).update(tokenOf(kind)).digest();
  return createHash(kind).update(tokenOf(kind)).digest();
}

/** A store into which one key of each kind was imported, each in a process of its own that read a file. */
async function imported(): Promise<{ shell: Shell; publicKeys: readonly string[] }> {
  const shell = await new Shell().init();
  const rows = KINDS.map((kind) => {
    const secret =
      kind === 'token' ? tokenOf(kind) : storedOf(kind).toString(kind === 'sha512' ? 'base64' : 'hex');
    return JSON.stringify({ [kind]: secret, name: kind, scopes: ['orders:read'] });
  });
  writeFileSync(join(shell.path, 'rows.jsonl'), rows.join('\n'));
  writeFileSync(join(shell.path, 'hmac.key'), `${HMAC_KEY}\n`, { mode: 0o600 });
  const ran = await shell.run(['keys', 'import', 'rows.jsonl', '--hmac-key-from-file', 'hmac.key']);
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: 'imported 4 keys into acme\n' });
  return { shell, publicKeys: ran.stdout.trimEnd().split('\n') };
}

const foreignRows = (shell: Shell): unknown => {
  const database = new Database(shell.database, { readonly: true });
  try {
    return database
      .prepare('SELECT kind, COUNT(*) AS n FROM foreign_tokens GROUP BY kind ORDER BY kind')
      .all();
  } finally {
    database.close();
  }
};

const verify = (shell: Shell, tokens: readonly string[]) =>
  shell.run(['keys', 'verify', '--scope', 'orders:read'], { input: `${tokens.join('\n')}\n` });

describe('imported keys, with real processes', () => {
  test('verify with the tokens that they have; the first success replaces the foreign digest', async () => {
    const { shell, publicKeys } = await imported();
    expect(foreignRows(shell)).toEqual([
      { kind: 'hmac-sha256', n: 1 },
      { kind: 'sha256', n: 1 },
      { kind: 'sha512', n: 1 },
      { kind: 'token', n: 1 },
    ]);
    const expected = publicKeys.map((key) => `${key}\tvalid\n`).join('');
    for (const _ of ['found by the foreign digest', 'found by ours']) {
      const ran = await verify(shell, KINDS.map(tokenOf));
      expect([ran.code, ran.stdout]).toEqual([0, expected]);
      expect(foreignRows(shell)).toEqual([
        { kind: 'spent', n: 3 },
        { kind: 'token', n: 4 },
      ]);
    }
    expect(await shell.answer(['doctor', '--json'])).toBe('{"ok":true,"findings":[],"mended":[]}');
    expect(await shell.answer(['audit', 'verify', '-q'])).toMatch(/entries, unchanged$/);
  });

  test('what the old platform has stored never verifies, in any encoding, before and after the first success', async () => {
    const { shell } = await imported();
    const digests = KINDS.slice(1).map(storedOf);
    const stored = digests.flatMap((digest) =>
      (['hex', 'base64', 'base64url', 'latin1'] as const).map((encoding) =>
        digest.toString(encoding).replaceAll(/[\r\n\0]/g, '?'),
      ),
    );
    for (const _ of ['before', 'after']) {
      const ran = await verify(shell, stored);
      expect(ran.code).toBe(4);
      expect(ran.stdout.trimEnd().split('\n')).toEqual(stored.map(() => '-\tinvalid'));
      expect((await verify(shell, KINDS.map(tokenOf))).code).toBe(0);
    }
  });

  test('stop when they are revoked, and after a new root key the others still verify', async () => {
    const { shell } = await imported();
    expect((await shell.run(['slots', 'rekey', '--yes'])).code).toBe(0);
    expect((await shell.run(['keys', 'revoke', 'sha256', '--yes'])).code).toBe(0);
    const ran = await verify(shell, KINDS.map(tokenOf));
    expect([
      ran.code,
      ran.stdout.match(/\tvalid$/gm)?.length,
      ran.stdout.match(/\tinvalid$/gm)?.length,
    ]).toEqual([4, 3, 1]);
  });

  test('leave no token and no HMAC key behind, neither in the store nor in what is said', async () => {
    const { shell } = await imported();
    await verify(shell, KINDS.map(tokenOf));
    const again = await shell.run(['keys', 'import', 'rows.jsonl', '--hmac-key-from-file', 'hmac.key']);
    expect(again.code).toBe(5);
    expect(again.stdout + again.stderr).not.toContain('canary');
    for (const file of ['keywright.db', 'keywright.db-wal']) {
      const bytes = readIfThere(join(shell.home, file));
      for (const secret of [...KINDS.map(tokenOf), HMAC_KEY]) expect(bytes.includes(secret)).toBe(false);
    }
  });

  test('two at once of the same rows give one set of keys', async () => {
    const shell = await new Shell().init();
    const input = Array.from({ length: 50 }, (_, i) => `some-token-of-ours-${i}`).join('\n');
    const argv = ['keys', 'import', '--access', 'read'];
    const runs = await Promise.all([shell.run(argv, { input }), shell.run(argv, { input })]);
    const codes = runs.map(({ code }) => code).toSorted((a, b) => (a ?? 0) - (b ?? 0));
    expect(codes[0]).toBe(0);
    expect(codes[1]).toBe(5);
    expect((await shell.answer(['keys', 'list', '-q'])).split('\n')).toHaveLength(50);
  });
});

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

describe('an imported token on stdin', () => {
  const on = (shell: Shell, kind: Kind, ...argv: string[]) =>
    shell.run([...argv, '--from-stdin'], { input: `${tokenOf(kind)}\n` });

  test('names its key, whatever of it was imported, before and after its first success', async () => {
    const { shell, publicKeys } = await imported();
    for (const _ of ['before', 'after']) {
      for (const [n, kind] of KINDS.entries())
        expect((await on(shell, kind, 'keys', 'show', '-q')).stdout.trim()).toBe(publicKeys[n]);
      expect((await verify(shell, KINDS.map(tokenOf))).code).toBe(0);
    }
    for (const unknown of ['canary-unknown-0123456789abcdef', storedOf('sha256').toString('hex')]) {
      const ran = await shell.run(['keys', 'show', '--from-stdin'], { input: unknown });
      expect([ran.code, ran.stdout]).toEqual([2, '']);
      expect(ran.stderr).toContain('what is on stdin is no secret key');
    }
  });

  test('stops its key for whoever has it, and rotates it', async () => {
    const { shell } = await imported();
    const codes = async (...kinds: Kind[]) =>
      (await verify(shell, kinds.map(tokenOf))).stdout.match(/valid$|invalid$/gm);
    expect((await on(shell, 'sha256', 'keys', 'disable', '--actor', 'eve', '-y')).code).toBe(0);
    expect((await on(shell, 'hmac_sha256', 'keys', 'revoke', '--actor', 'eve', '-y')).code).toBe(0);
    expect(await codes('sha256', 'hmac_sha256')).toEqual(['invalid', 'invalid']);
    expect((await on(shell, 'token', 'keys', 'rotate')).code).toBe(0);
    expect(await codes('token')).toEqual(['valid']);
    expect((await on(shell, 'token', 'rotations', 'finish', '-y')).code).toBe(0);
    expect(await codes('token')).toEqual(['invalid']);
  });
});

describe('one token is one key', () => {
  const TOKEN = 'canary-legacy-0123456789abcdef';
  const digest = createHash('sha256').update(TOKEN).digest('hex');
  const CSV = `name,scopes,sha256\nlegacy,orders:read,${digest}\n`;
  const importing = (shell: Shell, input: string, ...more: string[]) =>
    shell.run(['keys', 'import', '--format', 'csv', ...more], { input });
  const verdict = async (shell: Shell) =>
    (await shell.run(['keys', 'verify', '--json', '--scope', 'billing:read'], { input: TOKEN })).stdout;

  test.each(['as the digest', 'as the token', 'in another workspace'])(
    'a digest whose token was seen is not imported again, revoked or not, %s',
    async (how) => {
      const shell = await new Shell().init();
      await shell.run(['workspaces', 'create', 'second']);
      expect((await importing(shell, CSV, '-w', 'acme')).code).toBe(0);
      expect((await shell.run(['keys', 'verify'], { input: TOKEN })).code).toBe(0);
      expect((await shell.run(['keys', 'revoke', 'legacy', '-w', 'acme', '-y'])).code).toBe(0);
      const rows = how === 'as the token' ? `name,scopes,token\nagain,orders:read,${TOKEN}\n` : CSV;
      const argv = ['-w', how === 'in another workspace' ? 'second' : 'acme'];
      for (const dry of [['--dry-run'], [], ['--dry-run']]) {
        const ran = await importing(shell, rows, ...argv, ...dry);
        expect([ran.code, ran.stderr]).toEqual([
          5,
          expect.stringContaining('line 2: a key with its token is there already'),
        ]);
      }
      expect((await shell.run(['keys', 'verify'], { input: TOKEN })).code).toBe(4);
    },
  );

  test('also after a new root key', async () => {
    const shell = await new Shell().init();
    expect((await importing(shell, CSV)).code).toBe(0);
    expect((await shell.run(['keys', 'verify'], { input: TOKEN })).code).toBe(0);
    expect((await shell.run(['slots', 'rekey', '-y'])).code).toBe(0);
    expect((await shell.run(['keys', 'verify'], { input: TOKEN })).code).toBe(0);
    expect((await importing(shell, CSV.replace('legacy', 'again'))).code).toBe(5);
  });

  test.each(['in the same workspace', 'in another'])(
    'the digest of a token that a key has takes nothing from that key, %s',
    async (where) => {
      const shell = await new Shell().init();
      await shell.run(['members', 'add', 'ben', '--role', 'developer', '-w', 'acme']);
      await shell.run(['workspaces', 'create', 'second']);
      await shell.run(['members', 'add', 'ben', '--role', 'developer', '-w', 'second']);
      const raw = `name,scopes,token\nprod,billing:read,${TOKEN}\n`;
      const ran = await importing(shell, raw, '-w', 'acme');
      expect([ran.code, ran.stderr]).toEqual([0, 'imported 1 key into acme\n']);
      const theirs = ran.stdout.trim();
      const mine = ['--actor', 'ben', '-w', where === 'in another' ? 'second' : 'acme'];
      await importing(shell, CSV, ...mine);
      for (const _ of ['first', 'second']) {
        const [one] = verdictsIn(await verdict(shell));
        expect([one?.valid, one?.public_key]).toEqual([true, theirs]);
      }
      expect((await shell.run(['keys', 'revoke', 'prod', '-w', 'acme', '-y'])).code).toBe(0);
      const [one] = verdictsIn(await verdict(shell));
      expect([one?.valid, one?.code, one?.public_key]).toEqual([false, 'revoked', theirs]);
    },
  );
});

function verdictsIn(json: string): readonly { valid: boolean; code: string; public_key: string }[] {
  return json
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
