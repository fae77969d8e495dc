import { describe, expect, test } from 'vitest';
import { stampOf } from '../../src/domain/apps/app.ts';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';
import type { RunningStub } from '../support/stub-authorization-server/start.ts';
import {
  authorization,
  authorize,
  bystander,
  codeFor,
  failureOf,
  held,
  publicClient,
  REDIRECT_URI,
  scopes,
  secretClient,
} from './fixtures/peer.ts';

const ASKED = { redirectUri: REDIRECT_URI, scopes: scopes('read') };
const tokenRequests = ({ requests }: RunningStub) => requests.filter(({ endpoint }) => endpoint === 'token');

describe('★ a code goes to nobody but the server whose page gave it', () => {
  test.each<[string, 'announced' | 'withheld', (parameters: URLSearchParams) => void]>([
    ['`iss` of another server', 'announced', (all) => all.set('iss', 'https://elsewhere.example')],
    ['`iss` with a slash more', 'announced', (all) => all.set('iss', `${all.get('iss')}/`)],
    ['`iss` missing though announced', 'withheld', () => {}],
    ['`iss` empty though announced', 'announced', (all) => all.set('iss', '')],
  ])('%s', async (_, iss, editRedirect) => {
    const stub = await stubWith({ iss, editRedirect });
    const attempt = await authorization().begin(publicClient(stub), ASKED);
    const failure = await failureOf(attempt.exchange(await codeFor(attempt)));
    expect(failure.code).toBe('authorization_mismatch');
    expect(tokenRequests(stub)).toEqual([]);
  });

  test('the redirect of another attempt', async () => {
    const stub = await stubWith();
    const api = authorization();
    const [one, two] = [
      await api.begin(publicClient(stub), ASKED),
      await api.begin(publicClient(stub), ASKED),
    ];
    const failure = await failureOf(two.exchange(await codeFor(one)));
    expect(failure.code).toBe('authorization_mismatch');
    expect(tokenRequests(stub)).toEqual([]);
  });

  // The same redirects with facts that know nothing of `iss`: this is what the check is for.
  test('broken variant: without the announcement a missing `iss` gets the code sent', async () => {
    const stub = await stubWith({ iss: 'withheld' });
    const attempt = await authorization().begin(publicClient(stub, { issInResponse: false }), ASKED);
    await attempt.exchange(await codeFor(attempt));
    expect(tokenRequests(stub)).toHaveLength(1);
  });

  test.each(['token_endpoint', 'authorization_endpoint'])(
    'metadata with the %s of another server',
    async (name) => {
      const other = await bystander();
      const stub = await stubWith({
        edit: { 'oauth-metadata': (proper) => ({ ...proper, [name]: `${other.origin}/x` }) },
      });
      const failure = await failureOf(authorization().discover(stub.issuer));
      expect(failure.code).toBe('authorization_mismatch');
      expect(failure.hint).toContain('by hand');
      expect(other.bytes()).toHaveLength(0);
    },
  );

  test('broken variant: facts that were taken as they came send it there', async () => {
    const other = await bystander();
    const stub = await stubWith();
    const client = publicClient(stub, { tokenEndpoint: `${other.origin}/token` });
    await authorize(client);
    expect(other.bytes().toString()).toContain('code_verifier');
  });

  test.each(['device_authorization_endpoint', 'revocation_endpoint', 'userinfo_endpoint'])(
    'a %s elsewhere is as good as none',
    async (name) => {
      const other = await bystander();
      const stub = await stubWith({
        edit: { 'oauth-metadata': (proper) => ({ ...proper, [name]: `${other.origin}/x` }) },
      });
      const { server } = await authorization().discover(stub.issuer);
      expect(JSON.stringify(server)).not.toContain(other.origin);
    },
  );
});

describe('★ tokens go back only where they came from', () => {
  test.each<
    [string, (one: RunningStub, two: RunningStub) => Partial<ReturnType<typeof publicClient>['server']>]
  >([
    ['another server', (_, two) => publicClient(two).server],
    [
      'the same issuer with its token endpoint elsewhere',
      (_, two) => ({ tokenEndpoint: `${two.origin}/token` }),
    ],
    ['another issuer at the same address', (one) => ({ issuer: `${one.issuer}/tenant` })],
  ])('after discovery found %s', async (_, found) => {
    const [one, two] = [await stubWith(), await stubWith()];
    const before = publicClient(one);
    const tokens = held(before, await authorize(before));
    const after = { ...before, server: { ...before.server, ...found(one, two) } };
    const sent = one.requests.length;
    for (const step of ['refresh', 'revoke'] as const) {
      expect(await failureOf(authorization()[step](after, tokens))).toMatchObject({
        code: 'authorization_mismatch',
      });
    }
    expect(two.bytes()).toHaveLength(0);
    expect(one.requests).toHaveLength(sent);
    // Broken variant: a stamp that follows the app instead of the tokens.
    const followed = { ...tokens, stamp: stampOf(after.server) };
    await authorization().refresh(after, followed);
    expect(one.requests.length + two.requests.length).toBeGreaterThan(sent);
  });

  test('a moved path at the same origin is still the same server', async () => {
    const stub = await stubWith();
    const client = publicClient(stub);
    expect(stampOf({ ...client.server, tokenEndpoint: `${stub.origin}/v2/token` })).toBe(
      stampOf(client.server),
    );
  });
});

describe('★ no request follows a redirect', () => {
  const target = async (status: 301 | 302 | 303 | 307 | 308) => {
    const other = await bystander();
    return { other, redirect: { kind: 'redirect', status, to: `${other.origin}/stolen` } as const };
  };

  test.each([301, 302, 303, 307, 308] as const)('%i', async (status) => {
    const { other, redirect } = await target(status);
    const stub = await stubWith();
    const client = secretClient(stub);
    const tokens = await authorize(client);
    const attempt = await authorization().begin(client, ASKED);
    const code = await codeFor(attempt);
    stub.set({
      answers: {
        token: redirect,
        revoke: redirect,
        userinfo: redirect,
        device: redirect,
        register: redirect,
        'oauth-metadata': redirect,
        'resource-metadata': redirect,
      },
    });
    const api = authorization();
    const discovery = { server: client.server, registrationEndpoint: `${stub.origin}/register` };
    const all = { ...discovery, takesMetadataDocuments: false, scopes: [], clientAuth: ['none'] as const };
    const failures = [
      await failureOf(attempt.exchange(code)),
      await failureOf(api.clientCredentials(client, [])),
      await failureOf(api.revoke(client, held(client, tokens))),
      await failureOf(api.identify(client, { ...tokens, account: undefined }, [])),
      await failureOf(api.startDevice(client, [])),
      await failureOf(api.register(all, { name: 'x', redirectUri: REDIRECT_URI, scopes: [] })),
      await failureOf(api.discover(stub.issuer)),
      await failureOf(api.discoverResource(stub.resource)),
    ];
    const refreshed = await api.refresh(client, held(client, tokens));
    expect(refreshed.kind).toBe('failed');
    if (refreshed.kind === 'failed') failures.push(refreshed.failure);
    const named = `redirects to ${new URL(other.origin).host}, and redirects are not followed`;
    for (const failure of failures)
      expect([failure.code, failure.message]).toEqual(['provider_failed', expect.stringContaining(named)]);
    expect(other.bytes()).toHaveLength(0);
  });

  test('broken variant: `fetch` as it comes hands the refresh token on', async () => {
    const { other, redirect } = await target(307);
    const stub = await stubWith({ answers: { token: redirect } });
    await fetch(`${stub.origin}/token`, {
      method: 'POST',
      body: new URLSearchParams({ refresh_token: 'rt_1' }),
    });
    expect(other.requests[0]?.form.get('refresh_token')).toBe('rt_1');
  });

  test.each([
    ['https to http', 'http://auth.example/token'],
    ['nowhere', ''],
    ['a script', 'javascript:alert(1)'],
  ])('%s', async (_, to) => {
    const stub = await stubWith({ answers: { token: { kind: 'redirect', status: 302, to } } });
    const failure = await failureOf(authorization().clientCredentials(secretClient(stub), []));
    expect(failure.message).toContain('redirects are not followed');
  });
});

test('plain http is spoken on this machine alone', async () => {
  const stub = await stubWith();
  const client = secretClient(stub);
  const outside = { ...client, server: { ...client.server, tokenEndpoint: 'http://192.0.2.1/token' } };
  const failure = await failureOf(authorization().clientCredentials(outside, []));
  expect(failure.message).toBe('nothing was sent to 192.0.2.1: its URL is neither https nor on this machine');
});
