import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Registry, serveInstalled } from './registry.ts';

const ROOT = join(import.meta.dirname, '../..');
const SCRATCH = mkdtempSync(join(tmpdir(), 'keywright-install-'));

/** Each supported line of Node (22 at its floor) with the npm that comes with it or is the newest. */
const MACHINES = [
  { node: '22.14.0', npm: '10' },
  { node: 'pinned', npm: '11' },
  { node: '26', npm: '12' },
] as const;

const TOOLS = join(SCRATCH, 'tools');
const nodePackage = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** Gets the Nodes and npms from the registry that this machine uses; says why when it can't. */
function fetchTools(): string | undefined {
  const wanted = MACHINES.flatMap(({ node, npm }) => [
    `npm${npm}@npm:npm@${npm}`,
    ...(node === 'pinned' ? [] : [`node${node}@npm:${nodePackage}@${node}`]),
  ]);
  mkdirSync(TOOLS);
  writeFileSync(join(TOOLS, 'package.json'), '{"private":true}');
  const args = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', ...wanted];
  const { status, stderr } = spawnSync('npm', args, { cwd: TOOLS, encoding: 'utf8', timeout: 300_000 });
  return status === 0 ? undefined : `npm could not fetch ${wanted.join(' ')}: ${stderr}`;
}

function nodeBinary(node: string): string {
  if (node === 'pinned') return join(ROOT, 'node_modules/node/bin/node');
  return join(TOOLS, 'node_modules', `node${node}`, 'bin/node');
}

const unavailable = fetchTools();
if (unavailable !== undefined && process.env.CI) throw new Error(unavailable);

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A PATH with one Node, its npm and a shell: no Python, no compiler, no make. */
function machine({ node, npm }: (typeof MACHINES)[number]) {
  const home = mkdtempSync(join(SCRATCH, `node-${node}-`));
  const bin = join(home, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const tool of ['sh', 'env']) symlinkSync(`/bin/${tool}`, join(bin, tool));
  symlinkSync(nodeBinary(node), join(bin, 'node'));
  for (const name of ['npm', 'npx']) {
    const cli = join(TOOLS, 'node_modules', `npm${npm}`, 'bin', `${name}-cli.js`);
    writeFileSync(join(bin, name), `#!/bin/sh\nexec node '${cli}' "$@"\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const app = join(home, 'app');
  mkdirSync(app);
  writeFileSync(join(app, 'package.json'), '{"private":true,"type":"module"}');
  const env = {
    PATH: bin,
    HOME: home,
    KEYWRIGHT_HOME: join(home, 'store'),
    npm_config_registry: registry.url,
    npm_config_cache: join(home, 'cache'),
    npm_config_python: '/nonexistent',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  };
  const run = (command: string, ...args: string[]) =>
    new Promise<Result>((done) => {
      const child = spawn(join(bin, command), args, { cwd: app, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const text = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].on('data', (chunk) => {
          text[name] += chunk;
        });
      }
      child.on('close', (status) => done({ status, ...text }));
    });
  return { app, bin, run };
}

let registry: Registry;
let tarball: string;
const hosts = new Map<string, ReturnType<typeof machine>>();

// Without the registry there is no other Node to install with.
describe.skipIf(unavailable !== undefined)('a tarball of npm pack, with no Python and no compiler', () => {
  beforeAll(async () => {
    registry = await serveInstalled(ROOT);
    const args = ['pack', '--ignore-scripts', '--pack-destination', SCRATCH];
    const { status, stderr } = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8' });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    tarball = join(SCRATCH, readdirSync(SCRATCH).find((file) => file.endsWith('.tgz')) as string);
    await Promise.all(
      MACHINES.map(async (versions) => {
        const host = machine(versions);
        hosts.set(versions.node, host);
        const installed = await host.run('npm', 'install', tarball);
        expect(installed, installed.stderr).toMatchObject({ status: 0 });
      }),
    );
  }, 400_000);

  afterAll(async () => {
    await registry.close();
    rmSync(SCRATCH, { recursive: true, force: true });
  });

  test('holds what runs and nothing else', () => {
    const { stdout } = spawnSync('tar', ['-tzf', tarball], { encoding: 'utf8' });
    const files = stdout.split('\n').map((file) => file.replace(/^package\//, ''));
    expect(files).toContain('dist/types/index.d.ts');
    expect(files).toContain('dist/THIRD-PARTY-LICENSES');
    expect(files).toContain('node_modules/better-sqlite3/prebuilds/win32-x64.node');
    expect(
      files.filter(
        (file) => /^(src|test|scripts|bench|\.ci)\/|\.sources$|\.ts$/.test(file) && !file.endsWith('.d.ts'),
      ),
    ).toEqual([]);
  });

  describe.each(MACHINES)('on Node $node with npm $npm', (versions) => {
    const host = () => hosts.get(versions.node) as ReturnType<typeof machine>;

    test('the program runs', async () => {
      expect(await host().run('npx', '--no', '--', 'keywright', '--version')).toMatchObject({
        status: 0,
        stdout: '0.1.0\n',
      });
    });

    test('every native module loads', async () => {
      const script = `import { createRequire } from 'node:module';
        const require = createRequire(${JSON.stringify(join(host().app, 'node_modules/keywright/dist/keywright.cjs'))});
        const Database = require('better-sqlite3');
        const answer = new Database(':memory:').prepare('select 6 * 7').pluck().get();
        const { hash, argon2id } = require('argon2');
        const encoded = await hash('a passphrase', { type: argon2id, memoryCost: 1024 });
        const { AsyncEntry } = require('@napi-rs/keyring');
        console.log(answer, encoded.slice(0, 10), typeof AsyncEntry, process.versions.node.split('.')[0]);`;
      writeFileSync(join(host().app, 'natives.js'), script);
      const major = versions.node === 'pinned' ? 24 : Number.parseInt(versions.node, 10);
      expect(await host().run('node', 'natives.js')).toMatchObject({
        status: 0,
        stdout: `42 $argon2id$ function ${major}\n`,
      });
    });

    test('the library compiles for a consumer and loads', async () => {
      const source =
        "import { openVerifier } from 'keywright';\nexport const open: typeof openVerifier = openVerifier;\n";
      writeFileSync(join(host().app, 'consumer.ts'), source);
      const options = [
        '--strict',
        '--module',
        'nodenext',
        '--target',
        'es2023',
        '--outDir',
        '.',
        '--types',
        '',
      ];
      const compiled = await host().run(
        'node',
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        ...options,
        'consumer.ts',
      );
      expect(compiled).toEqual({ status: 0, stdout: '', stderr: '' });
      writeFileSync(
        join(host().app, 'use.js'),
        "import { open } from './consumer.js';\nconsole.log(typeof open);\n",
      );
      expect(await host().run('node', 'use.js')).toEqual({ status: 0, stdout: 'function\n', stderr: '' });
    });
  });

  test('a global installation runs', async () => {
    const host = machine(MACHINES[0]);
    const prefix = join(host.app, 'global');
    const installed = await host.run('npm', 'install', '--global', '--prefix', prefix, tarball);
    expect(installed, installed.stderr).toMatchObject({ status: 0 });
    expect(await host.run('node', join(prefix, 'bin/keywright'), '--version')).toMatchObject({
      stdout: '0.1.0\n',
    });
  });

  test('would fail if better-sqlite3 were not bundled', async () => {
    const host = machine(MACHINES[0]);
    const plain = await host.run('npm', 'install', 'better-sqlite3');
    expect(plain.status).not.toBe(0);
    expect(plain.stderr).toMatch(/gyp|python/i);
    expect(existsSync(join(host.app, 'node_modules/better-sqlite3'))).toBe(false);
  });
});
