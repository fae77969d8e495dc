import { createHmac, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';
import type { ProperIdToken, Switches } from '../support/stub-authorization-server/switches.ts';
import {
  authorization,
  authorize,
  bystander,
  failureOf,
  publicClient,
  REDIRECT_URI,
  scopes,
} from './fixtures/peer.ts';

const OPENID = scopes('openid', 'read');
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const ago = (seconds: number): number => Math.floor(Date.now() / 1000) - seconds;

type Make = Switches['idToken'];
const claims =
  (changes: Readonly<Record<string, unknown>>): Make =>
  ({ header, claims: proper, sign }) =>
    sign(header, { ...proper, ...changes });
const header =
  (changes: Readonly<Record<string, unknown>>): Make =>
  ({ header: proper, claims: all, sign }) =>
    sign({ ...proper, ...changes }, all);
const without =
  (name: string): Make =>
  ({ header: proper, claims: all, sign }) => {
    const { [name]: _, ...rest } = all;
    return sign(proper, rest);
  };
const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const hmac: Make = ({ claims: all }) => {
  const input = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(all)}`;
  const key = publicKey.export({ type: 'spki', format: 'pem' });
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
};

test('an ID token names the account', async () => {
  const stub = await stubWith();
  const tokens = await authorize(publicClient(stub), OPENID);
  expect(tokens).toMatchObject({ account: 'ana@example.com', subject: 'user-1' });
  const endpoints = stub.requests.map(({ endpoint }) => endpoint);
  expect(endpoints).toEqual(['authorize', 'token', 'jwks']);
});

test.each<[string, Make]>([
  ['alg none', ({ claims: all }) => `${part({ alg: 'none' })}.${part(all)}.`],
  ['HS256 with the RSA public key', hmac],
  ['an algorithm that was not announced', header({ alg: 'PS256' })],
  [
    'a signature of somebody else',
    ({ header: h, claims: all }) => `${part(h)}.${part(all)}.${'A'.repeat(86)}`,
  ],
  [
    'another payload under the signature',
    ({ header: h, claims: all, sign }) => {
      const [first, , last] = sign(h, all).split('.');
      return `${first}.${part({ ...all, email: 'eve@example.com' })}.${last}`;
    },
  ],
  ['a key that is not the server’s', header({ kid: 'other' })],
  ['a critical extension', header({ crit: ['x'], x: 1 })],
  ['aud: another', claims({ aud: 'someone' })],
  ['aud: several without azp', claims({ aud: ['public-client', 'someone'] })],
  ['azp: another', claims({ aud: ['public-client', 'someone'], azp: 'someone' })],
  ['iss: another', claims({ iss: 'https://elsewhere.example' })],
  ['iss: with a slash', (proper) => claims({ iss: `${String(proper.claims.iss)}/` })(proper)],
  ['nonce: another', claims({ nonce: 'x' })],
  ['nonce: missing', without('nonce')],
  ['exp: past', claims({ exp: ago(120) })],
  ['exp: missing', without('exp')],
  ['exp: a text', claims({ exp: 'tomorrow' })],
  ['iat: a week old', claims({ iat: ago(7 * 86_400) })],
  ['iat: a week ahead', claims({ iat: ago(-7 * 86_400) })],
  ['iat: missing', without('iat')],
  ['nbf: tomorrow', claims({ nbf: ago(-86_400) })],
  ['sub: missing', without('sub')],
  ['sub: a number', claims({ sub: 7 })],
  ['no JWT', () => 'abc'],
  ['an encrypted one', () => 'a.b.c.d.e'],
])('refused: %s', async (_, idToken) => {
  const stub = await stubWith({ idToken });
  const failure = await failureOf(authorize(publicClient(stub), OPENID));
  expect(failure.code).toMatch(/^(authorization_mismatch|provider_failed)$/);
  expect(failure.message).not.toContain('example.com');
  // Nobody has the tokens, so nothing of them stays alive.
  const revoked = stub.requests
    .filter(({ endpoint }) => endpoint === 'revoke')
    .map(({ form }) => form.get('token'));
  expect(revoked).toEqual([expect.stringMatching(/^rt_/), expect.stringMatching(/^at_/)]);
  expect(failure.cause).toBeUndefined();
});

test.each(['jku', 'x5u', 'jwk'])('%s in the header is never used', async (name) => {
  const other = await bystander();
  const key = name === 'jwk' ? publicKey.export({ format: 'jwk' }) : `${other.origin}/keys`;
  const stub = await stubWith({ idToken: header({ [name]: key }) });
  // The server's own key is what it is checked with, and it fits.
  await authorize(publicClient(stub), OPENID);
  expect(other.bytes()).toHaveLength(0);
});

test('no kid and two keys that fit: refused; one: accepted', async () => {
  const noKid: Make = ({ header: { kid: _, ...rest }, claims: all, sign }: ProperIdToken) => sign(rest, all);
  const stub = await stubWith({ idToken: noKid });
  await authorize(publicClient(stub), OPENID);
  stub.set({
    edit: {
      jwks: (proper) => ({
        keys: [(proper.keys as object[])[0], { ...(proper.keys as object[])[0], kid: 'b' }],
      }),
    },
  });
  expect(await failureOf(authorize(publicClient(stub), OPENID))).toMatchObject({
    code: 'authorization_mismatch',
  });
});

test('a JWK without alg is used', async () => {
  const stub = await stubWith({
    edit: { jwks: ({ keys }) => ({ keys: (keys as { alg?: string }[]).map(({ alg: _, ...rest }) => rest) }) },
  });
  expect((await authorize(publicClient(stub), OPENID)).subject).toBe('user-1');
});

test('50 000 keys are too many', async () => {
  const stub = await stubWith({
    edit: { jwks: ({ keys }) => ({ keys: Array(50_000).fill((keys as object[])[0]) }) },
  });
  const failure = await failureOf(authorize(publicClient(stub), OPENID));
  expect(failure.message).toMatch(/answered with more than 1024 KiB$/);
});

test('openid was asked for and no ID token came: refused', async () => {
  const stub = await stubWith({ edit: { token: ({ id_token: _, ...rest }) => rest } });
  expect(await failureOf(authorize(publicClient(stub), OPENID))).toMatchObject({
    code: 'authorization_mismatch',
  });
});

test('one that nobody can check, or nobody asked for, is not read', async () => {
  const stub = await stubWith({ edit: { token: (proper) => ({ ...proper, id_token: 'forged' }) } });
  const unread = { account: undefined, subject: undefined };
  expect(await authorize(publicClient(stub, { openid: false }), OPENID)).toMatchObject(unread);
  expect(await authorize(publicClient(stub))).toMatchObject(unread);
});

test('userinfo is about the same person, or nobody', async () => {
  const stub = await stubWith();
  const client = publicClient(stub);
  const tokens = { ...(await authorize(client, OPENID)), account: undefined };
  expect(await authorization().identify(client, tokens, OPENID)).toBe('ana@example.com');
  stub.set({ account: { sub: 'user-2', email: 'eve@example.com', preferred_username: 'eve' } });
  expect(await failureOf(authorization().identify(client, tokens, OPENID))).toMatchObject({
    code: 'authorization_mismatch',
  });
});

test('an attempt without openid carries no nonce', async () => {
  const stub = await stubWith();
  const asked = { redirectUri: REDIRECT_URI, scopes: scopes('read') };
  const { url } = await authorization().begin(publicClient(stub), asked);
  expect(new URL(url).searchParams.has('nonce')).toBe(false);
});
