import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  checkExport,
  exportLog,
  publicKeyPem,
  readPublicKey,
  signingKey,
} from '../../../src/domain/audit/export.ts';
import { fakeSealer } from '../../support/fake-ledger.ts';
import { logOf, readerOf, rechained, transaction } from '../../support/fake-log.ts';

const SEED = new Uint8Array(32).fill(5);
const PUBLIC = signingKey(SEED).publicKey;
const SEALER = fakeSealer();
const LOG = logOf([
  [transaction('a', 'b'), SEALER],
  [transaction('c\n\u001b[31m"},{', 'd'), undefined],
  [transaction('e'), SEALER],
]);

async function exported(since = 1, log = LOG, seed = SEED, end = log.length): Promise<readonly string[]> {
  const chunks: string[] = [];
  for await (const chunk of exportLog(readerOf(log), since, end, seed)) chunks.push(chunk);
  return chunks.join('').replace(/\n$/, '').split('\n');
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

const check = (lines: readonly string[], key = PUBLIC) => checkExport(each(lines), key);

describe('the signing key', () => {
  test('of RFC 8032 section 7.1, test 1', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const key = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
    expect(Buffer.from(signingKey(seed).publicKey, 'base64').toString('hex')).toBe(key);
  });

  test('is read back from base64 and PEM', () => {
    expect(readPublicKey(PUBLIC)).toBe(PUBLIC);
    expect(readPublicKey(` ${PUBLIC}\n`)).toBe(PUBLIC);
    expect(readPublicKey(publicKeyPem(PUBLIC))).toBe(PUBLIC);
  });

  test.each([
    ['nothing', ''],
    ['a word', 'audit'],
    ['31 bytes', Buffer.alloc(31).toString('base64')],
    ['a PEM without a key', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    [
      'an RSA key',
      generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'pem', type: 'spki' }),
    ],
    ['an X25519 key', generateKeyPairSync('x25519').publicKey.export({ format: 'pem', type: 'spki' })],
  ])('is not read from %s', (_, text) => {
    expect(readPublicKey(String(text))).toBeUndefined();
  });
});

describe('an exported log', () => {
  test('is one JSON object a line, signed by a key that stands alone', async () => {
    const lines = await exported();
    expect(lines).toHaveLength(6);
    expect(JSON.parse(lines[2] ?? '')).toMatchObject({
      seq: 3,
      time: '2026-01-01T00:00:01.000Z',
      actor: 'ana',
      target: 'key_c\n\u001b[31m"},{',
      locked: true,
    });
    const last = JSON.parse(lines[5] ?? '');
    expect(last).toEqual({ entries: 5, public_key: PUBLIC, signature: expect.any(String) });
    const digest = createHash('sha256')
      .update(`${lines.slice(0, 5).join('\n')}\n`)
      .digest();
    expect(
      verify(null, digest, createPublicKey(publicKeyPem(PUBLIC)), Buffer.from(last.signature, 'base64')),
    ).toBe(true);
  });

  test('is right with the public key alone', async () => {
    expect(await check(await exported())).toEqual({ entries: 5, bad: null });
  });

  test('may begin later, be empty, or be longer than a page', async () => {
    expect(await check(await exported(3))).toEqual({ entries: 3, bad: null });
    expect(await check(await exported(99))).toEqual({ entries: 0, bad: null });
    const words = Array.from({ length: 2300 }, (_, i) => `k${i}`);
    expect(await check(await exported(1, logOf([[transaction(...words), SEALER]])))).toEqual({
      entries: 2300,
      bad: null,
    });
  });
});

describe('a change of the file is named', () => {
  test('any single character of any line', async () => {
    const lines = await exported();
    for (const [i, line] of lines.entries()) {
      for (let at = 0; at < line.length; at += 3) {
        const changed = `${line.slice(0, at)}${line[at] === '0' ? '1' : '0'}${line.slice(at + 1)}`;
        const report = await check(lines.with(i, changed));
        // The key that the last line names is a help for the reader; the one that counts is given.
        const named = i === 5 && JSON.parse(namedKey(changed)) !== PUBLIC;
        if (!named) expect(report.bad, `line ${i + 1}, character ${at}`).not.toBeNull();
      }
    }
  });

  test.each([1, 2, 3, 4, 5])('line %i: a fact', async (n) => {
    const lines = await exported();
    const changed = (lines[n - 1] ?? '').replace('orders:read', 'orders:writ');
    expect((await check(lines.with(n - 1, changed))).bad).toEqual({ line: n, reason: 'it was changed' });
  });

  test.each([1, 2, 3, 4, 5])('line %i left out, doubled, or swapped with the next', async (n) => {
    const lines = await exported();
    // A file may begin with any entry, so that the first is missing shows in their number.
    expect((await check(lines.toSpliced(n - 1, 1))).bad?.line).toBe(n === 1 ? 5 : n);
    expect((await check(lines.toSpliced(n, 0, lines[n - 1] ?? ''))).bad?.line).toBe(n + 1);
    expect((await check(lines.toSpliced(n - 1, 2, lines[n] ?? '', lines[n - 1] ?? ''))).bad).not.toBeNull();
  });

  test('everything rewritten with right hashes', async () => {
    const forged = rechained(LOG, 2, (row) => (row.seq === 2 ? { facts: { name: 'forged' } } : {}));
    const lines = await exported(1, forged);
    const [signature] = (await exported()).slice(-1);
    expect((await check(lines.with(5, signature ?? ''))).bad).toEqual({
      line: 6,
      reason: 'the signature is not by this public key over these entries',
    });
    expect((await check(lines.slice(0, 5))).bad?.reason).toBe('the signature is missing');
    // Whoever has the seed can sign anything; that it is another log shows only beside the first one.
    expect((await check(lines)).bad).toBeNull();
  });

  test('signed by another key', async () => {
    const other = signingKey(new Uint8Array(32).fill(6)).publicKey;
    expect((await check(await exported(), other)).bad?.line).toBe(6);
    expect((await check(await exported(1, LOG, new Uint8Array(32).fill(6)))).bad?.line).toBe(6);
  });

  test('its beginning or end cut off', async () => {
    const lines = await exported();
    expect((await check(lines.slice(2))).bad).not.toBeNull();
    expect((await check([...lines.slice(0, 3), lines[5] ?? ''])).bad?.reason).toBe(
      'the number of entries is another one',
    );
    expect((await check([])).bad?.reason).toBe('the signature is missing');
  });
});

describe('a file may hold anything', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  test.each([
    ['an empty line', ''],
    ['no JSON', '{'],
    ['null', 'null'],
    ['a number', '5'],
    ['a string', '"a"'],
    ['an array', '[]'],
    ['no sequence', '{}'],
    ['a sequence as text', '{"seq":"1"}'],
    ['an entry of nothing but a sequence', '{"seq":1}'],
    ['links that are numbers', '{"seq":1,"prev":0,"hash":0}'],
    [
      'links that are objects',
      '{"seq":1,"prev":{"toString":1,"valueOf":1},"hash":{"toString":1,"valueOf":1}}',
    ],
    ['links that are arrays', '{"seq":1,"prev":["0"],"hash":["0"]}'],
    ['a link that is not hex', '{"seq":1,"prev":"zz","hash":"zz"}'],
    ['a sequence of 1e308', '{"seq":1e308,"prev":"","hash":""}'],
    ['__proto__', '{"__proto__":{"seq":1},"constructor":{"prototype":{"seq":1}}}'],
    ['100 000 deep', deep],
    ['facts 100 000 deep', `{"seq":1,"prev":"${'0'.repeat(64)}","hash":"","facts":${deep}}`],
    ['1 MB', JSON.stringify({ seq: 1, prev: 'a'.repeat(1_000_000), hash: '' })],
  ])('%s', async (_, line) => {
    const lines = await exported();
    expect((await check([line, ...lines])).bad?.line).toBe(1);
    expect((await check([...lines.slice(0, 5), line])).bad?.line).toBe(6);
    expect((await check([line])).bad?.line).toBe(1);
    expect(({} as { seq?: unknown }).seq).toBeUndefined();
  });
});

/** The public key that the last line names, as JSON; the line may be broken. */
function namedKey(line: string): string {
  try {
    const { entries, signature, public_key } = JSON.parse(line);
    return JSON.stringify(entries === 5 && signature !== undefined ? (public_key ?? null) : PUBLIC);
  } catch {
    return JSON.stringify(PUBLIC);
  }
}
