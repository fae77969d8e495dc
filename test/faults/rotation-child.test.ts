import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ended, PROGRAM_FILE, type Shell } from '../support/run-program.ts';
import { type Canary, canariesIn, canary } from './canaries.ts';
import { inDatabase, type RotationStore, rotationStore, unsoundRotation } from './rotation-store.ts';
import { attempt } from './soundness.ts';

const linux = process.platform === 'linux';

/** Everything that makes the program and Node talk. */
const LOUD = {
  KEYWRIGHT_DEBUG: '1',
  NODE_DEBUG: '*',
  DEBUG: '*',
  NODE_OPTIONS: '--trace-warnings --trace-uncaught',
};

describe.runIf(linux)('the secret of a delivery (cases 7 and 206)', () => {
  test('is nowhere but on the stdin of its command, whatever becomes of it', async () => {
    const store = await rotationStore('--grace', '1h');
    const { shell, deliver } = store;
    const put = deliver[1] ?? '';
    const slow = [...deliver.slice(0, 1), `sh -c 'sleep 0.2; ${put}; sleep 0.2'`];
    const killsIt = ['--check', "sh -c 'kill -KILL $PPID'"];
    const runs: readonly (readonly [argv: readonly string[], code: number | null])[] = [
      // Handed over and killed, so that the log of the database is left as it is at that moment.
      [['keys', 'rotate', 'deploy', ...slow, ...killsIt], null],
      [['rotations', 'resume', 'deploy', ...slow, '--deliver-as', 'DEPLOY_KEY', '--check', 'true'], 0],
      [['keys', 'rotate', 'deploy', ...slow, '--check', 'false', '--check-timeout', '1s'], 9],
      [['rotations', 'rollback', 'deploy', '--yes'], 0],
      [['keys', 'rotate', 'deploy', ...slow, '--json', '--no-check'], 0],
    ];
    const canaries: Canary[] = [];
    const found: string[] = [];
    let talked = '';
    for (const [argv, code] of runs) {
      const child = shell.start(argv, { env: LOUD, stdio: ['ignore', 'pipe', 'pipe'] });
      const said = [collected(child.stdout), collected(child.stderr)];
      const watched = watchProcesses(shell);
      expect((await ended(child))[0], said.map((text) => text()).join('')).toBe(code);
      watched.stop();
      const seen = watched.seen();
      expect(seen.length, argv.join(' ')).toBeGreaterThan(argv.includes('--deliver') ? 1 : 0);
      const secret = (store.placed() ?? '').replace('DEPLOY_KEY=', '');
      expect(secret).toMatch(/^kw_sk_live_[0-9A-Za-z]{61}$/);
      canaries.push(canary(`of run ${canaries.length}`, secret.slice(-49, -6)));
      const output = said.map((text) => text()).join('');
      talked += output;
      for (const name of canariesIn(Buffer.from(output), canaries)) found.push(`output: ${name}`);
      for (const text of seen)
        for (const name of canariesIn(Buffer.from(text), canaries)) found.push(`/proc: ${name}`);
      found.push(...inFiles(store, canaries));
    }
    expect(found).toEqual([]);
    // They did talk, or their silence proves nothing.
    expect(talked).toMatch(/^ {4}at /m);
    // Node's own talk, which may hold anything, is taken away (bin/keywright.js).
    expect(talked).not.toMatch(/^(CHILD_PROCESS|STREAM|NET) \d+: /m);
  });

  test.each(['argument', 'environment', 'file'])('and would be found there: %s', async (where) => {
    const store = await rotationStore();
    const marked = [canary('planted', 'canary-of-a-delivery-5e1f')];
    if (where === 'file') {
      writeFileSync(
        join(store.shell.home, 'keywright.log'),
        Buffer.from('canary-of-a-delivery-5e1f', 'utf16le'),
      );
      expect(inFiles(store, marked)).toEqual(['world/keywright/keywright.log: planted (UTF-16LE)']);
      return;
    }
    const value = 'canary-of-a-delivery-5e1f';
    const child = spawn('sh', ['-c', 'read line; true', ...(where === 'argument' ? [value] : [])], {
      env: { ...store.shell.env, ...(where === 'environment' ? { KEY: value } : {}) },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const watched = watchProcesses(store.shell);
    const found = () => watched.seen().flatMap((text) => canariesIn(Buffer.from(text), marked));
    await expect.poll(found).not.toEqual([]);
    watched.stop();
    child.stdin.end();
    await ended(child);
  });
});

describe.runIf(linux)('a command of a delivery', () => {
  test('sees the environment of the caller, and nothing that steers this program (case 158)', async () => {
    const store = await rotationStore();
    const ours = {
      KEYWRIGHT_PASSPHRASE: 'canary-phrase',
      KEYWRIGHT_PASSPHRASE_FILE: '/nowhere',
      KEYWRIGHT_KEY_FILE: join(store.shell.home, 'keywright.key'),
      KEYWRIGHT_KEYCHAIN_TIMEOUT: '7s',
      keywright_odd: 'x',
      LANG: 'C',
      WITH_LINES: 'a=b',
    };
    const argv = ['keys', 'rotate', 'deploy', '--deliver', 'env', '--check', 'env'];
    const ran = await store.shell.run(argv, { env: ours });
    expect(ran.code, ran.stderr).toBe(0);
    const { PATH, HOME, TZ } = store.shell.env;
    const given = [`PATH=${PATH}`, `HOME=${HOME}`, `TZ=${TZ}`, 'LANG=C', 'WITH_LINES=a=b'];
    const own = ['KEYWRIGHT_KEY_NAME=deploy', `KEYWRIGHT_PUBLIC_KEY=${ran.stdout.trim()}`];
    const lines = ran.stderr.split('\n').filter((line) => line.includes('='));
    expect(lines.sort()).toEqual([...given, ...own, ...given, ...own].sort());
  });

  test('is heard without the secret, in logs that hide it (cases 7 and 206)', async () => {
    const store = await rotationStore();
    const { shell, place } = store;
    const argv = [
      'keys',
      'rotate',
      'deploy',
      '--deliver-as',
      'KEY',
      '--deliver',
      `tee ${join(place, 'copy')}`,
    ];
    // In one call: where a secret comes after half a line, the line ends before the command that masks it.
    const check = ['--check', `sh -c 'echo "+ echo $(cat ${join(place, 'copy')})" >&2'`];
    const ran = await shell.run([...argv, ...check], { env: { GITHUB_ACTIONS: 'true' } });
    expect(ran.code, ran.stderr).toBe(0);
    const secret = readFileSync(join(place, 'copy'), 'utf8').replace('KEY=', '');
    const lines = ran.stderr.split('\n');
    expect(lines).toContain('KEY=[secret]');
    expect(lines).toContain('+ echo KEY=[secret]');
    expect(lines.filter((line) => line.includes(secret.slice(-49)))).toEqual([
      `::add-mask::${secret}`,
      `::add-mask::${secret}`,
    ]);
    expect(lines.indexOf(`::add-mask::${secret}`)).toBeLessThan(lines.indexOf('KEY=[secret]'));
    expect(lines).toContain('delivered: tee');
    expect(ran.stdout).not.toContain(secret);
  });

  test('has the descriptors of the caller and none of the store (case 157)', async () => {
    const { shell } = await rotationStore();
    const list = 'ls -l /proc/self/fd';
    const numbers = (text: string): string[] =>
      [...text.matchAll(/ (\d+) -> /gm)].map(([, fd = '']) => fd).sort();
    const direct = spawnSync('ls', list.split(' ').slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    expect(numbers(direct.stdout)).toEqual(expect.arrayContaining(['0', '1', '2', '3']));
    for (const flags of [
      ['--deliver', list],
      ['--deliver', 'true', '--check', list],
    ]) {
      const ran = await shell.run(['keys', 'rotate', 'deploy', ...flags]);
      expect(ran.code, ran.stderr).toBe(0);
      expect(numbers(ran.stderr)).toEqual(numbers(direct.stdout));
      expect(ran.stderr).not.toContain(shell.path);
      expect(ran.stderr).toMatch(flags[1] === list ? / 0 -> socket:/ : / 0 -> \/dev\/null$/m);
    }
  });

  test('has the folder and the umask of the caller (case 157)', async () => {
    const { shell, place } = await rotationStore();
    const line = `cd ${place} && umask 037 && "$@"`;
    const rotate = ['keys', 'rotate', 'deploy', '--deliver', "sh -c 'pwd; umask; ulimit -n'"];
    const argv = ['-c', `ulimit -n 512; ${line}`, 'sh', process.execPath, PROGRAM_FILE, ...rotate];
    const child = spawn('sh', argv, { env: shell.env, stdio: ['ignore', 'ignore', 'pipe'] });
    const said = collected(child.stderr);
    expect(await ended(child)).toEqual([0, null]);
    expect(said().split('\n')).toEqual(expect.arrayContaining([place, '0037', '512']));
  });

  test.each(['--deliver', '--check'] as const)('on a terminal gets Ctrl-C once, in %s', async (flag) => {
    const store = await rotationStore();
    const { shell, place } = store;
    const file = (name: string): string => join(place, name);
    // Lives on for a while after the first one, to see whether there is another.
    writeFileSync(
      file('waits.cjs'),
      `const { appendFileSync, writeFileSync } = require('node:fs');
      process.on('SIGINT', () => {
        appendFileSync(${JSON.stringify(file('signals'))}, 'int\\n');
        setTimeout(() => process.exit(3), 400);
      });
      setTimeout(() => undefined, 120_000);
      writeFileSync(${JSON.stringify(file('begun'))}, '');`,
    );
    const words = deliveringWith(store, flag, `${process.execPath} ${file('waits.cjs')}`);
    const line = ['exec', process.execPath, PROGRAM_FILE, ...words].map((word) => `'${word}'`).join(' ');
    const terminal = spawn('script', ['-qec', line, '/dev/null'], {
      cwd: shell.path,
      env: { ...shell.env, TERM: 'dumb', SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    onTestFinished(() => void terminal.kill('SIGKILL'));
    const said = collected(terminal.stdout);
    await until(() => existsSync(file('begun')), said);
    terminal.stdin.write('\x03');
    expect((await ended(terminal))[0], said()).toBe(9);
    expect(readFileSync(file('signals'), 'utf8')).toBe('int\n');
    expect(said()).toContain('versions 1 and 2 are both valid');
    expect(inDatabase(shell).state).toBe(flag === '--deliver' ? 'issued' : 'delivered');
    expect(await unsoundRotation(store)).toEqual([]);
  });

  test.each(['--deliver', '--check'] as const)('ends with SIGTERM to this program, in %s', async (flag) => {
    const store = await rotationStore();
    const pidFile = join(store.place, 'pid');
    const waits = `sh -c 'echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 120'`;
    const words = deliveringWith(store, flag, waits);
    const child = store.shell.start(words, { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = collected(child.stderr);
    await until(() => existsSync(pidFile), said);
    child.kill('SIGTERM');
    expect(await ended(child), said()).toEqual([9, null]);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await unsoundRotation(store)).toEqual([]);
    const again = ['keys', 'rotate', 'deploy', ...store.deliver];
    expect((await attempt(store.shell, again)).code).toBe(0);
    expect(inDatabase(store.shell)).toMatchObject({ version: 2, state: 'finished', sealed: 0 });
    expect(await unsoundRotation(store)).toEqual([]);
  });

  test('that ignores SIGTERM ends with the second one', async () => {
    const store = await rotationStore();
    const pidFile = join(store.place, 'pid');
    const heard = join(store.place, 'heard');
    const deaf = `trap "echo > ${heard}" TERM; echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}`;
    const stubborn = `sh -c '${deaf}; while :; do sleep 0.1; done'`;
    const words = ['keys', 'rotate', 'deploy', '--deliver', stubborn];
    const child = store.shell.start(words, { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = collected(child.stderr);
    await until(() => existsSync(pidFile), said);
    const done = ended(child);
    child.kill('SIGTERM');
    await until(() => existsSync(heard), said);
    child.kill('SIGTERM');
    expect(await done, said()).toEqual([9, null]);
    const pid = Number(readFileSync(pidFile, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(inDatabase(store.shell)).toMatchObject({ state: 'issued', sealed: 1 });
  });
});

/** A rotation with this command as its delivery or check, and time for it. */
function deliveringWith({ deliver }: RotationStore, flag: string, command: string): string[] {
  const words = ['keys', 'rotate', 'deploy', ...deliver];
  words[words.indexOf(flag) + 1] = command;
  words[words.indexOf('--check-timeout') + 1] = '1m';
  return words;
}

function collected(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

async function until(condition: () => boolean, said: () => string): Promise<void> {
  for (let left = 3000; left > 0; left--) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`it never came to that: ${said()}`);
}

/** Looks at the arguments and environments of the processes of this shell until it is asked for what it saw. */
function watchProcesses(shell: Shell): { readonly seen: () => string[]; readonly stop: () => void } {
  const seen = new Set<string>();
  const look = (): void => {
    for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const text = ['cmdline', 'environ'].map((name) => readIfThere(`/proc/${id}/${name}`)).join('\n');
      if (text.includes(shell.path)) seen.add(text);
    }
  };
  const timer = setInterval(look, 5);
  return { seen: () => [...seen], stop: () => clearInterval(timer) };
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Canaries in any file under the shell's folder but the one that the secret was put into. */
function inFiles({ shell, place }: RotationStore, canaries: readonly Canary[]): string[] {
  const files = readdirSync(shell.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath !== place)
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBeGreaterThan(3);
  return files.flatMap((file) =>
    canariesIn(readFileSync(file), canaries).map((found) => `${relative(shell.path, file)}: ${found}`),
  );
}
