import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { basic, codeForm, pkce, post, stubWith, tokens } from './by-hand.ts';
import type { RunningStub } from './start.ts';

const refresh = (stub: RunningStub, refreshToken: unknown) =>
  post(stub, '/token', { grant_type: 'refresh_token', refresh_token: String(refreshToken) });
const isActive = async (stub: RunningStub, token: unknown): Promise<unknown> =>
  (await post(stub, '/introspect', { token: String(token) })).json.active;

describe('a code', () => {
  test('brings tokens for its scopes', async () => {
    const stub = await stubWith();
    expect(await tokens(stub)).toEqual({
      access_token: expect.stringMatching(/^at_[\w-]{32}$/),
      token_type: 'Bearer',
      expires_in: 3600,
      refresh_token: expect.stringMatching(/^rt_[\w-]{32}$/),
      scope: 'read write',
    });
  });

  test.each([
    ['another verifier', { code_verifier: pkce().verifier }],
    ['a short verifier', { code_verifier: 'a'.repeat(42) }],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1:50001/callback' }],
    ['another code', { code: 'code_x' }],
  ])('%s is refused', async (_, changes) => {
    const stub = await stubWith();
    const { status, json } = await post(stub, '/token', { ...(await codeForm(stub)), ...changes });
    expect([status, json.error]).toEqual([400, 'invalid_grant']);
  });

  test('no verifier is refused, and so is one without a challenge', async () => {
    const stub = await stubWith({ requirePkce: false });
    const { code_verifier: _, ...without } = await codeForm(stub);
    expect((await post(stub, '/token', without)).json.error).toBe('invalid_grant');
    const form = await codeForm(stub, { code_challenge: undefined, code_challenge_method: undefined });
    expect((await post(stub, '/token', form)).json.error).toBe('invalid_grant');
  });

  test('is good once: the second use ends what the first brought', async () => {
    const stub = await stubWith();
    const form = await codeForm(stub);
    const { json: first } = await post(stub, '/token', form);
    expect(await isActive(stub, first.access_token)).toBe(true);
    expect((await post(stub, '/token', form)).json.error).toBe('invalid_grant');
    expect(await isActive(stub, first.access_token)).toBe(false);
    expect((await refresh(stub, first.refresh_token)).json.error).toBe('invalid_grant');
  });

  test('of five at once one is exchanged', async () => {
    const stub = await stubWith();
    const form = await codeForm(stub);
    const all = await Promise.all(Array.from({ length: 5 }, () => post(stub, '/token', form)));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('belongs to its client', async () => {
    const stub = await stubWith();
    const { status, json } = await post(
      stub,
      '/token',
      await codeForm(stub),
      basic('secret-client', 'p@ss word+%'),
    );
    expect([status, json.error]).toEqual([400, 'invalid_grant']);
  });
});

describe('a refresh token', () => {
  test('is replaced, and coming back ends its family', async () => {
    const stub = await stubWith();
    const first = await tokens(stub);
    const { json: second } = await refresh(stub, first.refresh_token);
    expect(second.refresh_token).not.toBe(first.refresh_token);
    const { json: third } = await refresh(stub, second.refresh_token);
    expect(await isActive(stub, third.access_token)).toBe(true);
    expect((await refresh(stub, first.refresh_token)).json.error).toBe('invalid_grant');
    expect((await refresh(stub, third.refresh_token)).json.error).toBe('invalid_grant');
    expect(await isActive(stub, third.access_token)).toBe(false);
  });

  test('of another grant is not touched by that', async () => {
    const stub = await stubWith();
    const [one, other] = [await tokens(stub), await tokens(stub)];
    await refresh(stub, one.refresh_token);
    await refresh(stub, one.refresh_token);
    expect((await refresh(stub, other.refresh_token)).status).toBe(200);
  });

  test('of twenty at once one is taken, and then none', async () => {
    const stub = await stubWith();
    const { refresh_token } = await tokens(stub);
    const all = await Promise.all(Array.from({ length: 20 }, () => refresh(stub, refresh_token)));
    const winners = all.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    expect((await refresh(stub, winners[0]?.json.refresh_token)).json.error).toBe('invalid_grant');
  });

  test('without reuse detection only the spent one is refused', async () => {
    const stub = await stubWith({ reuseKills: false });
    const first = await tokens(stub);
    const { json: second } = await refresh(stub, first.refresh_token);
    expect((await refresh(stub, first.refresh_token)).json.error).toBe('invalid_grant');
    expect((await refresh(stub, second.refresh_token)).status).toBe(200);
  });

  test('is the same, isn’t said, or there is none, as the switch is', async () => {
    const stub = await stubWith({ refresh: 'same' });
    const { refresh_token } = await tokens(stub);
    expect((await refresh(stub, refresh_token)).json.refresh_token).toBe(refresh_token);
    stub.set({ refresh: 'unsaid' });
    expect((await refresh(stub, refresh_token)).json.refresh_token).toBeUndefined();
    expect((await refresh(stub, refresh_token)).status).toBe(200);
    stub.set({ refresh: 'never' });
    expect(await tokens(stub)).not.toHaveProperty('refresh_token');
  });

  test('may ask for less, not for more', async () => {
    const stub = await stubWith({ refresh: 'same' });
    const { refresh_token = '' } = await tokens(stub);
    const ask = (scope: string) =>
      post(stub, '/token', { grant_type: 'refresh_token', refresh_token, scope });
    expect((await ask('read')).json.scope).toBe('read');
    expect((await ask('read admin')).json.error).toBe('invalid_scope');
  });

  test('that was revoked takes its grant with it', async () => {
    const stub = await stubWith();
    const { access_token, refresh_token = '' } = await tokens(stub);
    expect((await post(stub, '/revoke', { token: refresh_token })).status).toBe(200);
    expect(await isActive(stub, access_token)).toBe(false);
    expect((await refresh(stub, refresh_token)).json.error).toBe('invalid_grant');
    expect((await post(stub, '/revoke', { token: 'unknown' })).status).toBe(200);
  });
});

test('a device code is polled through its answers', async () => {
  const stub = await stubWith({
    device: { answers: ['authorization_pending', 'slow_down'], outcome: 'approved' },
  });
  const { json: device } = await post(stub, '/device', { scope: 'read' });
  expect(device).toMatchObject({ interval: 5, expires_in: 900, user_code: 'WDJB-MJHT' });
  const grant_type = 'urn:ietf:params:oauth:grant-type:device_code';
  const poll = () => post(stub, '/token', { grant_type, device_code: String(device.device_code) });
  expect((await poll()).json.error).toBe('authorization_pending');
  expect((await poll()).json.error).toBe('slow_down');
  expect((await poll()).json).toMatchObject({ scope: 'read' });
  expect((await poll()).json.error).toBe('invalid_grant');
  stub.set({ device: { answers: [], outcome: 'access_denied' } });
  const { json: denied } = await post(stub, '/device', {});
  const last = await post(stub, '/token', { grant_type, device_code: String(denied.device_code) });
  expect(last.json.error).toBe('access_denied');
});

test('an ID token is signed, and can be made any way', async () => {
  const stub = await stubWith();
  const { id_token = '' } = await tokens(stub, { scope: 'openid', nonce: 'n-1' });
  const [header = '', claims = '', signature = ''] = id_token.split('.');
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString());
  expect(read(claims)).toMatchObject({ iss: stub.issuer, aud: 'public-client', nonce: 'n-1', sub: 'user-1' });
  const { keys } = (await (await fetch(`${stub.origin}/jwks`)).json()) as { keys: [Record<string, string>] };
  const key = createPublicKey({ key: keys[0], format: 'jwk' });
  const options = { key, dsaEncoding: 'ieee-p1363' } as const;
  expect(
    verify('sha256', Buffer.from(`${header}.${claims}`), options, Buffer.from(signature, 'base64url')),
  ).toBe(true);
  stub.set({ idToken: ({ claims: proper, sign }) => sign({ alg: 'none' }, { ...proper, nonce: 'n-2' }) });
  const odd = (await tokens(stub, { scope: 'openid', nonce: 'n-1' })).id_token?.split('.') ?? [];
  expect([read(odd[0] ?? ''), read(odd[1] ?? '')]).toMatchObject([{ alg: 'none' }, { nonce: 'n-2' }]);
});

test('a token is for the person and the resource it was meant for', async () => {
  const stub = await stubWith();
  const get = (path: string, token?: string) =>
    fetch(
      `${stub.origin}${path}`,
      token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
    );
  const plain = await tokens(stub);
  const meant = await tokens(stub, { resource: stub.resource });
  expect(await (await get('/userinfo', plain.access_token)).json()).toMatchObject({
    email: 'ana@example.com',
  });
  expect((await get('/userinfo', plain.refresh_token)).status).toBe(401);
  expect((await get('/mcp', meant.access_token)).status).toBe(200);
  expect((await get('/mcp', plain.access_token)).status).toBe(401);
  const refused = await get('/mcp');
  expect(refused.headers.get('www-authenticate')).toContain(
    `resource_metadata="${stub.origin}/.well-known/oauth-protected-resource/mcp"`,
  );
});
