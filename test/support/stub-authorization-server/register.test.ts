import { describe, expect, test } from 'vitest';
import { authorizationUrl, basic, pkce, post, stubWith } from './by-hand.ts';
import { consent } from './consent.ts';

describe('clients', () => {
  const form = { grant_type: 'client_credentials', scope: 'orders' };
  test.each<[string, Record<string, string>, Record<string, string>, number]>([
    ['Basic', form, basic('secret-client', 'p@ss word+%'), 200],
    ['the form', { ...form, client_id: 'secret-client', client_secret: 'p@ss word+%' }, {}, 200],
    ['a wrong secret', form, basic('secret-client', 'p@ss'), 401],
    ['no secret', { ...form, client_id: 'secret-client' }, {}, 401],
    ['both at once', { ...form, client_secret: 'p@ss word+%' }, basic('secret-client', 'p@ss word+%'), 401],
    ['nonsense', form, { authorization: 'Basic !' }, 401],
    ['a public client', form, {}, 400],
    ['a secret of a public client', { ...form, client_secret: 'x' }, {}, 401],
  ])('%s', async (_, body, headers, status) => {
    const stub = await stubWith();
    const answer = await post(stub, '/token', body, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers.has('www-authenticate')).toBe(status === 401);
    if (status === 200) expect(answer.json).not.toHaveProperty('refresh_token');
  });

  test('register themselves', async () => {
    const stub = await stubWith();
    const register = (body: unknown) =>
      fetch(`${stub.origin}/register`, { method: 'POST', body: JSON.stringify(body) });
    const answer = await register({
      redirect_uris: ['http://127.0.0.1/callback'],
      token_endpoint_auth_method: 'none',
    });
    expect(answer.status).toBe(201);
    const { client_id = '', ...rest } = (await answer.json()) as Record<string, string>;
    expect(rest).not.toHaveProperty('client_secret');
    expect(
      await consent(authorizationUrl(stub, { client_id, code_challenge: pkce().challenge })),
    ).toBeDefined();
    expect((await register({ redirect_uris: [] })).status).toBe(400);
    expect((await register([])).status).toBe(400);
    stub.set({ registration: false });
    expect((await register({ redirect_uris: ['http://127.0.0.1/callback'] })).status).toBe(404);
  });

  test('may be URLs', async () => {
    const client_id = 'https://client.example/metadata.json';
    const stub = await stubWith({ requirePkce: false });
    expect(await consent(authorizationUrl(stub, { client_id }))).toBeUndefined();
    stub.set({ urlClients: true });
    expect(await consent(authorizationUrl(stub, { client_id }))).toBeDefined();
  });
});
