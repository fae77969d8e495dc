import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Canary, canariesIn, canary } from '../faults/canaries.ts';
import type { Exchange } from '../support/oidc-provider/start.ts';
import { type Ran, Shell } from '../support/run-program.ts';
import { answer, openSession, registered, startAuthorizing } from './fixtures/session.ts';

/** Everything that makes Node and the program talk. */
const LOUD = { KEYWRIGHT_DEBUG: '1', NODE_DEBUG: '*', DEBUG: '*', NODE_OPTIONS: '--trace-warnings' };
const NAMES = ['code', 'code_verifier', 'access_token', 'refresh_token', 'id_token'];

test('verifier, code and tokens are shown and kept nowhere; state, nonce and challenge in the printed URL alone (case 97)', async () => {
  const session = await openSession();
  const { provider } = session;
  const shell = new Shell({ path: session.shell.path, env: { ...session.shell.env, ...LOUD } });
  await registered({ shell, provider });
  provider.set({ accessTokenSeconds: 1 });
  const answers = Promise.withResolvers<void>();
  provider.set({ hold: answers.promise });
  const waiting = await startAuthorizing(shell);
  await answer(waiting, 'allow');
  while (provider.exchanges.length === 0) await setTimeout(5);
  // Now it has sent the code and the verifier, and holds them until the answer comes.
  const visible = inProcess(waiting.child.pid ?? 0);
  answers.resolve();
  const authorized = await waiting.ended;
  expect(authorized.code, authorized.stderr).toBe(0);
  await setTimeout(1100);
  provider.set({ accessTokenSeconds: 600 });

  const told: Ran[] = [authorized];
  const run = async (...argv: string[]): Promise<Ran> => {
    const ran = await shell.run(argv);
    told.push(ran);
    return ran;
  };
  const token = await run('apps', 'token', 'crm');
  await run('apps', 'show', 'crm', '--json');
  await run('apps', 'list');
  await run('audit', 'list', '--json');
  await run('doctor', '--json');
  const files = filesIn(shell.path);
  await run('apps', 'revoke', 'crm', '--yes');
  await run('apps', 'token', 'crm');
  expect(told.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, expect.any(Number), 0, 8]);
  // Node's own talk, which may hold anything, is taken away (bin/keywright.js).
  expect(authorized.stderr).not.toMatch(/^(HTTP|NET|STREAM) \d+: /m);

  const secrets = canariesOf(provider.exchanges);
  // A code, a verifier and two of each kind of token: of the consent, and of the refresh.
  expect(secrets.map(({ name }) => name).sort()).toEqual([
    ...['access_token 0', 'access_token 1', 'code 0', 'code_verifier 0'],
    ...['id_token 0', 'id_token 1', 'refresh_token 0', 'refresh_token 1'],
  ]);
  expect(token.stdout.trim()).toBe(provider.exchanges[1]?.answered.access_token);
  expect(canariesIn(Buffer.from(token.stdout), secrets)).toEqual(['access_token 1 (raw)']);
  const rest = told.filter((ran) => ran !== token).flatMap(({ stdout, stderr }) => [stdout, stderr]);
  for (const text of [...rest, token.stderr]) expect(canariesIn(Buffer.from(text), secrets)).toEqual([]);

  const url = waiting.url.href;
  const once = ['state', 'nonce', 'code_challenge'].map((name) =>
    canary(name, waiting.url.searchParams.get(name) ?? ''),
  );
  for (const { name, bytes } of once)
    expect([name, bytes.length]).toEqual([name, expect.toSatisfy((n) => n > 20)]);
  expect(authorized.stderr.split(url)).toHaveLength(2);
  const beside = [authorized.stderr.replace(url, ''), ...rest.filter((text) => text !== authorized.stderr)];
  for (const text of beside) expect(canariesIn(Buffer.from(text), once)).toEqual([]);
  for (const [name, bytes] of [...visible, ...files, ...filesIn(shell.path)])
    expect([name, canariesIn(bytes, [...secrets, ...once])]).toEqual([name, []]);
});

function canariesOf(exchanges: readonly Exchange[]): Canary[] {
  const found = exchanges.flatMap(({ sent, answered }) =>
    NAMES.flatMap((name) => [sent[name], answered[name]].map((value) => [name, value] as const)),
  );
  const values = new Map<string, string[]>();
  for (const [name, value] of found) {
    const known = values.get(name) ?? [];
    if (typeof value === 'string' && !known.includes(value)) values.set(name, [...known, value]);
  }
  return [...values].flatMap(([name, all]) => all.map((value, i) => canary(`${name} ${i}`, value)));
}

type Named = readonly [name: string, bytes: Buffer];

/** What other processes of the same user see of one, where the system tells. */
function inProcess(pid: number): readonly Named[] {
  if (process.platform !== 'linux') return [];
  return ['cmdline', 'environ'].map((name) => [name, readFileSync(`/proc/${pid}/${name}`)]);
}

function filesIn(folder: string): readonly Named[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  expect(files.length).toBeGreaterThan(2);
  return files.map(({ parentPath, name }) => {
    const file = join(parentPath, name);
    return [relative(folder, file), readFileSync(file)];
  });
}
