import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ended, type Ran, type RunOptions, Shell } from '../support/run-program.ts';
import { type Canary, canariesIn, canary } from './canaries.ts';

const CREATE = ['keys', 'create', '--scope', 'orders:read', '-w', 'acme'];
const PHRASES = {
  recovery: 'canary-recovery-7f3a horse staple',
  stdin: 'canary-stdin-91bc horse staple',
  file: 'canary-file-20de horse staple',
  variable: 'canary-variable-5d6e horse staple',
  wrong: 'canary-wrong-ab01 horse staple',
};

describe('no secret is anywhere but where it was asked for (case 206)', () => {
  test('through a whole life of a store, with everything that Node can be made to tell', async () => {
    const life = await liveLoudly();
    const { shell, canaries, told } = life;
    expect(canaries.length).toBeGreaterThan(8);
    // The reports were made, or nothing was proven by their silence.
    expect(readdirSync(join(shell.path, 'reports')).length).toBeGreaterThanOrEqual(3);
    expect(told.map(({ ran }) => ran.stderr).join('')).toMatch(/^ {4}at /m);

    for (const { argv, ran } of told) {
      expect([argv, canariesIn(Buffer.from(ran.stderr), canaries)]).toEqual([argv, []]);
      const shown = canariesIn(Buffer.from(ran.stdout), canaries);
      const reveals = argv[1] === 'create' && argv[0] === 'keys' && ran.code === 0;
      expect([argv, shown]).toEqual([argv, reveals ? [expect.stringMatching(/^secret key .*\(raw\)$/)] : []]);
    }
    expect(inFiles(shell, canaries)).toEqual([]);
  });

  test.each<[form: string, write: (bytes: Buffer) => Buffer | string]>([
    ['raw', (bytes) => Buffer.concat([Buffer.from([0, 255]), bytes, Buffer.from([7])])],
    ['hex', (bytes) => `x${bytes.toString('hex')}`],
    ['upper-case hex', (bytes) => bytes.toString('hex').toUpperCase()],
    ['base64 at 0', (bytes) => Buffer.concat([bytes, Buffer.from('more')]).toString('base64')],
    ['base64 at 1', (bytes) => Buffer.concat([Buffer.from('a'), bytes]).toString('base64')],
    [
      'base64 at 2',
      (bytes) => Buffer.concat([Buffer.from('ab'), bytes, Buffer.from('c')]).toString('base64'),
    ],
    ['base64url at 1', (bytes) => Buffer.concat([Buffer.from('abcd'), bytes]).toString('base64url')],
    ['UTF-16LE', (bytes) => Buffer.from(`<${bytes}>`, 'utf16le')],
    ['UTF-16BE', (bytes) => Buffer.from(`<${bytes}>`, 'utf16le').swap16()],
    ['URL', (bytes) => `?key=${encodeURIComponent(bytes.toString())}`],
    ['JSON array', (bytes) => JSON.stringify(bytes)],
  ])('and one that was planted as %s would be found', async (form, write) => {
    const shell = await new Shell().init();
    const canaries = [canary('planted', PHRASES.recovery), canary('other', PHRASES.stdin)];
    expect(inFiles(shell, canaries)).toEqual([]);
    writeFileSync(join(shell.home, 'keywright.log'), write(Buffer.from(PHRASES.recovery)));
    expect(inFiles(shell, canaries)).toContain(`keywright/keywright.log: planted (${form})`);
  });
});

interface Told {
  readonly argv: readonly string[];
  readonly ran: Ran;
}

/** Runs about every command with a canary for each secret, at full verbosity, with crashes in between. */
async function liveLoudly(): Promise<{ shell: Shell; canaries: Canary[]; told: Told[] }> {
  const quiet = new Shell();
  const loud = loudly(quiet);
  const shell = new Shell({ path: quiet.path, env: loud });
  const inputs = join(shell.path, 'inputs');
  mkdirSync(inputs, { mode: 0o700 });
  const phraseFile = join(inputs, 'phrase');
  writeFileSync(phraseFile, PHRASES.file, { mode: 0o600 });
  const canaries = Object.entries(PHRASES).map(([name, text]) => canary(`passphrase ${name}`, text));
  const told: Told[] = [];
  const run = async (argv: readonly string[], options: RunOptions = {}): Promise<Ran> => {
    const ran = await shell.run(argv, options);
    told.push({ argv, ran });
    return ran;
  };

  const phrase = (text: string) => ({ env: { KEYWRIGHT_PASSPHRASE: text } });
  const init = await run(['init', '--workspace', 'acme', '--unlock', 'key-file'], phrase(PHRASES.recovery));
  expect(init.code, init.stderr).toBe(0);
  const secrets: string[] = [];
  for (const flags of [[], ['--json'], ['-q']]) {
    const { stdout, stderr } = await run([...CREATE, '--name', `key ${secrets.length}`, ...flags]);
    const secret = /kw_sk_live_[0-9A-Za-z]{61}/.exec(stdout)?.[0] ?? '';
    expect(secret, stderr).not.toBe('');
    secrets.push(secret);
    canaries.push(canary(`secret key ${secrets.length}`, secret.slice(-49, -6)));
  }
  const [first = '', second = ''] = secrets;
  const slot = ['slots', 'add', '--kind', 'passphrase', '--name'];
  await run([...slot, 'piped', '--from-stdin'], { input: PHRASES.stdin });
  await run([...slot, 'filed', '--from-file', phraseFile]);
  await run([...slot, 'named', '--from-env', 'PHRASE'], { env: { PHRASE: PHRASES.variable } });
  await run(['slots', 'test', 'recovery'], phrase(PHRASES.wrong));
  await run(['slots', 'test', 'recovery'], phrase(PHRASES.recovery));
  await run(['slots', 'test', 'filed', '--passphrase-file', phraseFile]);
  await run(['keys', 'verify', '--explain'], { input: secrets.join('\n') });
  await run(['keys', 'verify', '--scope', 'other:write', '--json'], { input: `${first}\n${second}x\n` });
  await run(['keys', 'show', '--from-stdin'], { input: first });
  await run(['keys', 'show', first]);
  await run(['keys', 'update', 'key 0', '--purpose', `for ${first}`]);
  await run([...CREATE, '--name', 'key 0']);
  await run([...CREATE, '--slot', 'piped'], phrase(PHRASES.wrong));
  await run(['keys', 'revoke', '--from-stdin', '--yes'], { input: second });
  await run(['audit', 'list', '--json']);
  await run(['audit', 'export', '--output', join(shell.path, 'log.jsonl')]);
  await run(['audit', 'verify']);
  // A report lists the environment that the process has by then.
  await crash(shell, told, ['keys', 'verify', '--slot', 'recovery'], first, phrase(PHRASES.recovery).env);
  await crash(shell, told, ['keys', 'show', '--from-stdin'], first);
  await crash(shell, told, [...slot, 'crashed', '--from-stdin'], PHRASES.stdin);
  canaries.push(...keysIn(shell));
  await run(['slots', 'rekey', '--yes'], phrase(PHRASES.recovery));
  canaries.push(...keysIn(shell));
  await run(['doctor', '--fix', '--json']);
  await run(['workspaces', 'archive', 'acme', '--yes']);
  return { shell, canaries, told };
}

/** Everything that makes Node and the program talk, and a temporary folder that is looked at, too. */
function loudly(shell: Shell): { [name: string]: string } {
  for (const name of ['reports', 'temporary']) mkdirSync(join(shell.path, name));
  // Throws where nobody catches it.
  const preload = join(shell.path, 'crash.cjs');
  writeFileSync(preload, "process.once('SIGUSR1', () => { throw new Error('forced'); });");
  const options = [
    '--report-on-signal',
    '--report-uncaught-exception',
    '--report-on-fatalerror',
    `--report-directory=${join(shell.path, 'reports')}`,
    '--trace-uncaught',
    '--trace-warnings',
    '--trace-exit',
    `--require=${preload}`,
  ];
  return {
    ...shell.env,
    KEYWRIGHT_DEBUG: '1',
    NODE_DEBUG: '*',
    DEBUG: '*',
    NODE_OPTIONS: options.join(' '),
    TMPDIR: join(shell.path, 'temporary'),
  };
}

/** Gives the secret to a command that goes on waiting for more, has it report on itself, and lets it crash. */
async function crash(
  shell: Shell,
  told: Told[],
  argv: readonly string[],
  secret: string,
  env: { readonly [name: string]: string } = {},
): Promise<void> {
  const reports = join(shell.path, 'reports');
  const before = readdirSync(reports).length;
  const child = shell.start(argv, { stdio: 'pipe', env });
  let [stdout, stderr] = ['', ''];
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdin?.write(`${secret}\n`);
  const done = ended(child);
  await idle(child.pid ?? 0);
  child.kill('SIGUSR2');
  await until(() => readdirSync(reports).length > before);
  child.kill('SIGUSR1');
  const [code, signal] = await done;
  expect(code, stderr).not.toBe(0);
  told.push({ argv, ran: { code, signal, stdout, stderr } });
}

/** Until the process has taken what was written to its stdin, and does nothing but wait for more. */
async function idle(pid: number): Promise<void> {
  const ticks = (): string | undefined =>
    /^\d+ \(.*\) S (?:\S+ ){10}(\d+ \d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  let [before, same] = [ticks(), 0];
  await until(() => {
    const now = ticks();
    same = now !== undefined && now === before ? same + 1 : 0;
    before = now;
    return same >= 10 && now !== '0 0';
  });
}

async function until(holds: () => boolean): Promise<void> {
  for (let left = 2400; left > 0; left--) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it never came to that');
}

/** The keys in the key file, as bytes and as they are written there. */
function keysIn(shell: Shell): Canary[] {
  const text = readFileSync(join(shell.home, 'keywright.key'), 'utf8');
  const keys = [...text.matchAll(/^keywright-key\/1 \S+ (\S{43})$/gm)].map(([, key = '']) => key);
  expect(keys.length).toBeGreaterThan(0);
  return keys.map((key, i) => ({ name: `key file ${i}`, bytes: Buffer.from(key, 'base64url') }));
}

/** Canaries in any file under the shell's folder but the inputs of the test and the key file itself. */
function inFiles(shell: Shell, canaries: readonly Canary[]): string[] {
  const files = readdirSync(shell.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.endsWith('keywright.key') && !file.includes('/inputs/'));
  expect(files.length).toBeGreaterThan(3);
  return files.flatMap((file) =>
    canariesIn(readFileSync(file), canaries).map((found) => `${relative(shell.path, file)}: ${found}`),
  );
}
