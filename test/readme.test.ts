import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import pkg from '../package.json' with { type: 'json' };
import { ENVIRONMENT, EXIT_CODES } from '../src/commands/help.ts';

const ROOT = join(import.meta.dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const SET_UP =
  'npx keywright init --workspace acme --unlock auto && npx keywright keys create --workspace acme --scope orders:read';

let home: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'keywright-readme-'));
  const bin = join(home, 'bin');
  mkdirSync(bin);
  symlinkSync(join(ROOT, 'bin/keywright.js'), join(bin, 'keywright'));
  writeFileSync(join(home, 'passphrase.txt'), 'five words make one passphrase\n', { mode: 0o600 });
  env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: home,
    KEYWRIGHT_HOME: join(home, 'store'),
    LANG: 'C.UTF-8',
  };
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The contents of all fenced blocks in this language. */
function blocks(language: string): readonly string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    (match) => match[1] as string,
  );
}

describe('the README', () => {
  it('begins with the commands that set up a fresh clone', () => {
    expect(blocks('sh')[0]).toBe(`npm ci && ${SET_UP}\nnpm test\n`);
    const commands = SET_UP.split(' && ').map((command) => command.replace('npx ', ''));
    const run = spawnSync('bash', ['-ec', commands.join('\n')], {
      env,
      cwd: home,
      encoding: 'utf8',
      input: '',
    });
    expect(run.stderr).toContain('workspace  acme, owner');
    expect(run.stdout).toMatch(/^kw_sk_live_[0-9A-Za-z]{61}\n$/);
    expect(run.status).toBe(0);
  });

  it('shows only commands that work, in the order of the guide', () => {
    const lines = blocks('console').flatMap((block) => block.trimEnd().split('\n'));
    const commands = lines.map((line) => line.replace(/^\$ /, ''));
    expect(commands.length).toBeGreaterThan(35);
    const script = commands.map((command) =>
      `${command} || { echo "FAILED: $0" >&2; exit 99; }`.replace('$0', () =>
        command.replaceAll('"', '\\"').replaceAll('$', '\\$'),
      ),
    );
    const run = spawnSync('bash', ['-c', script.join('\n')], { env, cwd: home, encoding: 'utf8', input: '' });
    expect(run.stderr).not.toContain('FAILED');
    expect(run.status).toBe(0);
  }, 240_000);

  it('has a server for node:http that answers as it says', async () => {
    const code = blocks('js').find((block) => block.includes("'node:http'")) as string;
    mkdirSync(join(home, 'node_modules'));
    symlinkSync(ROOT, join(home, 'node_modules/keywright'));
    writeFileSync(
      join(home, 'server.mjs'),
      code.replace("'127.0.0.1')", "'127.0.0.1', () => console.log(server.address().port))"),
    );
    const key = spawnSync('keywright', ['keys', 'create', '--scope', 'orders:read', '-q'], {
      env,
      encoding: 'utf8',
    }).stdout.trim();
    const server = spawn(process.execPath, ['server.mjs'], { cwd: home, env: { ...env, PORT: '0' } });
    try {
      const port = await new Promise<string>((resolve, reject) => {
        server.stdout.once('data', (data) => resolve(String(data).trim()));
        server.stderr.on('data', (data) => reject(new Error(String(data))));
      });
      const ask = async (headers: Record<string, string>): Promise<number> =>
        (await fetch(`http://127.0.0.1:${port}/`, { headers })).status;
      expect(await ask({ authorization: `Bearer ${key}` })).toBe(200);
      expect(await ask({ 'x-api-key': key })).toBe(200);
      expect(await ask({})).toBe(401);
      const revoke = ['keys', 'revoke', '--from-stdin', '--yes'];
      expect(spawnSync('keywright', revoke, { env, input: key }).status).toBe(0);
      expect(await ask({ 'x-api-key': key })).toBe(401);
    } finally {
      server.kill('SIGTERM');
      await new Promise((resolve) => server.once('exit', resolve));
    }
  });

  it('lists every exit code, variable and dependency that there is', () => {
    for (const [code, meaning] of EXIT_CODES) expect(README).toContain(`| ${code} | ${meaning} |`);
    for (const [names] of ENVIRONMENT)
      for (const name of names.split(', ')) expect(README).toContain(`\`${name}\``);
    for (const name of Object.keys(pkg.dependencies)) expect(README).toContain(`| ${name} |`);
  });
});
