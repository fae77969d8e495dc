import { expect, test } from 'vitest';
import { stampOf } from '../../src/domain/apps/app.ts';
import { serverOf } from '../../src/domain/apps/provider.ts';
import type { Client, Tokens, ValidatedCallback } from '../../src/domain/ports/authorization.ts';
import { Secret } from '../../src/domain/secret.ts';
import { begin } from '../../src/oauth/begin.ts';
import { parseRedirect } from '../../src/oauth/callback/pasted.ts';
import type { OAuthDeps } from '../../src/oauth/deps.ts';
import { identify } from '../../src/oauth/identify.ts';
import { requireProvider } from '../../src/oauth/providers/find.ts';
import { refresh } from '../../src/oauth/refresh.ts';
import { revoke } from '../../src/oauth/revoke.ts';
import { accountName } from '../../src/oauth/token-answer.ts';
import type { Outgoing } from '../../src/oauth/transport/send.ts';
import { failureOf, scopes } from './fixtures/peer.ts';

interface Peer {
  readonly deps: OAuthDeps;
  readonly requests: Outgoing[];
}

/** A provider that answers these JSON values, one a request, and stays where it is: nothing leaves this process. */
function peer(...answers: readonly (unknown | { status: number })[]): Peer {
  const requests: Outgoing[] = [];
  const send: OAuthDeps['send'] = async (request) => {
    const answer = answers[requests.length];
    requests.push(request);
    const isBare = typeof answer === 'number';
    return {
      status: isBare ? answer : 200,
      header: (name) => (name === 'content-type' ? 'application/json; charset=utf-8' : undefined),
      body: isBare ? '' : JSON.stringify(answer),
    };
  };
  return { requests, deps: { now: () => 1_000_000, sleep: async () => {}, send } };
}

function clientOf(name: string, changes: Partial<Client> = {}): Client {
  const provider = requireProvider(name);
  return {
    provider: name,
    server: serverOf(provider),
    clientId: 'id-1_a.b',
    clientAuth: provider.clientAuthentication,
    secret: new Secret('se-cret_1'),
    resource: null,
    ...changes,
  };
}

const BACK = 'http://127.0.0.1:41873/callback';

async function authorized(
  { deps }: Peer,
  client: Client,
  asked = scopes('a', 'b'),
  redirectUri = BACK,
): Promise<{ url: URL; tokens: Promise<Tokens> }> {
  const attempt = await begin(deps, client, { redirectUri, scopes: asked });
  const redirect = new URL(redirectUri);
  redirect.searchParams.set('code', 'c1');
  redirect.searchParams.set('state', attempt.state.reveal());
  if (client.server.issInResponse) redirect.searchParams.set('iss', String(client.server.issuer));
  const answer = parseRedirect(redirect.href, { redirectUri, state: attempt.state.reveal() });
  return { url: new URL(attempt.url), tokens: attempt.exchange(answer as ValidatedCallback) };
}

const held = (client: Client) => ({
  stamp: stampOf(client.server),
  accessToken: new Secret('at-1'),
  refreshToken: new Secret('rt-1'),
  redirectUri: BACK,
});
const basic = `Basic ${Buffer.from('id-1_a.b:se-cret_1').toString('base64')}`;

test('GitHub: errors with 200, scopes answered with commas, secret in the form', async () => {
  const client = clientOf('github');
  const good = peer({ access_token: 'gho_1', scope: 'repo,gist', token_type: 'bearer' });
  const { url, tokens } = await authorized(good, client, scopes('repo', 'gist'));
  expect(url.searchParams.get('scope')).toBe('repo gist');
  expect(await tokens).toMatchObject({ scopes: ['repo', 'gist'], expiresAt: null, refreshToken: undefined });
  expect(new URLSearchParams(good.requests[0]?.body).get('client_secret')).toBe('se-cret_1');

  const bad = peer({
    error: 'bad_verification_code',
    error_description: 'The code passed is incorrect or expired.',
  });
  const failure = await failureOf((await authorized(bad, client)).tokens);
  expect(failure.message).toBe(
    'github.com refused with bad_verification_code: The code passed is incorrect or expired',
  );

  const dead = peer({ error: 'bad_refresh_token', error_description: 'x' });
  expect(await refresh(dead.deps, client, held(client))).toMatchObject({
    kind: 'refused',
    error: 'bad_refresh_token',
  });
});

test('GitHub: the grant is taken back with the app’s own credentials; gone is gone', async () => {
  const client = clientOf('github');
  const api = peer(204, 404, 422);
  expect(await revoke(api.deps, client, held(client))).toEqual({ kind: 'revoked' });
  expect(await revoke(api.deps, client, held(client))).toEqual({ kind: 'revoked' });
  expect(await failureOf(revoke(api.deps, client, held(client)))).toMatchObject({ code: 'provider_failed' });
  expect(api.requests[0]).toMatchObject({
    method: 'DELETE',
    url: 'https://api.github.com/applications/id-1_a.b/grant',
    body: '{"access_token":"at-1"}',
  });
  expect(api.requests[0]?.headers).toMatchObject({
    authorization: basic,
    accept: 'application/vnd.github+json',
  });
});

test('GitHub: `iss` is announced, so one without it is refused', async () => {
  const client = clientOf('github');
  const api = peer({ access_token: 'gho_1', token_type: 'bearer' });
  const attempt = await begin(api.deps, client, { redirectUri: BACK, scopes: [] });
  const redirect = `${BACK}?code=c&state=${attempt.state.reveal()}`;
  const answer = parseRedirect(redirect, { redirectUri: BACK, state: attempt.state.reveal() });
  expect(await failureOf(attempt.exchange(answer as ValidatedCallback))).toMatchObject({
    code: 'authorization_mismatch',
  });
  expect(api.requests).toEqual([]);
});

test('Slack: the person’s token is nested, and nobody else’s is taken', async () => {
  const client = clientOf('slack');
  const person = { id: 'U1', scope: 'chat:write,users:read', access_token: 'xoxp-1', token_type: 'user' };
  const api = peer({ ok: true, access_token: 'xoxb-bot', token_type: 'bot', authed_user: person });
  const https = 'https://example.com/back';
  const { url, tokens } = await authorized(api, client, scopes('chat:write', 'users:read'), https);
  expect([url.searchParams.get('user_scope'), url.searchParams.has('scope')]).toEqual([
    'chat:write,users:read',
    false,
  ]);
  const got = await tokens;
  expect(got.accessToken.reveal()).toBe('xoxp-1');
  expect(got.scopes).toEqual(['chat:write', 'users:read']);
  expect(api.requests[0]?.headers.authorization).toBe(basic);

  const bot = peer({ ok: true, access_token: 'xoxb-bot', token_type: 'bot', authed_user: { id: 'U1' } });
  expect(await failureOf((await authorized(bot, client)).tokens)).toMatchObject({ code: 'provider_failed' });
});

test('Slack: ok false with 200 is an error, in a refresh and in a revocation', async () => {
  const client = clientOf('slack');
  const api = peer(
    { ok: false, error: 'invalid_refresh_token' },
    { ok: false, error: 'ratelimited' },
    { ok: false },
  );
  expect(await refresh(api.deps, client, held(client))).toMatchObject({ kind: 'refused' });
  expect(await refresh(api.deps, client, held(client))).toMatchObject({ kind: 'failed' });
  expect(await refresh(api.deps, client, held(client))).toMatchObject({ kind: 'failed' });
  const top = peer({
    ok: true,
    access_token: 'xoxe.xoxp-2',
    token_type: 'user',
    refresh_token: 'xoxe-2',
    expires_in: 43_200,
  });
  expect(await refresh(top.deps, client, held(client))).toMatchObject({ kind: 'tokens' });
  const ends = peer(
    { ok: true, revoked: true },
    { ok: false, error: 'token_revoked' },
    { ok: false, error: 'token_expired' },
  );
  expect(await revoke(ends.deps, client, held(client))).toEqual({ kind: 'revoked' });
  expect(await revoke(ends.deps, client, held(client))).toEqual({ kind: 'revoked' });
  expect((await failureOf(revoke(ends.deps, client, held(client)))).message).toContain('token_expired');
  expect(ends.requests[0]?.headers.authorization).toBe('Bearer at-1');
});

test('Notion: JSON, its version, and the account in the answer; no scopes', async () => {
  const client = clientOf('notion');
  const api = peer({
    access_token: 'ntn_1',
    token_type: 'bearer',
    refresh_token: null,
    workspace_name: 'Ana\u202e’s',
    workspace_id: 'w1',
  });
  const { url, tokens } = await authorized(api, client, [], 'https://example.com/back');
  expect([url.searchParams.get('owner'), url.searchParams.has('scope')]).toEqual(['user', false]);
  const got = await tokens;
  expect(got).toMatchObject({ account: 'Ana ’s', scopes: undefined, refreshToken: undefined });
  expect(api.requests[0]?.headers).toMatchObject({
    'content-type': 'application/json',
    'Notion-Version': '2025-09-03',
    authorization: basic,
  });
  expect(JSON.parse(api.requests[0]?.body ?? '')).toMatchObject({
    grant_type: 'authorization_code',
    code: 'c1',
    redirect_uri: 'https://example.com/back',
  });
  expect(await identify(api.deps, client, got, [])).toBe('Ana ’s');
  expect(api.requests).toHaveLength(1);
});

test('the name of an account is one that can be typed: in NFC', () => {
  expect(accountName('Zoe\u0308')).toBe('Zo\u00eb');
});

test('Atlassian: JSON, its audience, and a form again for RFC 7009', async () => {
  const client = clientOf('atlassian');
  const api = peer({ access_token: 'a1', token_type: 'Bearer', expires_in: 3600, scope: 'a b' }, '', '');
  const { url, tokens } = await authorized(api, client);
  expect(url.searchParams.get('audience')).toBe('api.atlassian.com');
  await tokens;
  expect(JSON.parse(api.requests[0]?.body ?? '')).toMatchObject({
    client_id: 'id-1_a.b',
    client_secret: 'se-cret_1',
  });
  await revoke(api.deps, client, held(client));
  expect(new URLSearchParams(api.requests[1]?.body).get('token')).toBe('rt-1');
});

test('GitLab: a refresh repeats the redirect URI', async () => {
  const client = clientOf('gitlab');
  const api = peer({ access_token: 'a1', token_type: 'bearer', refresh_token: 'r2', expires_in: 7200 });
  expect(await refresh(api.deps, client, held(client))).toMatchObject({ kind: 'tokens' });
  expect(new URLSearchParams(api.requests[0]?.body).get('redirect_uri')).toBe(BACK);
  expect(api.requests[0]?.headers.authorization).toBe(basic);
});

test('Linear: asked with commas, answered with spaces; Bitbucket: its own field', async () => {
  const linear = peer({ access_token: 'a1', token_type: 'Bearer', scope: 'read write' });
  const asked = await authorized(linear, clientOf('linear'), scopes('read', 'write'));
  expect(asked.url.searchParams.get('scope')).toBe('read,write');
  expect((await asked.tokens).scopes).toEqual(['read', 'write']);
  const bitbucket = peer({ access_token: 'a1', token_type: 'bearer', scopes: 'account repository' });
  const other = await authorized(bitbucket, clientOf('bitbucket'), scopes('account'));
  expect(other.url.searchParams.has('scope')).toBe(false);
  expect((await other.tokens).scopes).toEqual(['account', 'repository']);
});

test('Google: what brings a refresh token is asked for; an ID token is left unread', async () => {
  const api = peer({ access_token: 'a1', token_type: 'Bearer', expires_in: 3599, id_token: 'unread' });
  const { url, tokens } = await authorized(api, clientOf('google'), scopes('openid', 'email'));
  expect(Object.fromEntries(url.searchParams)).toMatchObject({ access_type: 'offline', prompt: 'consent' });
  expect(url.searchParams.has('nonce')).toBe(false);
  expect(await tokens).toMatchObject({ account: undefined });
});

test('an account is asked for as the provider says, and only with a scope for it', async () => {
  const tokens = {
    accessToken: new Secret('at-1'),
    refreshToken: undefined,
    expiresAt: null,
    scopes: undefined,
    account: undefined,
    subject: undefined,
  };
  const github = peer({ login: 'ana' });
  expect(await identify(github.deps, clientOf('github'), tokens, [])).toBe('@ana');
  expect(github.requests[0]).toMatchObject({ method: 'GET', url: 'https://api.github.com/user' });
  expect(github.requests[0]?.headers.authorization).toBe('Bearer at-1');
  const linear = peer({ data: { viewer: { email: 'ana@example.com' } } });
  expect(await identify(linear.deps, clientOf('linear'), tokens, scopes('read'))).toBe('ana@example.com');
  expect(linear.requests[0]?.body).toBe('{"query":"{ viewer { email } }"}');
  const google = peer();
  expect(await identify(google.deps, clientOf('google'), tokens, scopes('openid'))).toBeUndefined();
  expect(google.requests).toEqual([]);
  const slack = peer({ ok: false, error: 'invalid_auth' }, { ok: true, user: { name: 'x' } }, 500);
  expect(await failureOf(identify(slack.deps, clientOf('slack'), tokens, []))).toMatchObject({
    code: 'provider_failed',
  });
  expect(await identify(slack.deps, clientOf('slack'), tokens, [])).toBeUndefined();
  expect(await failureOf(identify(slack.deps, clientOf('slack'), tokens, []))).toMatchObject({
    code: 'provider_failed',
  });
});

test('who can’t take a grant back says where the person can', async () => {
  const client = clientOf('microsoft');
  expect(await revoke(peer().deps, client, held(client))).toEqual({
    kind: 'unsupported',
    page: 'https://myapps.microsoft.com',
  });
});

test('a provider of a newer version is no reason to guess', async () => {
  const client = { ...clientOf('github'), provider: 'newhub' };
  expect(await failureOf(refresh(peer().deps, client, held(client)))).toMatchObject({ code: 'not_found' });
});

test('a secret that is missing is said before anything is sent', async () => {
  const api = peer();
  const client = clientOf('github', { secret: undefined });
  expect(await failureOf(refresh(api.deps, client, held(client)))).toMatchObject({ code: 'wrong_state' });
  expect(api.requests).toEqual([]);
});
