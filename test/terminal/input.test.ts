import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import type { Failure } from '../../src/errors.ts';
import { LARGEST_SECRET, readSecret } from '../../src/terminal/input.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'input-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

let files = 0;
function fileOf(content: string | Buffer): string {
  const file = path.join(folder, `f${files++}`);
  fs.writeFileSync(file, content);
  return file;
}

/** The same bytes by all three ways; they must agree. */
async function everyWay(content: Buffer): Promise<string[]> {
  const ways = [
    readSecret({ stdin: Readable.from([content.subarray(0, 3), content.subarray(3)]) }),
    readSecret({ file: fileOf(content) }),
  ];
  return Promise.all(
    ways.map((way) =>
      way.then(
        (secret) => secret.reveal(),
        (error: Failure) => `${error.code}: ${error.message}`,
      ),
    ),
  );
}

describe('the one rule (case 8)', () => {
  test.each([
    ['plain', 'canary', 'canary'],
    ['newline', 'canary\n', 'canary'],
    ['CRLF', 'canary\r\n', 'canary'],
    ['only one newline goes', 'canary\n\n', 'canary\n'],
    ['a lone CR stays', 'canary\r', 'canary\r'],
    ['spaces stay', '  canary ', '  canary '],
    ['several lines', 'a\nb\nc\n', 'a\nb\nc'],
    ['letters of all kinds', 'cänäry 日本 👍\n', 'cänäry 日本 👍'],
    ['the largest', `${'x'.repeat(LARGEST_SECRET)}\r\n`, 'x'.repeat(LARGEST_SECRET)],
  ])('%s', async (_, content, secret) => {
    expect(await everyWay(Buffer.from(content))).toEqual([secret, secret]);
  });

  test.each([
    ['empty', '', 'empty'],
    ['only a newline', '\n', 'empty'],
    ['only CRLF', '\r\n', 'empty'],
    ['byte order mark', '\ufeffcanary', 'byte order mark'],
    ['NUL', 'can\0ary', 'NUL'],
    ['not UTF-8', Buffer.from([0x63, 0xff, 0xfe]), 'not valid UTF-8'],
    ['cut UTF-8', Buffer.from('é').subarray(0, 1), 'not valid UTF-8'],
    ['one byte too many', 'x'.repeat(LARGEST_SECRET + 1), 'more than'],
    ['10 MB', Buffer.alloc(10 * 1024 * 1024, 'canary'), /more than|too large/],
  ])('refuses %s', async (_, content, why) => {
    for (const said of await everyWay(Buffer.from(content as string))) {
      expect(said).toMatch(/^bad_secret_input: /);
      expect(said).toMatch(why);
      expect(said).not.toContain('canary');
    }
  });

  test('reads a named variable, and says which one is missing or empty', async () => {
    const env = (name: string) => ({ TOKEN: 'canary\n', EMPTY: '' })[name];
    expect((await readSecret({ variable: 'TOKEN', env })).reveal()).toBe('canary');
    await expect(readSecret({ variable: 'EMPTY', env })).rejects.toMatchObject({
      code: 'bad_secret_input',
      message: /EMPTY/,
    });
    await expect(readSecret({ variable: 'NONE', env })).rejects.toMatchObject({
      code: 'bad_secret_input',
      message: /NONE/,
    });
  });

  test('does not wait for someone to type a secret with echo', async () => {
    const stdin = Object.assign(new Readable({ read() {} }), { isTTY: true });
    await expect(readSecret({ stdin })).rejects.toMatchObject({ code: 'bad_secret_input' });
  });
});

describe('files (case 9)', () => {
  const refusal = { code: 'bad_secret_input' };

  test('follows a symbolic link, as mounted secrets are', async () => {
    const link = path.join(folder, 'link');
    fs.symlinkSync(fileOf('canary'), link);
    expect((await readSecret({ file: link })).reveal()).toBe('canary');
  });

  test('refuses what is missing or a folder', async () => {
    await expect(readSecret({ file: path.join(folder, 'none') })).rejects.toMatchObject({
      code: 'not_found',
      message: /ENOENT/,
    });
    await expect(readSecret({ file: folder })).rejects.toMatchObject(refusal);
  });

  test('refuses a sparse gigabyte without reading it', async () => {
    const file = fileOf('');
    fs.truncateSync(file, 2 ** 30);
    await expect(readSecret({ file })).rejects.toMatchObject({ ...refusal, message: /too large/ });
  });

  test.skipIf(process.platform === 'win32')(
    'refuses a FIFO that nobody writes to, without waiting',
    async () => {
      const fifo = path.join(folder, 'fifo');
      execFileSync('mkfifo', [fifo]);
      await expect(readSecret({ file: fifo })).rejects.toMatchObject({
        ...refusal,
        message: /not a regular file/,
      });
    },
  );

  test.skipIf(process.platform === 'win32')('refuses devices', async () => {
    await expect(readSecret({ file: '/dev/zero' })).rejects.toMatchObject(refusal);
    await expect(readSecret({ file: '/dev/null' })).rejects.toMatchObject(refusal);
  });

  test.skipIf(process.platform !== 'linux')('refuses the memory of the process', async () => {
    await expect(readSecret({ file: '/proc/self/mem' })).rejects.toMatchObject(refusal);
  });

  test.skipIf(process.platform === 'win32')('takes an inherited pipe, so that <(…) works', () => {
    const script = `import('./src/terminal/input.ts').then(async ({ readSecret }) => {
      const secret = await readSecret({ file: process.argv[1] });
      process.stdout.write('[' + secret.reveal() + ']');
    });`;
    const run = spawnSync(
      'bash',
      [
        '--norc',
        '-c',
        `"$0" --input-type=module -e "$1" <(sleep 0.05; echo canary)`,
        process.execPath,
        script,
      ],
      {
        cwd: path.join(import.meta.dirname, '../..'),
        encoding: 'utf8',
      },
    );
    expect(run.stderr.replace(/.*ExperimentalWarning.*\n.*\n/, '')).toBe('');
    expect(run.stdout).toBe('[canary]');
  });
});
