import { setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { startResource } from '../support/oidc-provider/resource.ts';
import { CONFIDENTIAL, DEVICE } from '../support/oidc-provider/start.ts';
import { visit } from '../support/oidc-provider/visit.ts';
import { authorized, openSession, used } from './fixtures/session.ts';

/** The built program against a certified server: the ways to a token that begin without a name for the server, or without a browser. */

test('by a device code', async () => {
  const { shell, provider } = await openSession();
  const as = ['--client-id', DEVICE.id, '--public'];
  const app = await shell.run(['apps', 'register', 'tv', '--issuer', provider.issuer, ...as]);
  expect(app.code, app.stderr).toBe(0);
  const argv = ['apps', 'authorize', 'tv', '--scope', 'openid', '--scope', 'email', '--device', '--yes'];
  const child = shell.start([...argv, '--json'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const done = new Promise((resolve) => child.once('close', resolve));
  let stdout = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  const said = await new Promise((resolve) => child.stderr?.once('data', resolve));
  const asked = JSON.parse(String(said));
  expect(asked).toMatchObject({ user_code: expect.stringMatching(/^\w{4}-\w{4}$/) });
  await visit(asked.verification_uri_complete, 'allow', { until: () => false });
  expect(await done).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ app: 'tv', account: 'ana@example.com', status: 'active' });
});

test("with the app's own credentials, renewed without a refresh token", async () => {
  const { shell, provider } = await openSession();
  const as = ['--client-id', CONFIDENTIAL.id, '--from-stdin'];
  const input = `${CONFIDENTIAL.secret}\n`;
  const app = await shell.run(['apps', 'register', 'job', '--issuer', provider.issuer, ...as], { input });
  expect(app.code, app.stderr).toBe(0);
  provider.set({ accessTokenSeconds: 1 });
  const grant = await shell.run(['apps', 'authorize', 'job', '--client-credentials', '--scope', 'read']);
  expect(grant.code, grant.stderr).toBe(0);
  provider.set({ accessTokenSeconds: 600 });
  await setTimeout(1100);
  const tokens = [await shell.answer(['apps', 'token', 'job']), await shell.answer(['apps', 'token', 'job'])];
  expect(new Set(tokens).size).toBe(1);
  expect(await provider.introspect(tokens[0] ?? '')).toMatchObject({ active: true, scope: 'read' });
  expect(provider.exchanges.map(({ sent }) => sent.grant_type)).toEqual([
    ...['client_credentials', 'client_credentials'],
  ]);
});

test('the URL of a resource is enough: found, registered, authorized, and the token is for it alone', async () => {
  const session = await openSession();
  const { shell, provider } = session;
  const resource = await startResource(provider);
  onTestFinished(() => resource.close());
  const argv = ['apps', 'authorize', resource.url, '--scope', 'read', '--callback-port', await freePort()];
  const { code, stderr } = await authorized(session, 'allow', [...argv, '--yes']);
  expect([code, stderr]).toEqual([0, expect.stringContaining(', by itself\n')]);
  const { host } = new URL(resource.url);
  const { stdout } = await shell.run(['apps', 'token', host, '--header']);
  const answered = await used(resource.url, stdout);
  expect([answered.status, await answered.text()]).toEqual([200, 'read']);
  expect((await used(`${provider.issuer}/me`, stdout)).status).toBe(403);
  expect((await fetch(resource.url)).status).toBe(401);
});
