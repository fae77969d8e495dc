import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ownMark, readMark } from '../../../src/store/sqlite/process-mark.ts';

/** A table in which only this process and 17 run. */
const table = { pid: process.pid, isRunning: (pid: number) => pid === process.pid || pid === 17 };

describe.runIf(process.platform === 'linux')('marks of processes, on Linux', () => {
  const own = ownMark({});
  const [pid = '', started = '', boot = '', namespace = ''] = own.split(' ');
  const read = (...parts: string[]) => readMark(parts.join(' '), own, { processes: table });

  test('this process is running, and found by its number', () => {
    expect(own).toMatch(/^[0-9]+ [0-9]+ [0-9a-f-]{36} pid:\[[0-9]+\]$/);
    expect(readMark(own, own, {})).toEqual({ pid: process.pid, gone: false });
  });

  test('one that began at another time is gone, though its number is taken', () => {
    expect(read(pid, `${Number(started) - 1}`, boot, namespace)).toEqual({ pid: process.pid, gone: true });
  });

  test('one of an earlier boot is gone', () => {
    expect(read(pid, started, boot.replace(/^./, 'x'), namespace)).toMatchObject({ gone: true });
  });

  test('one in another pid namespace may be running; its number means nothing here', () => {
    expect(read('4194304', started, boot, 'pid:[1]')).toEqual({ pid: null, gone: false });
  });

  test.each(['', 'nonsense', '-1 2 3 4', '0', '1e3', '../../etc 1 2 3'])('%j tells nothing', (mark) => {
    expect(read(mark)).toEqual({ pid: null, gone: false });
  });

  test('one that ended is gone, also while its parent has not asked for its end', async () => {
    // `sh` starts a child, becomes a program that never waits for it, and the child is killed: a zombie.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const child = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text) => resolve(Number(text))),
    );
    const statOf = () => readFileSync(`/proc/${child}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    const mark = [String(child), statOf()[19] ?? '', boot, namespace];
    expect(read(...mark)).toEqual({ pid: child, gone: false });
    // `sh` itself would hear of the end.
    await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'latin1')).toBe('sleep\n');
    process.kill(child, 'SIGKILL');
    await expect.poll(() => statOf()[0]).toBe('Z');
    expect(read(...mark)).toEqual({ pid: child, gone: true });
    parent.kill('SIGKILL');
    await new Promise((resolve) => parent.on('close', resolve));
    await expect.poll(() => read(...mark).gone).toBe(true);
  });
});

describe('marks of processes, where there is no /proc', () => {
  test('one is gone when there is no process of its number', () => {
    expect(readMark('17', '16', { processes: table })).toEqual({ pid: 17, gone: false });
    expect(readMark('18', '16', { processes: table })).toEqual({ pid: 18, gone: true });
  });

  test('one can not be told without a table, or by who has other marks', () => {
    expect(readMark('18', '16', {})).toEqual({ pid: null, gone: false });
    expect(readMark('18', '', { processes: undefined })).toEqual({ pid: null, gone: false });
    expect(readMark('18', '1 2 boot ns', { processes: table })).toEqual({ pid: null, gone: false });
    expect(readMark('18 2 boot ns', '16', { processes: table })).toEqual({ pid: null, gone: false });
  });
});
