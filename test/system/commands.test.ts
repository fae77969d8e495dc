import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../src/domain/secret.ts';
import { type CommandHost, commandsOn } from '../../src/system/commands.ts';
import { failureOf } from '../support/fake-ledger.ts';

type Listener = (signal: NodeJS.Signals) => void;

/** A machine whose signals a test sends, with a folder of its own first on PATH. */
function machine(change: Partial<CommandHost> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'keywright-commands-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const listeners = new Map<NodeJS.Signals, Listener>();
  const commands = commandsOn({
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      HOME: '/home/ana',
      KEYWRIGHT_PASSPHRASE: 'canary',
      Keywright_x: 'canary',
    },
    platform: 'linux',
    listener: undefined,
    onTerminal: () => false,
    kill: (pid, signal) => void process.kill(pid, signal),
    lastWordsMs: 200,
    on: (signal, listener) => void listeners.set(signal, listener),
    off: (signal) => void listeners.delete(signal),
    ...change,
  });
  const file = join(folder, 'out');
  const run = (text: string, options: Partial<Parameters<ReturnType<typeof commands.find>['run']>[0]> = {}) =>
    commands.find(text, '--deliver').run({ env: {}, timeoutMs: 30_000, ...options });
  return { folder, file, commands, run, listeners, written: () => readFileSync(file, 'utf8') };
}

/** Has it not ended? One whose end nobody asked for yet has. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(existsSync('/proc/self') ? readFileSync(`/proc/${pid}/stat`, 'latin1') : '');
  } catch {
    return false;
  }
}

/** Resolves once the file says so; a test that waits for ever fails by its own deadline. */
async function until(says: () => string, text: string): Promise<void> {
  for (;;) {
    try {
      if (says().includes(text)) return;
    } catch {
      // not there yet
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test('a command gets the secret on stdin, without a newline', async () => {
  const { run, file, written } = machine();
  const end = await run(`sh -c 'cat > ${file}'`, { input: new Secret('canary') });
  expect(end).toEqual({ ok: true, reason: 'exit 0', interrupted: false, ms: expect.any(Number) });
  expect(written()).toBe('canary');
});

test('without a secret it gets nothing, and does not wait', async () => {
  const { run, file, written } = machine();
  await run(`sh -c 'cat > ${file}'`);
  expect(written()).toBe('');
});

test('its environment is the caller’s without ours, and with what is added (case 158)', async () => {
  const { run, file, written } = machine();
  await run(`sh -c 'env > ${file}'`, { env: { KEYWRIGHT_KEY_NAME: 'deploy' } });
  expect(written()).toMatch(/^HOME=\/home\/ana$/m);
  expect(written()).toMatch(/^KEYWRIGHT_KEY_NAME=deploy$/m);
  expect(written()).not.toContain('canary');
});

test.each([
  ['false', 'exit 1'],
  ["sh -c 'exit 42'", 'exit 42'],
  ["sh -c 'kill -9 $$'", 'SIGKILL'],
])('%s fails: %s', async (text, reason) => {
  expect(await machine().run(text)).toMatchObject({ ok: false, reason, interrupted: false });
});

test('one that does not read its stdin is judged by its exit code', async () => {
  const { run } = machine();
  const input = new Secret('x'.repeat(1_000_000));
  expect(await run('true', { input })).toMatchObject({ ok: true });
  expect(await run('false', { input })).toMatchObject({ ok: false, reason: 'exit 1' });
});

test('one that can not be started after all says so', async () => {
  const { run, folder } = machine();
  writeFileSync(join(folder, 'broken'), '#!/no/such/interpreter\n', { mode: 0o755 });
  expect(await run('broken')).toMatchObject({ ok: false, reason: 'it could not be started (ENOENT)' });
});

test('at its time limit it is ended, and killed when it does not listen', async () => {
  const { run } = machine();
  expect(await run('sleep 60', { timeoutMs: 50 })).toMatchObject({ ok: false, reason: 'no end within 1 s' });
  const deaf = await run(`sh -c 'trap "" TERM; sleep 5 & wait; wait; sleep 5'`, { timeoutMs: 200 });
  expect(deaf).toMatchObject({ ok: false, reason: 'no end within 1 s' });
});

test('a time limit beyond what timers can do is none', async () => {
  expect(await machine().run('true', { timeoutMs: 1e15 })).toMatchObject({ ok: true });
});

describe('what a command prints', () => {
  const printing = (change: Partial<CommandHost> = {}) => {
    const printed: Buffer[] = [];
    const listener = {
      print: async (chunk: Uint8Array) => void printed.push(Buffer.from(chunk)),
      found: async () => void printed.push(Buffer.from('!')),
    };
    return { ...machine({ listener, ...change }), printed: () => Buffer.concat(printed).toString() };
  };
  const hide = new Secret('kw_sk_canary');

  test('is passed on in its order, without the secret', async () => {
    const { run, printed } = printing();
    const end = await run("sh -c 'echo one; sleep 0.1; cat >&2; echo; sleep 0.1; printf three'", {
      ...{ input: hide, hide },
    });
    expect(end.ok).toBe(true);
    expect(printed().replace('!', '')).toBe('one\n[secret]\nthree');
    // Before the piece that it was in, which what came earlier may share with it.
    expect(printed()).toMatch(/!.*\[secret\]/s);
  });

  test('may go to /dev/stderr', async () => {
    const { run, printed } = printing();
    expect(await run("sh -c 'echo hello > /dev/stderr'")).toMatchObject({ ok: true });
    expect(printed()).toBe('hello\n');
  });

  test('is passed on to the last byte, slowly if need be', async () => {
    let length = 0;
    const print = async (chunk: Uint8Array) => {
      length += chunk.length;
      await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await machine({ listener: { print, found: async () => undefined } }).run(
      "sh -c 'head -c 2000000 /dev/zero'",
    );
    expect(length).toBe(2_000_000);
  });

  test('is not waited for where something else goes on', async () => {
    const { run, printed } = printing();
    const { ok, ms } = await run("sh -c 'echo begun; sleep 20 & '");
    expect([ok, printed()]).toEqual([true, 'begun\n']);
    expect(ms).toBeLessThan(15_000);
  });
});

test('what it left behind and goes on printing is not heard for ever', async () => {
  const heard: Uint8Array[] = [];
  const listener = {
    print: async (chunk: Uint8Array) => void heard.push(chunk),
    found: async () => undefined,
  };
  const { run, file, written } = machine({ listener });
  const end = await run(
    `sh -c '(echo $$ > ${file}; for i in 1 2 3 4 5 6 7 8 9; do echo x; sleep 0.3; echo x; sleep 0.05; done; sleep 3) & echo done'`,
  );
  expect(end).toMatchObject({ ok: true });
  expect(Buffer.concat(heard).toString()).toContain('done');
  await until(written, '\n');
});

describe('what a command started', () => {
  /** A command that has another write its number, and waits for it. */
  const starts = (folder: string, file: string, before = '') => {
    const script = join(folder, 'started');
    writeFileSync(
      script,
      `${before}echo $$ > ${file}.new; mv ${file}.new ${file}; while :; do sleep 0.1; done`,
    );
    return `sh -c 'sh ${script} & wait'`;
  };
  const isGone = (text: string) => expect.poll(() => isRunning(Number(text))).toBe(false);

  test('ends with it at its time limit', async () => {
    const { run, folder, file, written } = machine();
    expect(await run(starts(folder, file), { timeoutMs: 3000 })).toMatchObject({ ok: false });
    await isGone(written());
  });

  test('ends though the command itself has ended and it does not listen', async () => {
    const { run, folder, file, written } = machine();
    const deaf = starts(folder, file, "trap '' TERM; ");
    expect(await run(deaf, { timeoutMs: 3000 })).toMatchObject({ ok: false, reason: 'no end within 3 s' });
    await isGone(written());
  });

  test('ends with a signal to this program, too', async () => {
    const { run, folder, file, listeners, written } = machine();
    const running = run(starts(folder, file));
    await until(written, '\n');
    expect(isRunning(Number(written()))).toBe(true);
    listeners.get('SIGTERM')?.('SIGTERM');
    expect(await running).toMatchObject({ ok: false, reason: 'SIGTERM', interrupted: true });
    await isGone(written());
  });

  test('is left alone where the command ended well', async () => {
    const { run, file, written } = machine();
    expect(await run(`sh -c '(sleep 0.3; echo later > ${file}) & exit 0'`)).toMatchObject({ ok: true });
    await until(written, 'later');
  });
});

describe('a signal that would end this program', () => {
  const waits = (file: string) =>
    `sh -c 'trap "echo TERM >> ${file}; exit 3" TERM; echo ready > ${file}; sleep 5 & wait'`;

  test('goes to the command instead', async () => {
    const { run, file, listeners, written } = machine();
    const running = run(waits(file));
    await until(written, 'ready');
    listeners.get('SIGTERM')?.('SIGTERM');
    expect(await running).toMatchObject({ ok: false, reason: 'exit 3', interrupted: true });
    expect(written()).toContain('TERM');
    expect(listeners.size, 'and afterwards to this program').toBe(0);
  });

  test('kills it the second time', async () => {
    const { run, file, listeners, written } = machine();
    const running = run(`sh -c 'trap "" TERM INT; echo ready > ${file}; while :; do sleep 0.1; done'`);
    await until(written, 'ready');
    listeners.get('SIGTERM')?.('SIGTERM');
    listeners.get('SIGINT')?.('SIGINT');
    expect(await running).toMatchObject({ ok: false, reason: 'SIGKILL', interrupted: true });
  });

  test('is not passed on when a terminal has sent it to the command as well', async () => {
    const { run, file, listeners, written } = machine({ onTerminal: () => true });
    const running = run(
      `sh -c 'trap "echo INT >> ${file}" INT; echo ready > ${file}; until [ -e ${file}.go ]; do sleep 0.02; done'`,
    );
    await until(written, 'ready');
    listeners.get('SIGINT')?.('SIGINT');
    writeFileSync(`${file}.go`, '');
    expect(await running).toMatchObject({ ok: true, interrupted: true });
    expect(written()).toBe('ready\n');
  });

  test('ends a pause', async () => {
    const { commands, listeners } = machine();
    expect(await commands.pause(1)).toBe(false);
    const pausing = commands.pause(60_000);
    listeners.get('SIGTERM')?.('SIGTERM');
    expect(await pausing).toBe(true);
    expect(listeners.size).toBe(0);
  });
});

describe('a command is found', () => {
  test('on PATH or by its path, the first that can be run', async () => {
    const { folder, commands, run, file, written } = machine();
    mkdirSync(join(folder, 'gh'));
    expect(await failureOf(() => commands.find('gh', '--deliver'))).toMatchObject({ code: 'usage' });
    writeFileSync(join(folder, 'mine'), `#!/bin/sh\necho "$0 $1" > ${file}\n`);
    expect(await failureOf(() => commands.find('mine', '--deliver'))).toMatchObject({
      message: '--deliver: mine was not found on PATH',
    });
    chmodSync(join(folder, 'mine'), 0o755);
    expect(commands.find('mine x', '--deliver').name).toBe('mine');
    await run(`${join(folder, 'mine')} x`);
    expect(written()).toBe(`${join(folder, 'mine')} x\n`);
  });

  test.each([
    ['./no-such-file', '--check: ./no-such-file is no program that can be run', undefined],
    [
      'a | b',
      '--check holds an unquoted |, which takes a shell',
      'if a shell is to run it: --check "sh -c \'…\'"',
    ],
    ["a 'b", '--check has a quote that is not closed', undefined],
  ])('or not: %s', async (text, message, hint) => {
    const { commands } = machine();
    expect(await failureOf(() => commands.find(text, '--check'))).toMatchObject({
      code: 'usage',
      message,
      hint,
    });
  });

  test('never in the current folder because PATH has an empty part', async () => {
    const { commands } = machine({ env: { PATH: '::' } });
    expect(await failureOf(() => commands.find('package.json', '--check'))).toMatchObject({ code: 'usage' });
  });
});
