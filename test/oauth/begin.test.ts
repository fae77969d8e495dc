import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import type { Attempt } from '../../src/domain/ports/authorization.ts';
import { Secret } from '../../src/domain/secret.ts';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';
import {
  answerIn,
  answerTo,
  authorization,
  authorize,
  codeFor,
  failureOf,
  publicClient,
  REDIRECT_URI,
  scopes,
  secretClient,
} from './fixtures/peer.ts';

const ASKED = { redirectUri: REDIRECT_URI, scopes: scopes('read', 'write') };

test('a consent becomes tokens', async () => {
  const stub = await stubWith();
  const before = Date.now();
  const tokens = await authorize(publicClient(stub));
  expect(tokens.accessToken.reveal()).toMatch(/^at_/);
  expect(tokens.refreshToken?.reveal()).toMatch(/^rt_/);
  expect(tokens.scopes).toEqual(['read', 'write']);
  expect(tokens.expiresAt).toBeGreaterThanOrEqual(before + 3_600_000);
  expect(tokens.expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
  expect(stub.requests.map(({ endpoint }) => endpoint)).toEqual(['authorize', 'token']);
});

test('PKCE is used whether or not the server speaks of it', async () => {
  const stub = await stubWith({ requirePkce: false, discovery: [] });
  await authorize(publicClient(stub));
  const [asked, exchanged] = stub.requests;
  expect(asked?.query.get('code_challenge')).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(asked?.query.get('code_challenge_method')).toBe('S256');
  expect(exchanged?.form.get('code_verifier')).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test('a secret goes to the token endpoint, as the server expects it', async () => {
  const stub = await stubWith();
  await authorize(secretClient(stub));
  await authorize(secretClient(stub, { clientAuth: 'client_secret_post' }));
  const [basic, post] = stub.requests.filter(({ endpoint }) => endpoint === 'token');
  expect(basic?.headers.authorization).toBe(
    `Basic ${Buffer.from('secret-client:p%40ss+word%2B%25').toString('base64')}`,
  );
  expect(basic?.form.has('client_secret')).toBe(false);
  expect(post?.headers.authorization).toBeUndefined();
  expect(post?.form.get('client_secret')).toBe('p@ss word+%');
});

test('verifier, state and nonce differ, are long, and show nowhere but in the URL', async () => {
  const stub = await stubWith();
  const attempts = await Promise.all(
    Array.from({ length: 20 }, () =>
      authorization().begin(publicClient(stub), { ...ASKED, scopes: scopes('openid', 'read') }),
    ),
  );
  const secrets = attempts.flatMap(({ url, state }) => {
    const { searchParams } = new URL(url);
    expect(searchParams.get('state')).toBe(state.reveal());
    return ['state', 'nonce', 'code_challenge'].map((name) => searchParams.get(name) as string);
  });
  expect(new Set(secrets).size).toBe(60);
  for (const secret of secrets) expect(Buffer.from(secret, 'base64url').length).toBeGreaterThanOrEqual(16);
  const [attempt] = attempts;
  if (attempt === undefined) throw new Error('no attempt');
  const shown = [
    inspect(attempt, { depth: 9, showHidden: true }),
    JSON.stringify(attempt),
    Object.keys(attempt).join(),
  ];
  await attempt.exchange(await codeFor(attempt));
  const verifier = stub.requests
    .find(({ endpoint }) => endpoint === 'token')
    ?.form.get('code_verifier') as string;
  expect(verifier).toHaveLength(43);
  shown.push(inspect(attempt, { depth: 9, showHidden: true }));
  for (const text of shown) {
    expect(text).not.toContain(verifier);
    expect(text.replaceAll(attempt.url, '')).not.toContain(attempt.state.reveal());
  }
  expect(shown[0]).toContain('[secret]');
});

test('one attempt takes one code', async () => {
  const stub = await stubWith();
  const attempt = await authorization().begin(publicClient(stub), ASKED);
  const code = await codeFor(attempt);
  await attempt.exchange(code);
  await expect(attempt.exchange(code)).rejects.toThrow('good for one code');
});

test('what was not checked can’t be exchanged: it does not compile', () => {
  const unchecked = { kind: 'code', redirect: new Secret(`${REDIRECT_URI}?code=x`) } as const;
  // @ts-expect-error only `judgeAnswer` makes a ValidatedCallback
  const exchange = (attempt: Attempt) => attempt.exchange(unchecked);
  expect(exchange).toBeTypeOf('function');
});

test('offline access is asked for with a consent anew, of servers that speak OpenID Connect', async () => {
  const stub = await stubWith();
  const promptOf = async (server: Parameters<typeof publicClient>[1], ...asked: readonly string[]) => {
    const request = { ...ASKED, scopes: scopes(...asked) };
    const { url } = await authorization().begin(publicClient(stub, server), request);
    return new URL(url).searchParams.get('prompt');
  };
  expect(await promptOf({}, 'openid', 'offline_access')).toBe('consent');
  expect(await promptOf({}, 'openid')).toBeNull();
  expect(await promptOf({ openid: false }, 'offline_access')).toBeNull();
});

test('a resource is named in both requests (RFC 8707)', async () => {
  const stub = await stubWith();
  await authorize({ ...publicClient(stub), resource: stub.resource });
  expect(stub.requests.map(({ query, form }) => query.get('resource') ?? form.get('resource'))).toEqual([
    stub.resource,
    stub.resource,
  ]);
});

test.each([
  [
    'denied',
    { error: 'access_denied', description: 'no, \u001b[2Jthanks.' },
    'consent_denied',
    'no, [2Jthanks',
  ],
  ['another error', { error: 'server_error' }, 'provider_failed', 'server_error'],
])('%s in the redirect is said', async (_, consent, code, words) => {
  const stub = await stubWith({ consent });
  const attempt = await authorization().begin(publicClient(stub), ASKED);
  const answer = await answerTo(attempt);
  if (answer.kind === 'code') throw new Error('a code came');
  const failure = await attempt.failureOf(answer);
  expect([failure.code, failure.message]).toEqual([code, expect.stringContaining(words)]);
  expect(failure.message).not.toContain('\u001b');
});

test('an error whose `iss` is another one’s is not believed', async () => {
  const stub = await stubWith({ consent: { error: 'access_denied' } });
  const attempt = await authorization().begin(publicClient(stub, { issuer: `${stub.issuer}/other` }), ASKED);
  const answer = await answerTo(attempt);
  if (answer.kind === 'code') throw new Error('a code came');
  expect(await attempt.failureOf(answer)).toMatchObject({ code: 'authorization_mismatch' });
});

test('without an issuer `iss` is not looked at', async () => {
  const stub = await stubWith();
  const tokens = await authorize(publicClient(stub, { issuer: null, issInResponse: false }));
  expect(tokens.accessToken.reveal()).toMatch(/^at_/);
});

test('who has no authorization endpoint can’t be asked', async () => {
  const stub = await stubWith();
  const client = publicClient(stub, { authorizationEndpoint: null });
  expect(await failureOf(authorization().begin(client, ASKED))).toMatchObject({ code: 'wrong_state' });
});

test.each(['scope=admin', 'state=x', 'response_type=token'])(
  'an endpoint with %s in its query is refused',
  async (query) => {
    const stub = await stubWith();
    const begun = (scope: string, more: string) => {
      const server = { authorizationEndpoint: `${stub.origin}/authorize?${more}` };
      return authorization().begin(publicClient(stub, server), { ...ASKED, scopes: scopes(scope) });
    };
    const failure = await failureOf(begun('read', query));
    expect([failure.code, failure.message]).toEqual([
      'provider_failed',
      expect.stringContaining(`has a ${query.split('=')[0]} of its own`),
    ]);
    expect(new URL((await begun('read', 'tenant=acme')).url).searchParams.get('tenant')).toBe('acme');
  },
);

test('a code from elsewhere gets no tokens', async () => {
  const stub = await stubWith();
  const attempt = await authorization().begin(publicClient(stub), ASKED);
  const redirect = new URL(REDIRECT_URI);
  for (const [name, value] of Object.entries({
    code: 'code_x',
    state: attempt.state.reveal(),
    iss: stub.issuer,
  })) {
    redirect.searchParams.set(name, value);
  }
  const answer = answerIn(attempt, redirect.href);
  if (answer.kind !== 'code') throw new Error('an error came');
  const failure = await failureOf(attempt.exchange(answer));
  expect(failure.code).toBe('provider_failed');
  expect(failure.message).toBe(`${new URL(stub.origin).host} refused with invalid_grant: unknown code`);
});
