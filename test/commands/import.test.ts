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
      expect(foreignRows(shell)).toEqual([{ kind: 'token', n: 4 }]);
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
    expect(again.code).toBe(2);
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
    // Another import came between (5), or was there already (2).
    expect([2, 5]).toContain(codes[1]);
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
