import { describe, expect, test } from 'vitest';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';
import type { Answer } from '../support/stub-authorization-server/switches.ts';
import { authorization, authorize, failureOf, held, publicClient, secretClient } from './fixtures/peer.ts';

const revoke = (...args: Parameters<ReturnType<typeof authorization>['revoke']>) =>
  authorization().revoke(...args);
const said = (error: string): Answer => ({ kind: 'body', status: 400, body: JSON.stringify({ error }) });

test('refresh token first, then access token (RFC 7009); both are dead', async () => {
  const stub = await stubWith();
  const client = secretClient(stub);
  const tokens = await authorize(client);
  expect(await revoke(client, held(client, tokens))).toEqual({ kind: 'revoked' });
  const [first, second] = stub.requests.filter(({ endpoint }) => endpoint === 'revoke');
  expect(first?.form.get('token')).toBe(tokens.refreshToken?.reveal());
  expect(first?.form.get('token_type_hint')).toBe('refresh_token');
  expect(second?.form.get('token')).toBe(tokens.accessToken.reveal());
  expect(first?.headers.authorization).toMatch(/^Basic /);
  expect(await authorization().refresh(client, held(client, tokens))).toMatchObject({ kind: 'refused' });
});

test('nothing left to take back: nothing is sent', async () => {
  const stub = await stubWith();
  const client = publicClient(stub);
  const none = { ...held(client, await authorize(client)), accessToken: undefined, refreshToken: undefined };
  const sent = stub.requests.length;
  expect(await revoke(client, none)).toEqual({ kind: 'revoked' });
  expect(stub.requests).toHaveLength(sent);
});

test('a server that has no way', async () => {
  const stub = await stubWith();
  const client = publicClient(stub, { revocationEndpoint: null });
  const outcome = await revoke(client, held(client, await authorize(client)));
  expect(outcome).toEqual({ kind: 'unsupported', page: null });
});

describe('what is gone already', () => {
  test.each(['invalid_token', 'invalid_grant'])('%s is a success', async (error) => {
    const stub = await stubWith();
    const client = publicClient(stub);
    const tokens = held(client, await authorize(client));
    stub.set({ answers: { revoke: said(error) } });
    expect(await revoke(client, tokens)).toEqual({ kind: 'revoked' });
  });

  test('an access token that can’t be revoked ends by itself; a refresh token doesn’t', async () => {
    const stub = await stubWith();
    const client = publicClient(stub);
    const tokens = held(client, await authorize(client));
    stub.set({ answers: { revoke: said('unsupported_token_type') } });
    expect(await failureOf(revoke(client, tokens))).toMatchObject({ code: 'provider_failed' });
    expect(await revoke(client, { ...tokens, refreshToken: undefined })).toEqual({ kind: 'revoked' });
  });
});

test.each<[string, Answer, string]>([
  ['invalid_client', said('invalid_client'), 'provider_failed'],
  ['503', { kind: 'body', status: 503, body: '' }, 'provider_failed'],
  ['a cut', { kind: 'cut', when: 'before' }, 'provider_unreachable'],
])('not revoked: %s', async (_, answer, code) => {
  const stub = await stubWith();
  const client = publicClient(stub);
  const tokens = held(client, await authorize(client));
  stub.set({ answers: { revoke: answer } });
  expect(await failureOf(revoke(client, tokens))).toMatchObject({ code });
});
