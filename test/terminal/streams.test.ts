import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, describe, expect, test } from 'vitest';
import { ReaderGone, sinkOf } from '../../src/terminal/streams.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'streams-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** Writes a megabyte in pieces to the real stdout and says on stderr what came of it. */
const WRITER = `
  import('./src/terminal/streams.ts').then(async ({ sinkOf }) => {
    const out = sinkOf({ fd: 1, stream: () => process.stdout });
    try {
      for (let i = 0; i < 16; i++) await out.write('x'.repeat(65535) + '\\n');
      process.stderr.write('[done]');
    } catch (error) {
      process.stderr.write('[' + (error.code ?? error.name) + '] ' + error.message);
      await out.write('again').catch((second) => process.stderr.write('[' + (second.code ?? second.name) + ' again]'));
    }
  });`;

function runShell(command: string): { stdout: string; stderr: string; status: number | null } {
  return spawnSync('bash', ['--norc', '-c', command, process.execPath, WRITER], {
    cwd: path.join(import.meta.dirname, '../..'),
    encoding: 'utf8',
    maxBuffer: 4 * 1024 * 1024,
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
}
const NODE = '"$0" -e "$1"';

describe.skipIf(process.platform === 'win32')('the real stdout', () => {
  test('a slow pipe gets everything', () => {
    const { stdout, stderr } = runShell(`${NODE} | (sleep 0.1; wc -c)`);
    expect([stdout.trim(), stderr]).toEqual([String(1024 * 1024), '[done]']);
  });

  test('a pipe whose reader leaves is ReaderGone, now and later', () => {
    const { stderr } = runShell(`${NODE} | head -c 10 >/dev/null`);
    expect(stderr).toBe('[ReaderGone] the reader of the output has gone[ReaderGone again]');
  });

  test('a file gets everything', () => {
    const file = path.join(folder, 'out');
    const { stderr } = runShell(`${NODE} >'${file}'`);
    expect([fs.statSync(file).size, stderr]).toEqual([1024 * 1024, '[done]']);
  });

  test.skipIf(!fs.existsSync('/dev/full'))('a full device is a failure', () => {
    const { stderr, status } = runShell(`${NODE} >/dev/full`);
    expect(stderr).toBe('[output_failed] the answer could not be written (ENOSPC)[output_failed again]');
    expect(status).toBe(0);
  });

  test('a file that may not grow further is a failure, though a part was written', () => {
    const file = path.join(folder, 'limited');
    const { stderr } = runShell(`trap '' XFSZ; ulimit -f 100; ${NODE} >'${file}'`);
    expect(stderr).toBe('[output_failed] the answer could not be written (EFBIG)[output_failed again]');
  });

  test('a closed stdout is a failure or goes nowhere, never a crash', () => {
    const { stderr, status } = runShell(`${NODE} >&-`);
    expect(stderr).toMatch(/^\[(output_failed|done)\]/);
    expect(status).toBe(0);
  });
});

describe('sinkOf', () => {
  test('resolves only when the chunk has been taken', async () => {
    let take = () => {};
    const slow = new Writable({
      write(_chunk, _encoding, done) {
        take = done;
      },
    });
    const sink = sinkOf({ stream: () => slow });
    let taken = false;
    const write = sink.write('x').then(() => {
      taken = true;
    });
    await new Promise(setImmediate);
    expect(taken).toBe(false);
    take();
    await write;
    expect(taken).toBe(true);
  });

  test('has a width whatever the stream says', () => {
    const stream = (columns?: number) =>
      Object.assign(new Writable(), { isTTY: true }, columns === undefined ? {} : { columns });
    expect([stream(), stream(0), stream(20)].map((one) => sinkOf({ stream: () => one }).columns)).toEqual([
      80, 80, 20,
    ]);
  });

  test('an error between writes is not unhandled and fails the next write', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
    const sink = sinkOf({ stream: () => stream });
    await sink.write('x');
    stream.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    await new Promise(setImmediate);
    await expect(sink.write('x')).rejects.toBeInstanceOf(ReaderGone);
  });
});
