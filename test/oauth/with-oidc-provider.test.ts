import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Client, Tokens } from '../../src/domain/ports/authorization.ts';
import { Secret } from '../../src/domain/secret.ts';
import { CONFIDENTIAL, type RunningProvider, startProvider } from '../support/oidc-provider/start.ts';
import { visit } from '../support/oidc-provider/visit.ts';
import { answerIn, authorization, failureOf, held, REDIRECT_URI, scopes } from './fixtures/peer.ts';

/** A certified server, through every step from registration to the end of a grant. */

const api = authorization({ limits: { connectMs: 5000, totalMs: 5000, bytes: 1 << 20 } });
const ASKED = scopes('openid', 'offline_access', 'email', 'read');
const isBack = (url: URL): boolean => url.href.startsWith(REDIRECT_URI);

let provider: RunningProvider;
beforeAll(async () => {
  provider = await startProvider();
  return provider.close;
});

async function registered({ issuer }: RunningProvider): Promise<Client> {
  const found = await api.discover(issuer);
  const request = { name: 'keywright', redirectUri: 'http://127.0.0.1/callback', scopes: ASKED };
  const { clientId, clientAuth, secret } = await api.register(found, request);
  return { provider: null, server: found.server, clientId, clientAuth, secret, resource: null };
}

async function consented(client: Client): Promise<Tokens> {
  const attempt = await api.begin(client, { redirectUri: REDIRECT_URI, scopes: ASKED });
  const back = await visit(attempt.url, 'allow', { until: isBack });
  const answer = answerIn(attempt, back.href);
  if (answer.kind !== 'code') throw new Error(answer.error);
  return attempt.exchange(answer);
}

test('what it says of itself', async () => {
  const { server, clientAuth } = await api.discover(provider.issuer);
  expect(server).toMatchObject({ issuer: provider.issuer, issInResponse: true, openid: true });
  expect(server.idTokenAlgorithms).toContain('RS256');
  expect(clientAuth).toContain('none');
});

test('register, consent on any port, exchange, identify', async () => {
  const client = await registered(provider);
  const tokens = await consented(client);
  expect(tokens.subject).toBe('ana');
  expect(tokens.scopes).toEqual(['openid', 'offline_access', 'email', 'read']);
  expect(tokens.refreshToken).toBeDefined();
  expect(await api.identify(client, tokens, ASKED)).toBe('ana@example.com');
});

test('denied', async () => {
  const client = await registered(provider);
  const attempt = await api.begin(client, { redirectUri: REDIRECT_URI, scopes: ASKED });
  const answer = answerIn(attempt, (await visit(attempt.url, 'deny', { until: isBack })).href);
  if (answer.kind === 'code') throw new Error('a code came');
  const failure = await attempt.failureOf(answer);
  expect([failure.code, failure.exitCode]).toEqual(['consent_denied', 4]);
});

test('each refresh replaces the token; a spent one that comes back ends the grant', async () => {
  const client = await registered(provider);
  const first = await consented(client);
  const refreshed = await api.refresh(client, held(client, first));
  if (refreshed.kind !== 'tokens') throw refreshed.failure;
  expect(refreshed.tokens.refreshToken?.reveal()).not.toBe(first.refreshToken?.reveal());
  const again = await api.refresh(client, held(client, refreshed.tokens));
  if (again.kind !== 'tokens') throw again.failure;
  expect(await api.refresh(client, held(client, first))).toMatchObject({
    kind: 'refused',
    error: 'invalid_grant',
  });
  expect(await api.refresh(client, held(client, again.tokens))).toMatchObject({ kind: 'refused' });
});

test('revoked is revoked', async () => {
  const client = await registered(provider);
  const tokens = await consented(client);
  expect(await api.revoke(client, held(client, tokens))).toEqual({ kind: 'revoked' });
  expect(await api.revoke(client, held(client, tokens))).toEqual({ kind: 'revoked' });
  expect(await api.refresh(client, held(client, tokens))).toMatchObject({ kind: 'refused' });
  expect(await failureOf(api.identify(client, tokens, ASKED))).toMatchObject({ code: 'provider_failed' });
});

test('client credentials, with a secret that needs encoding', async () => {
  const { server } = await api.discover(provider.issuer);
  const secret = new Secret(CONFIDENTIAL.secret);
  const client: Client = {
    provider: null,
    server,
    clientId: CONFIDENTIAL.id,
    clientAuth: 'client_secret_basic',
    secret,
    resource: null,
  };
  const tokens = await api.clientCredentials(client, scopes('read'));
  expect(tokens).toMatchObject({ scopes: ['read'], refreshToken: undefined });
  const failure = await failureOf(api.clientCredentials({ ...client, secret: new Secret('wrong') }, []));
  expect(failure.message).toContain('invalid_client');
});

test('by a device code', async () => {
  const found = await api.discover(provider.issuer);
  const { clientId } = await deviceClient(provider.issuer);
  const client: Client = {
    provider: null,
    server: found.server,
    clientId,
    clientAuth: 'none',
    secret: undefined,
    resource: null,
  };
  const quick = authorization({ sleep: async () => {} });
  const attempt = await quick.startDevice(client, ASKED);
  const polling = attempt.poll();
  await visit(attempt.verificationUriComplete ?? attempt.verificationUri, 'allow', { until: () => false });
  const tokens = await polling;
  expect(tokens.refreshToken).toBeDefined();
  expect(await api.identify(client, tokens, ASKED)).toBe('ana@example.com');
});

/** Registered by hand: apps register for the code flow, and ask for nothing else. */
async function deviceClient(issuer: string): Promise<{ clientId: string }> {
  const response = await fetch(`${issuer}/reg`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      application_type: 'native',
      redirect_uris: [],
      response_types: [],
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    }),
  });
  const { client_id } = (await response.json()) as { client_id: string };
  return { clientId: client_id };
}

describe('★ the server itself is strict', () => {
  const refreshedAtOnce = async (server: RunningProvider): Promise<readonly string[]> => {
    const client = await registered(server);
    const tokens = held(client, await consented(client));
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => api.refresh(client, tokens)));
    return outcomes.map(({ kind }) => kind);
  };

  test('of five uses of one refresh token at once one is good', async () => {
    const kinds = await refreshedAtOnce(provider);
    expect(kinds.filter((kind) => kind === 'tokens')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'refused')).toHaveLength(4);
  });

  test('broken variant: without compare-and-set several are', async () => {
    const lenient = await startProvider('lenient');
    onTestFinished(lenient.close);
    const kinds = await refreshedAtOnce(lenient);
    expect(kinds.filter((kind) => kind === 'tokens').length).toBeGreaterThan(1);
  });
});
