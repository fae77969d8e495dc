import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const GUIDE = readFileSync(join(ROOT, 'docs/ci.md'), 'utf8');
const DAY = 86_400_000;

/** The contents of all fenced blocks in this language; '' for one without. */
function blocks(language: string): readonly string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...GUIDE.matchAll(fence)].map((match) => match[1] as string);
}

const [SET_UP_KEY_FILE, SET_UP_PASSPHRASE, MEMBER, ROTATE, PUT_SECRET, OVER_SSH] = blocks('sh') as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const [GITHUB, AZURE] = blocks('yaml') as [string, string];
const FORCED_COMMAND = /command="([^"]+)"/.exec(
  blocks('').find((block) => block.includes('restrict,')) ?? '',
)?.[1];

/** The commands of each step (`run: …` or `script: …`, on one line or indented under `|`), in order. */
function steps(yaml: string): readonly string[] {
  const lines = yaml.split('\n');
  return lines.flatMap((line, i) => {
    const found = /^( *)(?:- )?(?:run|script): (.*)$/.exec(line);
    if (found === null) return [];
    if (found[2] !== '|') return [found[2] as string];
    const rest = lines.slice(i + 1);
    const depth = (/^ */.exec(rest[0] ?? '')?.[0] ?? '').length;
    const end = rest.findIndex((next) => next.trim() !== '' && !next.startsWith(' '.repeat(depth)));
    return [rest.slice(0, end < 0 ? undefined : end).join('\n')];
  });
}

/** `KEYWRIGHT_…: value` of the job. */
function variables(yaml: string): Record<string, string> {
  return Object.fromEntries(
    [...yaml.matchAll(/^ *(KEYWRIGHT_\w+): (.*)$/gm)].map(([, name, value]) => [name, value]),
  );
}

/** One machine as the guide sets it up, under a folder of its own. */
function machine() {
  const folder = mkdtempSync(join(tmpdir(), 'keywright-ci-'));
  const bin = join(folder, 'bin');
  for (const path of [bin, join(folder, 'etc'), join(folder, 'seen')]) mkdirSync(path, { mode: 0o700 });
  const here = (text: string) =>
    text
      .replaceAll('/var/lib/keywright', join(folder, 'store'))
      .replaceAll('/usr/local/bin', bin)
      .replaceAll('/etc/keywright', join(folder, 'etc'));
  const install = (name: string, text: string) => {
    writeFileSync(join(bin, name), here(text));
    chmodSync(join(bin, name), 0o755);
  };
  symlinkSync(join(ROOT, 'bin/keywright.js'), join(bin, 'keywright'));
  install(
    'gh',
    `#!/bin/sh\ntest ! -e '${folder}/gh-fails' || exit 1\necho "$*" > '${folder}/seen/gh.args'\ncat > '${folder}/seen/gh.stdin'\n`,
  );
  install(
    'az',
    `#!/bin/sh\necho "$*" > '${folder}/seen/az.args'\nwhile [ "$1" != --file ]; do shift; done\ncat "$2" > '${folder}/seen/az.file'\n`,
  );
  install('ssh', `#!/bin/sh\necho "$*" > '${folder}/seen/ssh.args'\nexec ${FORCED_COMMAND}\n`);
  install('smoke', '#!/bin/sh\nexit 0\n');
  install('rotate-deploy-key', ROTATE);
  install('put-secret', PUT_SECRET);
  writeFileSync(join(folder, 'etc/passphrase'), 'a passphrase for the pipelines\n', { mode: 0o600 });

  const run = (script: string, env: Record<string, string> = {}) => {
    const job = join(folder, 'job.sh');
    writeFileSync(job, here(script));
    const settings = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, here(value)]));
    // No terminal, not even one to open, and stdin closed.
    return spawnSync('setsid', ['-w', 'bash', '-c', `exec bash -e '${job}' <&-`], {
      encoding: 'utf8',
      env: { PATH: `${bin}:${process.env.PATH}`, HOME: folder, LANG: 'C.UTF-8', CI: 'true', ...settings },
    });
  };
  /** No clock can be given to a real process, so the key is made older. */
  const age = () => {
    const store = new Database(join(folder, 'store/keywright.db'));
    store.exec(`UPDATE keys SET issued_at = COALESCE(issued_at, created_at) - ${31 * DAY}`);
    store.close();
  };
  const seen = (name: string) => readFileSync(join(folder, 'seen', name), 'utf8');
  const delivered = (name: string) => existsSync(join(folder, 'seen', name));
  return { folder, run, age, seen, delivered };
}

test('the guide holds the recipes that are run here', () => {
  expect(blocks('sh')).toHaveLength(6);
  expect(steps(GITHUB)).toHaveLength(2);
  expect(steps(AZURE)).toHaveLength(2);
  expect(FORCED_COMMAND).toBe('/usr/local/bin/rotate-deploy-key');
  expect(GUIDE).toContain('17 3 * * * keywright /usr/local/bin/rotate-deploy-key');
});

const PASSPHRASE = { KEYWRIGHT_PASSPHRASE_FILE: '/etc/keywright/passphrase' };

describe.each([
  ['a key file', SET_UP_KEY_FILE, {}],
  ['a passphrase file', SET_UP_PASSPHRASE, PASSPHRASE],
] as const)('with %s', (_, setUp, unlock) => {
  let at: ReturnType<typeof machine>;
  const home = { KEYWRIGHT_HOME: '/var/lib/keywright', ...unlock };
  const verify = (secret: string) => at.run(`printf '%s' '${secret}' | keywright keys verify`, home).status;

  beforeAll(() => {
    at = machine();
    for (const script of [setUp, MEMBER]) {
      const { status, stderr } = at.run(script, home);
      expect({ status, stderr }).toMatchObject({ status: 0 });
    }
  });
  afterAll(() => rmSync(at.folder, { recursive: true, force: true }));

  test('cron: leaves a young key alone, rotates an old one, and heals itself', () => {
    expect(at.run('rotate-deploy-key', unlock)).toMatchObject({ status: 0 });
    expect(at.delivered('gh.stdin')).toBe(false);

    at.age();
    writeFileSync(join(at.folder, 'gh-fails'), '');
    const failed = at.run('rotate-deploy-key', unlock);
    expect(failed.status).toBe(9);
    expect(failed.stderr).toContain('versions 1 and 2 are both valid');
    rmSync(join(at.folder, 'gh-fails'));

    const healed = at.run('rotate-deploy-key', unlock);
    expect({ ...healed, stderr: healed.stderr }).toMatchObject({ status: 0 });
    expect(healed.stdout).toMatch(/^kw_pk_live_\w{12}\n$/);
    expect(at.seen('gh.args')).toBe('secret set DEPLOY_KEY --repo acme/shop\n');
    expect(at.seen('gh.stdin')).toMatch(/^kw_sk_live_\w{61}$/);
    expect(verify(at.seen('gh.stdin'))).toBe(0);
    expect(failed.stderr + healed.stderr).not.toContain(at.seen('gh.stdin'));
  });

  test.each([
    [
      'GitHub Actions',
      GITHUB,
      { GITHUB_ACTIONS: 'true' },
      'gh.stdin',
      '::warning title=keywright::key soon of acme',
    ],
    [
      'Azure Pipelines',
      AZURE,
      { TF_BUILD: 'True' },
      'az.file',
      '##vso[task.logissue type=warning]key soon of acme',
    ],
  ])('%s: rotates, and warns of what expires soon', (_name, workflow, marks, delivery, warning) => {
    const env = { ...variables(workflow), ...unlock, ...marks };
    const [rotate, gate] = steps(workflow) as [string, string];
    at.age();
    const rotated = at.run(rotate, env);
    expect({ ...rotated }).toMatchObject({ status: 0 });
    expect(verify(at.seen(delivery))).toBe(0);
    expect(rotated.stdout + rotated.stderr).not.toContain(at.seen(delivery));
    expect(at.run(gate, env)).toMatchObject({ status: 0, stdout: '' });

    const soon = 'keywright keys create -w acme --name soon --scope a:b --expires 3d > /dev/null';
    expect(at.run(soon, env)).toMatchObject({ status: 0 });
    const warned = at.run(gate, env);
    expect(warned).toMatchObject({ status: 10 });
    expect(warned.stdout).toContain(warning);
    expect(at.run('keywright keys revoke soon -w acme --yes', env)).toMatchObject({ status: 0 });
  });

  test('over ssh: the forced command runs and its exit code comes back', () => {
    at.age();
    const before = at.seen('gh.stdin');
    expect(at.run(OVER_SSH, unlock)).toMatchObject({ status: 0 });
    expect(at.seen('ssh.args')).toBe('-n -o BatchMode=yes keywright@store.internal\n');
    expect(at.seen('gh.stdin')).not.toBe(before);
    expect(verify(at.seen('gh.stdin'))).toBe(0);
  });
});
