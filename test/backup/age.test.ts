import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { open, seal } from '../../src/backup/age.ts';
import type { Bytes, OpenWith } from '../../src/domain/ports/backup.ts';
import { Secret } from '../../src/domain/secret.ts';
import { failureOf } from '../support/fake-ledger.ts';
import { age, ageOnTerminal, keygen } from './real-age.ts';

const CHUNK = 64 * 1024;
/** Two whole chunks of age and a bit, so that cuts can fall on their borders. */
const CONTENT = randomBytes(2 * CHUNK + 1000);
const PASSPHRASE = 'correct horse battery staple';
const folder = mkdtempSync(join(tmpdir(), 'keywright-age-'));
const at = (name: string): string => join(folder, name);
let recipient: string;
let other: string;
let mine: OpenWith;
let theirs: OpenWith;

afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  const [one, two] = [keygen(at('one.key')), keygen(at('two.key'))];
  [recipient, other] = [one.recipient, two.recipient];
  [mine, theirs] = [withFile('one.key'), withFile('two.key')];
});

function withFile(name: string): OpenWith {
  return {
    identities: [new Secret(readFileSync(at(name), 'utf8'))],
    passphrase: () => Promise.reject(new Error('no passphrase is needed')),
  };
}

/** In pieces of odd sizes. */
async function* pieces(bytes: Uint8Array, size = 30_011): Bytes {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function whole(bytes: Bytes): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

const sealed = async (content: Uint8Array, to: Parameters<typeof seal>[1]): Promise<Buffer> =>
  whole(await seal(pieces(content), to));
const opened = async (file: Uint8Array, by: OpenWith): Promise<Buffer> => whole(await open(pieces(file), by));
const codeOf = async (file: Uint8Array, by: OpenWith): Promise<string> =>
  (await failureOf(() => opened(file, by))).code;
const by = (passphrase: string): OpenWith => ({
  identities: [],
  passphrase: async () => new Secret(passphrase),
});

describe('sealed to recipients', () => {
  test("each recipient's identity opens it, here and with age", async () => {
    const file = await sealed(CONTENT, { recipients: [recipient, other] });
    expect((await opened(file, mine)).equals(CONTENT)).toBe(true);
    expect((await opened(file, theirs)).equals(CONTENT)).toBe(true);
    for (const key of ['one.key', 'two.key'])
      expect(age(['-d', '-i', at(key)], file).equals(CONTENT)).toBe(true);
  });

  test.each([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK])('%i bytes come back', async (size) => {
    const content = CONTENT.subarray(0, size);
    const file = await sealed(content, { recipients: [recipient] });
    expect((await opened(file, mine)).equals(content)).toBe(true);
    expect(age(['-d', '-i', at('one.key')], file).equals(content)).toBe(true);
  });

  test('what age made opens, binary and armored, with LF and CRLF', async () => {
    const binary = age(['-r', recipient], CONTENT);
    const armored = age(['-a', '-r', recipient], CONTENT);
    const crlf = Buffer.from(`\r\n${armored.toString().replaceAll('\n', '\r\n')}\r\n`);
    for (const file of [binary, armored, crlf]) expect((await opened(file, mine)).equals(CONTENT)).toBe(true);
  });

  test('another identity, and none, is told apart from damage', async () => {
    const file = await sealed(CONTENT, { recipients: [recipient] });
    expect(await codeOf(file, theirs)).toBe('identity_wrong');
    expect(await codeOf(file, by(PASSPHRASE))).toBe('identity_wrong');
  });
});

describe('sealed with a passphrase', () => {
  let file: Buffer;
  beforeAll(async () => {
    file = await sealed(CONTENT.subarray(0, 100), { passphrase: new Secret(PASSPHRASE) });
  });

  test('it opens here and with age, whichever way its accents are written', async () => {
    const composed = 'caf\u00e9 noir, tr\u00e8s fort';
    const accented = await sealed(CONTENT, { passphrase: new Secret(composed.normalize('NFD')) });
    expect((await opened(accented, by(composed))).equals(CONTENT)).toBe(true);
    writeFileSync(at('pass.age'), accented);
    ageOnTerminal(['-d', '-o', at('pass.out'), at('pass.age')], composed);
    expect(readFileSync(at('pass.out')).equals(CONTENT)).toBe(true);
    expect(await codeOf(accented, by(`${composed}!`))).toBe('passphrase_wrong');
  });

  test('what age made with a passphrase opens, one that is not in NFC, too', async () => {
    const decomposed = 'caf\u00e9 noir, tr\u00e8s fort'.normalize('NFD');
    writeFileSync(at('plain'), CONTENT);
    ageOnTerminal(['-p', '-o', at('theirs.age'), at('plain')], decomposed);
    expect((await opened(readFileSync(at('theirs.age')), by(decomposed))).equals(CONTENT)).toBe(true);
  });

  test('a short one is refused before anything is done', async () => {
    const failure = await failureOf(() =>
      seal(pieces(CONTENT), { passphrase: new Secret('fourteen chars') }),
    );
    expect(failure.code).toBe('bad_secret_input');
  });

  test.each(['21', '30', '255', '9'.repeat(30), '-1', '018', '0x12', ''])(
    'a header that asks for work 2^%s is refused before any is done',
    async (work) => {
      const text = file.toString('latin1').replace(/^(-> scrypt \S+) 18$/m, `$1 ${work}`);
      const started = process.cpuUsage();
      expect(await codeOf(Buffer.from(text, 'latin1'), by(PASSPHRASE))).toBe('backup_damaged');
      // 2^18 takes half a second of a processor, and what is asked for here a multiple of it.
      expect(process.cpuUsage(started).user).toBeLessThan(400_000);
    },
  );
});

describe('a damaged file', () => {
  test('cut at any length it is refused, at the borders of chunks, too', async () => {
    const file = await sealed(CONTENT, { recipients: [recipient] });
    const payload = file.length - CONTENT.length - 3 * 16 - 16;
    const borders = [0, 1, 2].map((n) => payload + 16 + n * (CHUNK + 16));
    const cuts = [0, 1, 21, 22, 60, payload - 1, payload, payload + 15, file.length - 1, file.length - 16];
    for (const cut of [...cuts, ...borders, ...borders.map((border) => border + 20)]) {
      const code = await codeOf(file.subarray(0, cut), mine);
      expect([cut, code]).toEqual([cut, cut < 22 ? 'backup_foreign' : 'backup_damaged']);
    }
  });

  test('with one bit turned over anywhere it is refused', async () => {
    const file = await sealed(CONTENT, { recipients: [recipient] });
    const header = file.indexOf('\n---') + 50;
    const places = [...Array(header).keys(), header + 20, CHUNK, file.length - CHUNK, file.length - 1];
    for (const place of places) {
      const bad = Buffer.from(file);
      bad[place] = (bad[place] ?? 0) ^ 1;
      expect([place, await codeOf(bad, mine)]).toEqual([
        place,
        expect.stringMatching(/^(backup_damaged|backup_foreign|identity_wrong)$/),
      ]);
    }
  });

  test('with bytes added, or chunks swapped, it is refused', async () => {
    const file = await sealed(CONTENT, { recipients: [recipient] });
    expect(await codeOf(Buffer.concat([file, Buffer.from('x')]), mine)).toBe('backup_damaged');
    const start = file.length - CONTENT.length - 3 * 16;
    const [one, two] = [start, start + CHUNK + 16].map((from) => file.subarray(from, from + CHUNK + 16));
    const head = file.subarray(0, start);
    const swapped = Buffer.concat([
      head,
      two as Buffer,
      one as Buffer,
      file.subarray(start + 2 * (CHUNK + 16)),
    ]);
    expect(swapped.length).toBe(file.length);
    expect(await codeOf(swapped, mine)).toBe('backup_damaged');
  });

  test('armor that is cut, lengthened or has a wrong character is refused', async () => {
    const armored = age(['-a', '-r', recipient], CONTENT.subarray(0, 500)).toString();
    const bad = [
      armored.replace(/-----END.*\n/, ''),
      armored.replace(/\n(.{64})\n/, '\n$1A\n'),
      armored.replace(/\n(.{63}).\n/, '\n$1\n'),
      armored.replace(/\n(.{10})./, '\n$1!'),
      `${armored}more\n`,
      `more\n${armored}`,
    ];
    for (const text of bad) {
      expect(text).not.toBe(armored);
      expect(await codeOf(Buffer.from(text), mine)).toMatch(/^backup_(damaged|foreign)$/);
    }
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('no backup at all\n')],
    ['a database', Buffer.concat([Buffer.from('SQLite format 3\0'), randomBytes(5000)])],
  ])('%s is no age file', async (_, file) => {
    expect(await codeOf(file, mine)).toBe('backup_foreign');
  });

  test('a header that does not end is not read to the end of a large file', async () => {
    let read = 0;
    async function* endless(): Bytes {
      yield Buffer.from('age-encryption.org/v1\n');
      for (; read < 64; read++) yield Buffer.alloc(1024 * 1024, 'a');
    }
    expect((await failureOf(() => open(endless(), mine))).code).toBe('backup_damaged');
    expect(read).toBeLessThan(4);
  });
});
