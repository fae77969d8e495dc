import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { atMost, chunksOfFile } from '../../src/terminal/data.ts';
import { failureOf } from '../secrets/fixture.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keywright-data-'));
  mkdirSync(join(folder, 'folder'));
  execFileSync('mkfifo', [join(folder, 'fifo')]);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function read(path: string, most = 1_000_000): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOfFile(path, most)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const file = (bytes: string | Uint8Array): string => {
  const path = join(folder, 'data');
  writeFileSync(path, bytes);
  return path;
};

test('every byte, in pieces, also through a link', async () => {
  const bytes = Buffer.alloc(200_000, 'keys\n');
  const path = file(bytes);
  symlinkSync(path, join(folder, 'link'));
  expect((await read(path)).equals(bytes)).toBe(true);
  expect((await read(join(folder, 'link'))).equals(bytes)).toBe(true);
  expect(await read(file(''))).toHaveLength(0);
});

test('what was handed over as a descriptor', async () => {
  const fd = openSync(file('handed over'), 'r');
  try {
    expect((await read(`/dev/fd/${fd}`)).toString()).toBe('handed over');
  } finally {
    closeSync(fd);
  }
});

describe('refused, at once', () => {
  test.each([
    ['a folder', () => join(folder, 'folder'), /is not a regular file/],
    ['a FIFO that nobody writes to', () => join(folder, 'fifo'), /is not a regular file/],
    ['a device', () => '/dev/zero', /is not a regular file/],
    ['memory', () => '/proc/self/mem', /cannot be read/],
    ['a descriptor that is none', () => '/dev/fd/999', /was handed over/],
  ])('%s', async (_, make, message) => {
    const failure = await failureOf(() => read(make()));
    expect([failure.code, failure.exitCode]).toEqual(['bad_secret_input', 2]);
    expect(failure.message).toMatch(message);
  });

  test('a file that is not there, by the code of all that is not there', async () => {
    expect(await failureOf(() => read(join(folder, 'none')))).toMatchObject({
      code: 'not_found',
      exitCode: 3,
    });
  });

  test('a file that is too large, before it is read', async () => {
    const path = file('');
    truncateSync(path, 1e9);
    const failure = await failureOf(() => read(path));
    expect([failure.message, failure.hint]).toEqual([`${path} holds more than 1000000 bytes`, 'split it']);
  });

  test('a stream that goes on for ever, at the limit', async () => {
    let given = 0;
    async function* endless() {
      for (;;) yield Buffer.alloc(1000, ++given);
    }
    const work = async () => {
      for await (const _ of atMost(endless(), 10_000, 'stdin'));
    };
    expect((await failureOf(work)).message).toBe('stdin holds more than 10000 bytes');
    expect(given).toBe(11);
  });
});
