import { expect, test } from 'vitest';
import type { App, Grant } from '../../src/domain/apps/app.ts';
import { sealTokens } from '../../src/domain/apps/held-tokens.ts';
import type { Transaction } from '../../src/domain/ports/store.ts';
import { Secret } from '../../src/domain/secret.ts';
import { liveContext } from '../../src/live-context.ts';
import { main } from '../../src/main.ts';
import { openStore } from '../../src/store/open.ts';
import { someApp, someGrant } from '../contracts/samples.ts';
import { Shell } from '../support/run-program.ts';
import { storeDeps } from '../support/store-folder.ts';
import { fakeProcess } from '../support/transcript-process.ts';

interface Session {
  readonly shell: Shell;
  readonly app: App;
  readonly grant: Grant;
  store<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

/** A store with ben, who authorized an app that stores tokens. */
async function connected(): Promise<Session> {
  const shell = await new Shell().init();
  await shell.answer(['members', 'add', 'ben']);
  const store: Session['store'] = async (work) => {
    const open = await openStore(`sqlite:${shell.database}`, storeDeps());
    try {
      return await open.write(work);
    } finally {
      await open.close();
    }
  };
  const { app, grant } = await store(async (tx) => {
    const [workspace] = await tx.workspaces.all();
    const own = someApp(workspace?.id ?? '', { name: 'github' });
    const given = someGrant(own, { account: '@ben', authorizedBy: 'ben' });
    await tx.write.apps.insert(own);
    await tx.write.grants.insert(given);
    return { app: own, grant: given };
  });
  const run: Session['run'] = async (...argv) => {
    const { proc, written } = fakeProcess({
      ...{ argv, env: shell.env, columns: undefined, input: '', answers: [] },
    });
    const code = await main(argv, liveContext(proc));
    const told = (stream: 'stdout' | 'stderr') =>
      written.flatMap((chunk) => (chunk.stream === stream ? [chunk.text] : [])).join('');
    return { code, stdout: told('stdout'), stderr: told('stderr') };
  };
  return { shell, app, grant, store, run };
}

test('who authorized an app is not removed before it is said what becomes of that', async () => {
  const { run, grant } = await connected();
  expect(await run('members', 'remove', 'ben', '--yes')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'keywright: ben owns one grant: github @ben\nhint: say --reassign-to MEMBER or --revoke-owned\n',
  });
  const { stderr, code } = await run('members', 'remove', 'ben', '--dry-run', '--revoke-owned');
  expect([code, stderr]).toEqual([
    0,
    `github @ben  ${grant.id}\n1 grant of ben will be revoked, at once and for good\n`,
  ]);
});

test('their grants are revoked with them, and what is left to do is said', async () => {
  const { run, grant, store } = await connected();
  await store((tx) =>
    tx.write.slots.putSealed({
      ...{ record: grant.id, field: 'refresh_token', version: 1, sealed: new Uint8Array([1]) },
    }),
  );
  const { code, stdout, stderr } = await run('members', 'remove', 'ben', '--revoke-owned', '--yes', '--json');
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toMatchObject({
    keys: [],
    grants: [{ id: grant.id, app: 'github', account: '@ben', revoked: true, revocation_pending: true }],
  });
});

test('or go to somebody else; who may not have them must have them authorized again', async () => {
  const { run, shell, grant, store } = await connected();
  await shell.answer(['members', 'add', 'vic', '--role', 'viewer']);
  const { code, stderr } = await run('members', 'remove', 'ben', '--reassign-to', 'vic', '--yes');
  expect(code).toBe(0);
  expect(stderr).toContain('removed ben from acme; 1 grant went to vic');
  expect(stderr).toContain(
    'github @ben must be authorized again: connecting apps takes developer at least, and vic is viewer',
  );
  expect(await store((tx) => tx.grants.byId(grant.id))).toMatchObject({ authorizedBy: 'vic' });
});

test('a narrower policy says which grants it ends', async () => {
  const { run, grant } = await connected();
  const { code, stdout, stderr } = await run('policy', 'set', '--restrict-provider-scope', 'repo');
  expect([code, stdout]).toEqual([0, 'acme\n']);
  expect(stderr).toBe(
    'restricted in apps: repo (was nothing)\n' +
      'github @ben must be authorized again: it has repo, which the policy leaves to owners and admins\n',
  );
  const again = await run('policy', 'set', '--connect-apps', 'admin', '--json');
  expect(JSON.parse(again.stdout)).toMatchObject({
    grants_exceeding: [],
    restricted_provider_scopes: ['repo'],
  });
  const { stdout: findings } = await run('doctor', '--json');
  expect(findings).toContain('grant_needs_authorization');
  expect(findings).toContain(`--account @ben -w acme`);
  expect(grant.needsReason).toBeNull();
});

test('doctor survives a row that was edited, and names it', async () => {
  const { run, shell, app } = await connected();
  const { default: Database } = await import('better-sqlite3');
  const connection = new Database(shell.database);
  connection.exec(`UPDATE apps SET server = '{}'`);
  connection.close();
  const { code, stdout } = await run('doctor', '--json');
  expect(code).toBe(10);
  expect(stdout).toContain(`app ${app.id} was changed behind the program's back: issuer is none`);
});

test('a revocation that an edited app keeps pending is told how it ends, and trying again is not offered', async () => {
  const { run, shell, app, grant, store } = await connected();
  const { proc } = fakeProcess({ argv: [], env: shell.env, columns: undefined, input: '', answers: [] });
  const context = liveContext(proc).open({});
  const access = await context.operator();
  await context.close();
  const tokens = { accessToken: new Secret('access'), refreshToken: new Secret('refresh') };
  await store((tx) => sealTokens(tx, access, { app, id: grant.id, version: grant.tokenVersion }, tokens));
  const { stderr } = await run('apps', 'revoke', 'github', '--account', '@ben', '--yes');
  const giveUp = `keywright apps revoke ${app.id} --account ${grant.id} --here-only -w acme`;
  expect(stderr).toContain("was changed behind the program's back");
  expect(stderr).toContain(`\nhint: ${giveUp}\n`);
  expect(stderr).not.toContain('doctor --fix');
  const { stdout } = await run('doctor', '--fix', '--json');
  const own = expect.objectContaining({ code: 'revocation_pending', hint: giveUp, fixable: false });
  expect(JSON.parse(stdout).findings).toContainEqual(own);
  const words = giveUp.split(' ').slice(1);
  expect((await run(...words, '--yes')).code).toBe(0);
  expect((await run('doctor', '--json')).stdout).not.toContain('revocation_pending');
});
