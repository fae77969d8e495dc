import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Ran } from '../support/run-program.ts';
import {
  AUTHORIZE,
  answer,
  authorized,
  openSession,
  registered,
  type Session,
  startAuthorizing,
  used,
} from './fixtures/session.ts';

/** The built program, each command a process, against a certified server: from registration to the end of a grant. */

const show = async ({ shell }: Session): Promise<Record<string, unknown>> =>
  JSON.parse(await shell.answer(['apps', 'show', 'crm', '--json']));
const token = ({ shell }: Session, ...more: string[]): Promise<Ran> =>
  shell.run(['apps', 'token', 'crm', ...more]);

test('register, authorize, use, refresh, revoke, authorize again', async () => {
  const session = await openSession();
  const { shell, provider } = session;
  await registered(session);
  const asked = await startAuthorizing(shell);
  expect(asked.url.searchParams.get('code_challenge_method')).toBe('S256');
  expect(await answer(asked, 'allow')).toContain('Go back to your terminal');
  const { code, stdout, stderr } = await asked.ended;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^crm\tana@example\.com\tacme\tactive\t/)]);
  expect(stderr).toContain('connected as ana@example.com: openid offline_access email read\n');

  const header = (await token(session, '--header')).stdout;
  expect(await (await used(`${provider.issuer}/me`, header)).json()).toMatchObject({ sub: 'ana' });
  expect(await show(session)).toMatchObject({
    grants: [{ status: 'active', granted_scopes: ['openid', 'offline_access', 'email', 'read'] }],
  });
  expect((await shell.run(['apps', 'list'])).stdout).toMatch(/^crm\tana@example\.com\tacme\tactive\t/);

  const first = (await token(session)).stdout.trim();
  expect(provider.exchanges).toHaveLength(1);
  const second = (await token(session, '--min-valid', '20m')).stdout.trim();
  expect([second === first, provider.exchanges.length]).toEqual([true, 1]); // longer than tokens live: not yet half over
  provider.set({ accessTokenSeconds: 1 });
  expect((await authorized(session)).code).toBe(0);
  provider.set({ accessTokenSeconds: 600 });
  await setTimeout(1100);
  const fresh = (await token(session)).stdout.trim();
  expect((await provider.introspect(fresh)).active).toBe(true);
  expect(provider.exchanges.map(({ sent }) => sent.grant_type)).toEqual([
    ...['authorization_code', 'authorization_code', 'refresh_token'],
  ]);

  const refreshToken = String(provider.exchanges.at(-1)?.answered.refresh_token);
  expect((await provider.introspect(refreshToken)).active).toBe(true);
  const revoked = await shell.run(['apps', 'revoke', 'crm', '--yes']);
  expect([revoked.code, revoked.stderr]).toEqual([0, expect.stringContaining('revoked crm ana@example.com')]);
  expect((await provider.introspect(refreshToken)).active).toBe(false);
  expect((await provider.introspect(fresh)).active).toBe(false);
  expect(await token(session)).toMatchObject({
    ...{ code: 8, stdout: '', stderr: expect.stringContaining('apps authorize crm') },
  });

  expect((await authorized(session)).code).toBe(0);
  expect((await used(`${provider.issuer}/me`, (await token(session, '--header')).stdout)).status).toBe(200);
});

test('what is granted beside what was asked', async () => {
  const session = await openSession();
  await registered(session);
  // The provider leaves out scopes that it doesn't know.
  const { code, stderr } = await authorized(session, 'allow', [...AUTHORIZE, '--scope', 'unheard-of']);
  expect([code, stderr]).toEqual([0, expect.stringContaining('not granted: unheard-of\n')]);
});

test('a denial is exit 4, and nothing is stored', async () => {
  const session = await openSession();
  await registered(session);
  const { code, stdout, stderr } = await authorized(session, 'deny', [...AUTHORIZE, '--json']);
  expect([code, stdout]).toEqual([4, '']);
  expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error.code).toBe('consent_denied');
  expect((await session.shell.run(['apps', 'list'])).stdout).toContain('not-connected');
});

test('a grant that the provider ended is exit 8 and names the way back', async () => {
  const session = await openSession();
  await registered(session);
  session.provider.set({ accessTokenSeconds: 1 });
  await authorized(session);
  const { refresh_token: spent } = session.provider.exchanges[0]?.answered ?? {};
  const body = new URLSearchParams({ token: String(spent), client_id: clientIdOf(session) });
  await fetch(`${session.provider.issuer}/token/revocation`, { method: 'POST', body });
  await setTimeout(1100);
  for (const requests of [2, 2]) {
    const { code, stdout, stderr } = await token(session);
    expect([code, stdout]).toEqual([8, '']);
    expect(stderr).toMatch(/invalid_grant[\s\S]*\nhint: .*apps authorize crm/);
    expect(session.provider.tokenRequests()).toBe(requests);
  }
});

const clientIdOf = ({ provider }: Session): string => String(provider.exchanges[0]?.sent.client_id);
