import { expect, test } from 'vitest';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';
import type { RunningStub } from '../support/stub-authorization-server/start.ts';
import { authorization, authorize, failureOf, publicClient, REDIRECT_URI, scopes } from './fixtures/peer.ts';

const REQUEST = { name: 'keywright', redirectUri: REDIRECT_URI, scopes: scopes('read') };

async function register(stub: RunningStub, clientAuth?: readonly ('none' | 'client_secret_basic')[]) {
  const found = await authorization().discover(stub.issuer);
  return authorization().register({ ...found, clientAuth: clientAuth ?? found.clientAuth }, REQUEST);
}

test('an app registers itself as what it is, and nothing is discovered twice', async () => {
  const stub = await stubWith();
  const client = await register(stub);
  expect(client).toMatchObject({ clientAuth: 'none', secret: undefined, secretExpiresAt: null });
  const { body } = stub.requests.at(-1) ?? { body: '' };
  expect(JSON.parse(body)).toEqual({
    client_name: 'keywright',
    application_type: 'native',
    redirect_uris: [REDIRECT_URI],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    scope: 'read',
  });
  expect(stub.requests.map(({ endpoint }) => endpoint)).toEqual(['oauth-metadata', 'register']);
  await authorize({ ...publicClient(stub), clientId: client.clientId });
});

test('with a secret where the server wants one', async () => {
  const stub = await stubWith();
  const client = await register(stub, ['client_secret_basic']);
  expect(client.clientAuth).toBe('client_secret_basic');
  expect(client.secret?.reveal()).toMatch(/^secret_/);
  expect(JSON.stringify(client)).not.toContain(client.secret?.reveal());
  const { clientId, clientAuth, secret } = client;
  await authorize({ ...publicClient(stub), clientId, clientAuth, secret });
});

test.each<[string, Readonly<Record<string, unknown>>]>([
  ['no client id', { client_id: undefined }],
  ['a client id that is no text', { client_id: 7 }],
  ['a client id with a line break', { client_id: 'a\nb' }],
  ['a secret with a line break', { client_secret: 'a\nb', client_secret_expires_at: 0 }],
  ['a way of authentication that we do not have', { token_endpoint_auth_method: 'private_key_jwt' }],
  ['a secret that is wanted and not given', { token_endpoint_auth_method: 'client_secret_post' }],
  ['another redirect URI', { redirect_uris: ['https://evil.example/'] }],
])('refused: %s', async (_, changes) => {
  const stub = await stubWith({ edit: { register: (proper) => ({ ...proper, ...changes }) } });
  expect((await failureOf(register(stub))).code).toMatch(/^(provider_failed|authorization_mismatch)$/);
});

test('when a secret ends', async () => {
  const stub = await stubWith({
    edit: { register: (proper) => ({ ...proper, client_secret_expires_at: 1_800_000_000 }) },
  });
  expect(await register(stub, ['client_secret_basic'])).toMatchObject({ secretExpiresAt: 1_800_000_000_000 });
});

test('200 in place of 201 will do', async () => {
  const body = JSON.stringify({ client_id: 'client-1' });
  const stub = await stubWith({ answers: { register: { kind: 'body', status: 200, body } } });
  expect(await register(stub)).toMatchObject({ clientId: 'client-1', clientAuth: 'none' });
});

test('the server’s reason is said', async () => {
  const body = JSON.stringify({ error: 'invalid_redirect_uri', error_description: 'not you' });
  const stub = await stubWith({ answers: { register: { kind: 'body', status: 400, body } } });
  expect((await failureOf(register(stub))).message).toMatch(/refused with invalid_redirect_uri: not you$/);
});

test('who takes no registrations', async () => {
  const stub = await stubWith({ registration: false });
  expect(await failureOf(register(stub))).toMatchObject({ code: 'wrong_state' });
});
