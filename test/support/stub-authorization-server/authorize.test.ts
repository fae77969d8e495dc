import { describe, expect, test } from 'vitest';
import { authorizationUrl, pkce, REDIRECT_URI, stubWith } from './by-hand.ts';
import { consent } from './consent.ts';

describe('authorization', () => {
  test('redirects at once with code, state and iss', async () => {
    const stub = await stubWith();
    const back = await consent(authorizationUrl(stub, { code_challenge: pkce().challenge }));
    expect(`${back?.origin}${back?.pathname}`).toBe(REDIRECT_URI);
    expect([...(back?.searchParams.keys() ?? [])]).toEqual(['code', 'state', 'iss']);
    expect(back?.searchParams.get('state')).toBe('state-1');
    expect(back?.searchParams.get('iss')).toBe(stub.issuer);
  });

  test.each([
    ['no client', { client_id: undefined }],
    ['an unknown client', { client_id: 'nobody' }],
    ['no redirect URI', { redirect_uri: undefined }],
    ['a redirect URI elsewhere', { redirect_uri: 'https://evil.example/callback' }],
    ['a redirect URI with a fragment', { redirect_uri: `${REDIRECT_URI}#a` }],
  ])('%s is not redirected', async (_, changes) => {
    const stub = await stubWith();
    expect(
      await consent(authorizationUrl(stub, { code_challenge: pkce().challenge, ...changes })),
    ).toBeUndefined();
  });

  test.each([
    ['no challenge', {}, 'invalid_request'],
    ['plain', { code_challenge: 'a'.repeat(43), code_challenge_method: 'plain' }, 'invalid_request'],
    [
      'a challenge without method',
      { code_challenge: 'a'.repeat(43), code_challenge_method: undefined },
      'invalid_request',
    ],
    ['no SHA-256', { code_challenge: 'a'.repeat(42) }, 'invalid_request'],
    [
      'another response type',
      { code_challenge: 'a'.repeat(43), response_type: 'token' },
      'unsupported_response_type',
    ],
  ])('%s is an error with state and iss', async (_, changes, error) => {
    const stub = await stubWith();
    const back = await consent(authorizationUrl(stub, changes));
    expect(back?.searchParams.get('error')).toBe(error);
    expect(back?.searchParams.has('code')).toBe(false);
    expect([back?.searchParams.get('state'), back?.searchParams.get('iss')]).toEqual([
      'state-1',
      stub.issuer,
    ]);
  });

  test('what the person does, and what the redirect says, are switches', async () => {
    const stub = await stubWith({
      requirePkce: false,
      consent: { error: 'access_denied', description: '<b>' },
    });
    const ask = async () => (await consent(authorizationUrl(stub)))?.searchParams;
    expect(Object.fromEntries((await ask()) ?? [])).toMatchObject({
      error: 'access_denied',
      error_description: '<b>',
    });
    stub.set({ consent: 'never' });
    expect(await ask()).toBeUndefined();
    stub.set({ consent: 'given', iss: 'withheld' });
    expect((await ask())?.has('iss')).toBe(false);
    stub.set({ iss: 'announced', editRedirect: (answer) => answer.set('iss', 'https://evil.example') });
    expect((await ask())?.get('iss')).toBe('https://evil.example');
    stub.set({ editRedirect: (answer) => answer.append('state', 'second') });
    expect((await ask())?.getAll('state')).toEqual(['state-1', 'second']);
  });

  test('a registered redirect URI may differ in the port of a loopback address alone', async () => {
    const redirectUris = ['http://127.0.0.1/callback', 'https://a.example/b'];
    const stub = await stubWith({ clients: [{ id: 'public-client', redirectUris }], requirePkce: false });
    const isTaken = async (redirect_uri: string): Promise<boolean> =>
      (await consent(authorizationUrl(stub, { redirect_uri }))) !== undefined;
    expect(await isTaken('http://127.0.0.1:4711/callback')).toBe(true);
    expect(await isTaken('https://a.example/b')).toBe(true);
    expect(await isTaken('http://127.0.0.1:4711/other')).toBe(false);
    expect(await isTaken('http://localhost:4711/callback')).toBe(false);
    expect(await isTaken('https://a.example:8443/b')).toBe(false);
  });
});
