import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKeyFile, readKeyFile, replaceKeyFile } from '../../../../src/secrets/slots/key-file/file.ts';
import { formatKeyFile, parseKeyFile } from '../../../../src/secrets/slots/key-file/format.ts';
import { failureOf } from '../../fixture.ts';

const uid = process.getuid?.();
const one = { id: 'A'.repeat(22), key: Buffer.alloc(32, 1) };
const two = { id: 'B'.repeat(22), key: Buffer.alloc(32, 2) };
let folder = '';
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywright-key-file-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('made 0600 in a folder made 0700, whatever the umask; read back', () => {
  const before = process.umask(0);
  try {
    createKeyFile(at('new/deep/key'), [one]);
    replaceKeyFile(at('new/deep/key'), [one, two], 'x');
  } finally {
    process.umask(before);
  }
  expect(statSync(at('new/deep/key')).mode & 0o777).toBe(0o600);
  expect(statSync(at('new/deep')).mode & 0o777).toBe(0o700);
  expect(statSync(at('new')).mode & 0o777).toBe(0o700);
  expect(readKeyFile(at('new/deep/key'), uid)).toEqual([one, two]);
  expect(readdirSync(at('new/deep'))).toEqual(['key']);
});

describe('making writes through nothing that is there', () => {
  test.each(['file', 'link', 'dangling link'])('%s', async (kind) => {
    writeFileSync(at('victim'), 'as it was');
    if (kind === 'file') writeFileSync(at('key'), 'as it was');
    else symlinkSync(kind === 'link' ? at('victim') : at('nowhere'), at('key'));
    expect((await failureOf(() => createKeyFile(at('key'), [one]))).code).toBe('exists');
    expect(readFileSync(at('victim'), 'utf8')).toBe('as it was');
    expect(existsSync(at('nowhere'))).toBe(false);
    symlinkSync(at('victim'), at('other.x.new'));
    expect((await failureOf(() => replaceKeyFile(at('other'), [one], 'x'))).code).toBe('key_file_unusable');
    expect(readFileSync(at('victim'), 'utf8')).toBe('as it was');
  });
});

describe('reading', () => {
  const good = formatKeyFile([one]);
  const planted: [string, () => void, RegExp][] = [
    ['readable by the group', () => plant(0o640), /open to others/],
    ['readable by all', () => plant(0o604), /open to others/],
    [
      'a link',
      () => {
        writeFileSync(at('real'), good, { mode: 0o600 });
        symlinkSync(at('real'), at('key'));
      },
      /symbolic link/,
    ],
    ['a folder', () => mkdirSync(at('key'), { mode: 0o700 }), /not a plain file/],
    ['a FIFO', () => spawnSync('mkfifo', ['-m', '600', at('key')]), /not a plain file/],
    ['too large', () => plant(0o600, good + '#'.repeat(5000)), /4 KiB/],
    ['empty', () => plant(0o600, ''), /damaged/],
    ['cut short', () => plant(0o600, good.slice(0, -1)), /damaged/],
    ['something else', () => plant(0o600, 'AGE-SECRET-KEY-1\n'), /damaged/],
  ];
  function plant(mode: number, text = good): void {
    writeFileSync(at('key'), text);
    chmodSync(at('key'), mode);
  }

  test.each(planted)('refused: %s', async (_, make, says) => {
    make();
    const failure = await failureOf(() => readKeyFile(at('key'), uid));
    expect(failure.code).toBe('key_file_unusable');
    expect(failure.message).toMatch(says);
    expect(failure.hint).toBeTruthy();
    expect(failure.message).not.toContain(Buffer.from(one.key).toString('base64url'));
  });

  test("refused: one in our own folder that others may enter; another folder is its owner's to judge", async () => {
    mkdirSync(at('own'), { mode: 0o700 });
    createKeyFile(at('own/key'), [one]);
    expect(readKeyFile(at('own/key'), uid, at('own'))).toHaveLength(1);
    chmodSync(at('own'), 0o777);
    const failure = await failureOf(() => readKeyFile(at('own/key'), uid, at('own')));
    expect(failure).toMatchObject({ code: 'store_permissions', hint: '{keywright} doctor --fix' });
    expect(readKeyFile(at('own/key'), uid, at('other'))).toHaveLength(1);
  });

  test('refused: a device', async () => {
    expect((await failureOf(() => readKeyFile('/dev/zero', uid))).code).toBe('key_file_unusable');
  });

  test.skipIf(uid !== 0)("refused: someone else's (needs root to plant)", async () => {
    plant(0o600);
    chownSync(at('key'), 65534, 65534);
    expect((await failureOf(() => readKeyFile(at('key'), uid))).message).toMatch(/belongs to someone else/);
  });

  test('undefined only when there is none', () => {
    expect(readKeyFile(at('key'), uid)).toBeUndefined();
  });
});

describe('the text', () => {
  const text = formatKeyFile([one, two]);
  const key = Buffer.from(one.key).toString('base64url');

  test('comments anywhere, one or two keys', () => {
    expect(parseKeyFile(text)).toEqual([one, two]);
    expect(parseKeyFile(`${text}# by hand\n`)).toEqual([one, two]);
  });

  test.each([
    ['no key', '# only\n'],
    ['three keys', `${text}keywright-key/1 ${'C'.repeat(22)} ${key}\n`],
    ['one key twice', formatKeyFile([one, one])],
    ['an empty line', `${text}\n`],
    ['CRLF', text.replaceAll('\n', '\r\n')],
    ['two spaces', text.replace('/1 A', '/1  A')],
    ['a newer format', text.replace('key/1', 'key/2')],
    ['a longer id', text.replace('AAA', 'AAAA')],
    ['a key in another spelling', text.replace(key, `${key.slice(0, -1)}F`)],
    ['a shorter key', text.replace(key, key.slice(0, -1))],
  ])('not: %s', (_, wrong) => {
    expect(wrong).not.toBe(text);
    expect(parseKeyFile(wrong)).toBeUndefined();
  });
});
