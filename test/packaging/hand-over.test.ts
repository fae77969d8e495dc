import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transform } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { findOldNode } from './old-node.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCRATCH = mkdtempSync(join(tmpdir(), 'keywright-bin-'));
afterAll(() => rmSync(SCRATCH, { recursive: true, force: true }));

/** Stands in for the program: says which Node runs it, then does as its first argument says. */
const PROGRAM = `
exports.liveContext = (host) => host;
exports.main = async ([verb, value], host) => {
  const say = (text) => host.stdout.write(text + '\\n');
  const signals = verb === 'signals' ? ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH'] : [];
  for (const signal of signals) host.on(signal, () => say(signal));
  if (verb === 'signals') host.on('SIGUSR2', () => host.exit(5));
  say(JSON.stringify({ node: host.versions.node.split('.')[0], pid: host.pid, argv: host.argv.slice(2) }));
  if (verb === 'exit') return Number(value);
  if (verb === 'die') host.kill(host.pid, value);
  if (verb === 'cat') for await (const chunk of host.stdin) host.stdout.write(chunk);
  if (verb === 'signals') await new Promise((done) => setTimeout(done, 15_000));
  return 0;
};`;

function makeClone(name: string, parts: { node?: boolean; dist?: boolean }): string {
  const clone = join(SCRATCH, name);
  cpSync(join(ROOT, 'bin'), join(clone, 'bin'), { recursive: true });
  if (parts.node) symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'));
  if (parts.dist) {
    mkdirSync(join(clone, 'dist'));
    writeFileSync(join(clone, 'dist/keywright.cjs'), PROGRAM);
  }
  return join(clone, 'bin/keywright.js');
}

const clone = makeClone('clone', { node: true, dist: true });
const installed = makeClone('installed', { dist: true });
const broken = makeClone('broken', { node: true });

/** A process group of its own under this one's, as a shell's job: the kernel doesn't stop one without a parent. */
const AS_A_JOB = 'import os, sys; os.setpgid(0, 0); os.execv(sys.argv[1], sys.argv[1:])';

/** Starts it and gives back its lines as they come. */
function start(command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((done) => {
    child.on('close', (code, signal) => done({ code, signal }));
  });
  return { child, ended, text: () => text };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 5));
}

const stateOf = (pid: number | undefined) => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
const pidIn = (text: string) => Number(/"pid":(\d+)/.exec(text)?.[1]);

test('bin/keywright.js is ES5, so that any Node gets as far as the version check', async () => {
  const source = readFileSync(join(ROOT, 'bin/keywright.js'), 'utf8');
  const lowered = await transform(source, { target: 'es5' });
  const asWritten = await transform(source, { supported: { 'object-extensions': false } });
  expect(lowered.code).toBe(asWritten.code);
  const newer = await transform(`${source}var f = (x) => x;`, { supported: { 'object-extensions': false } });
  expect(newer.code).toContain('=>');
});

test('an incomplete installation is one line and no stack trace', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [broken, 'keys'], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({
    status: 1,
    stdout: '',
    stderr:
      'keywright: not installed completely: dist/keywright.cjs is missing; in a clone run npm ci, else install it again\n',
  });
});

const old = findOldNode();
// A machine whose own Node is new enough has nothing to hand over from.
describe.skipIf(old === undefined)('on a Node that is too old', () => {
  const node = old as string;

  test('an installed package says which Node it needs', () => {
    const { status, stdout, stderr } = spawnSync(node, [installed, 'exit', '0'], { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(
      /^keywright: needs Node\.js 22\.14 or newer, this is [\d.]+; get it from https:\/\/nodejs\.org\n$/,
    );
  });

  test('and says it as JSON when asked to', () => {
    const { stderr } = spawnSync(node, [installed, 'keys', 'list', '--json'], { encoding: 'utf8' });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'node_too_old' } });
  });

  test('a clone hands over to its pinned Node: arguments, input and exit code', () => {
    const asked = spawnSync(node, [clone, 'exit', '7', '--', '-x', 'a b'], { encoding: 'utf8' });
    expect(asked.status).toBe(7);
    expect(JSON.parse(asked.stdout)).toMatchObject({ node: '24', argv: ['exit', '7', '--', '-x', 'a b'] });
    expect(spawnSync(node, [clone, 'cat'], { input: 'from stdin', encoding: 'utf8' }).stdout).toContain(
      'from stdin',
    );
  });

  test.each(['SIGKILL', 'SIGTERM', 'SIGSEGV'])('ends by %s when the program does', (signal) => {
    expect(spawnSync(node, [clone, 'die', signal]).signal).toBe(signal);
  });

  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGWINCH'] as const)(
    'passes %s on, once',
    async (signal) => {
      const { child, ended, text } = start(node, [clone, 'signals']);
      await until(() => text().includes('}'));
      child.kill(signal);
      await until(() => text().includes(signal));
      process.kill(pidIn(text()), 'SIGUSR2');
      expect(await ended).toEqual({ code: 5, signal: null });
      expect(
        text()
          .split('\n')
          .filter((line) => line === signal),
      ).toHaveLength(1);
    },
  );

  test.runIf(process.platform === 'linux')('stops and goes on together with the program', async () => {
    const { child, ended, text } = start('python3', ['-c', AS_A_JOB, node, clone, 'signals']);
    await until(() => text().includes('}'));
    const program = pidIn(text());
    child.kill('SIGTSTP');
    await until(() => stateOf(child.pid) === 'T' && stateOf(program) === 'T');
    child.kill('SIGCONT');
    await until(() => stateOf(child.pid) !== 'T' && stateOf(program) !== 'T');
    // Once more: the first time must not have been the last.
    child.kill('SIGTSTP');
    await until(() => stateOf(child.pid) === 'T' && stateOf(program) === 'T');
    child.kill('SIGCONT');
    process.kill(program, 'SIGUSR2');
    expect(await ended).toEqual({ code: 5, signal: null });
  });

  test.runIf(process.platform === 'linux')('goes on where no shell could wake it again', async () => {
    const { child, ended, text } = start('setsid', [node, clone, 'signals']);
    await until(() => text().includes('}'));
    child.kill('SIGTSTP');
    child.kill('SIGWINCH');
    await until(() => text().includes('SIGWINCH'));
    process.kill(pidIn(text()), 'SIGUSR2');
    expect(await ended).toEqual({ code: 5, signal: null });
  });

  test.runIf(process.platform === 'linux')('Ctrl-C on a terminal arrives once', async () => {
    // With exec: a shell that stays in between dies of the Ctrl-C itself, as dash does.
    const terminal = start('env', [
      'SHELL=/bin/sh',
      'script',
      '-qec',
      `exec '${node}' '${clone}' signals`,
      '/dev/null',
    ]);
    await until(() => terminal.text().includes('}'));
    pressCtrlC(terminal.child);
    await until(() => terminal.text().includes('SIGINT'));
    process.kill(pidIn(terminal.text()), 'SIGUSR2');
    expect((await terminal.ended).code).toBe(5);
    expect(terminal.text().match(/SIGINT/g)).toHaveLength(1);
  });
});

function pressCtrlC(child: ChildProcess): void {
  child.stdin?.write('\x03');
}
