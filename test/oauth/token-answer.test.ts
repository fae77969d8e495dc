import { describe, expect, test } from 'vitest';
import { stubWith } from '../support/stub-authorization-server/by-hand.ts';
import { ODD_TOKENS, type OddToken } from '../support/stub-authorization-server/token-battery.ts';
import { authorization, authorize, failureOf, held, publicClient, secretClient } from './fixtures/peer.ts';

/** What must come of an answer that isn't as it should be: what is stored, or what is said of it. */
type Verdict =
  | RegExp
  | { readonly expiresIn?: number | null; readonly scopes?: readonly string[] | undefined };

const LIFE = 3600;
const TEN_YEARS = 10 * 365 * 86_400;
const ACCEPTED = { expiresIn: LIFE, scopes: ['read', 'write'] } as const;

const VERDICTS: Readonly<Record<string, Verdict>> = {
  nothing: /is no JSON object/,
  'not JSON': /is no JSON object/,
  HTML: /is no JSON object/,
  'cut JSON': /is no JSON object/,
  'an array': /is no JSON object/,
  null: /is no JSON object/,
  'a text': /is no JSON object/,
  '300 deep': /holds no access token/,
  '100 000 deep': /is no JSON object/,
  'a byte order mark': /is no JSON object/,
  'an error with 200': /refused with invalid_grant: no$/,
  'an error beside a token': /refused with invalid_grant$/,
  'no access token': /holds no access token/,
  'access_token: a number': /holds no access token/,
  'access_token: null': /holds no access token/,
  'access_token: an object': /holds no access token/,
  'access_token: empty': /holds no access token/,
  'access_token: 1 MB': /longer than any server takes/,
  'access_token: with CRLF': /characters that no header can carry/,
  'access_token: with NUL': /characters that no header can carry/,
  'access_token: not ASCII': /characters that no header can carry/,
  'refresh_token: a number': /refresh_token that is no text/,
  'refresh_token: empty': ACCEPTED,
  // Not a plain key, which would set the prototype.
  ['__proto__' as string]: ACCEPTED,
  constructor: ACCEPTED,
  'a field twice': ACCEPTED,
  'no expires_in': { ...ACCEPTED, expiresIn: null },
  'expires_in: "3600"': ACCEPTED,
  'expires_in: -1': /does not say in seconds/,
  'expires_in: 0': { ...ACCEPTED, expiresIn: 0 },
  'expires_in: 1e308': /does not say in seconds/,
  'expires_in: 1e400': /does not say in seconds/,
  'expires_in: NaN': /is no JSON object/,
  'expires_in: 1.5': { ...ACCEPTED, expiresIn: 1 },
  'expires_in: null': { ...ACCEPTED, expiresIn: null },
  'expires_in: true': /does not say in seconds/,
  'expires_in: "soon"': /does not say in seconds/,
  'expires_in: [3600]': /does not say in seconds/,
  'token_type: bEaReR': ACCEPTED,
  'token_type: mac': /holds no bearer token/,
  'token_type: a number': /does not say what kind/,
  'no token_type': /does not say what kind/,
  'scope: wider': { ...ACCEPTED, scopes: ['read', 'write', 'admin'] },
  'scope: narrower': { ...ACCEPTED, scopes: ['read'] },
  'scope: empty': { ...ACCEPTED, scopes: [] },
  'scope: an array': /lists scopes in a way/,
  'scope: with escapes': { ...ACCEPTED, scopes: ['read'] },
  'no scope': { ...ACCEPTED, scopes: undefined },
};

const NOW = Date.UTC(2026, 5, 1);

describe('★ whatever a server says instead of a token', () => {
  test('there is a verdict for each of the battery, and no other', () => {
    expect(Object.keys(VERDICTS).sort()).toEqual(ODD_TOKENS.map(({ name }) => name).sort());
  });

  test.each(ODD_TOKENS.map((odd) => [odd.name, odd] as const))('%s', async (name, { edit }) => {
    const stub = await stubWith({ edit: { token: edit } });
    const verdict = VERDICTS[name];
    const asked = authorize(publicClient(stub), undefined, authorization({ now: () => NOW }));
    if (verdict instanceof RegExp) {
      const failure = await failureOf(asked);
      expect(failure.code).toBe('provider_failed');
      expect(failure.message).toMatch(verdict);
      expect(failure.message).not.toMatch(/abc|at_|rt_/);
      expect(failure.cause).toBeUndefined();
    } else {
      const tokens = await asked;
      expect(tokens.accessToken.reveal()).toMatch(/^at_/);
      const { expiresIn, scopes } = verdict ?? {};
      expect(tokens.expiresAt).toBe(expiresIn === null ? null : NOW + Number(expiresIn) * 1000);
      expect(tokens.scopes).toEqual(scopes);
      if (name === 'refresh_token: empty') expect(tokens.refreshToken).toBeUndefined();
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  /** What many do: parse, and take the fields as they are. The battery tells it from ours. */
  const naive = (body: string): { token: unknown; expiresAt: number } => {
    const { access_token, expires_in } = JSON.parse(body);
    return { token: access_token, expiresAt: NOW + expires_in * 1000 };
  };
  test.each(['access_token: with CRLF', 'expires_in: 1e308', 'expires_in: -1', 'an error beside a token'])(
    'broken variant: %s gets through where fields are taken as they are',
    (name) => {
      const { edit } = ODD_TOKENS.find((odd) => odd.name === name) as OddToken;
      const odd = edit({ access_token: 'at_1', token_type: 'Bearer', expires_in: LIFE });
      const stored = naive(typeof odd === 'string' ? odd : JSON.stringify(odd));
      const isSound = /^[\x21-\x7e]+$/.test(String(stored.token)) && stored.expiresAt === NOW + LIFE * 1000;
      expect(VERDICTS[name]).toBeInstanceOf(RegExp);
      expect(isSound).toBe(name === 'an error beside a token');
    },
  );
});

test('68 years, which some write for never, are kept as ten', async () => {
  const stub = await stubWith({ edit: { token: (proper) => ({ ...proper, expires_in: 2 ** 31 - 1 }) } });
  const tokens = await authorize(publicClient(stub), undefined, authorization({ now: () => NOW }));
  expect(tokens.expiresAt).toBe(NOW + TEN_YEARS * 1000);
});

test('HTML by its type is refused before it is read', async () => {
  const body = JSON.stringify({ access_token: 'at_1', token_type: 'bearer' });
  const html = { kind: 'body', body, headers: { 'content-type': 'text/html' } } as const;
  const stub = await stubWith({ answers: { token: html } });
  const failure = await failureOf(authorize(publicClient(stub)));
  expect(failure.message).toMatch(/answered with text\/html, not with JSON/);
});

describe('what a server says in an error', () => {
  const LOUD = 'no\r\n::add-mask::x\u001b[2J\u202e\u0007\n'.repeat(30_000);

  test('is one cut line without controls', async () => {
    const body = JSON.stringify({
      error: `bad\n\u001b]0;x\u0007${'e'.repeat(1000)}`,
      error_description: LOUD,
    });
    const stub = await stubWith({ answers: { token: { kind: 'body', status: 400, body } } });
    const failure = await failureOf(authorization().clientCredentials(secretClient(stub), []));
    expect(failure.code).toBe('provider_failed');
    expect(failure.message).toMatch(/^[\x20-\x7e…]{20,400}$/u);
  });

  test('is not read at all when there is too much of it', async () => {
    const body = JSON.stringify({ error: 'x', error_description: 'a'.repeat(2 << 20) });
    const stub = await stubWith({ answers: { token: { kind: 'body', status: 400, body } } });
    const failure = await failureOf(authorization().clientCredentials(secretClient(stub), []));
    expect(failure.message).toMatch(/answered with more than 1024 KiB$/);
  });

  test('goes before a challenge in the header', async () => {
    const stub = await stubWith();
    const failure = await failureOf(
      authorization().clientCredentials({ ...secretClient(stub), clientId: 'nobody' }, []),
    );
    expect(failure.message).toMatch(/refused with invalid_client: unknown client$/);
  });

  test.each([400, 401, 404, 429, 500, 503])('nothing but %i', async (status) => {
    const stub = await stubWith({ answers: { token: { kind: 'body', status, body: '<p>' } } });
    const failure = await failureOf(authorization().clientCredentials(secretClient(stub), []));
    expect(failure.message).toMatch(new RegExp(`answered ${status}$`));
  });
});

test('a refresh token that no header could carry is no better', async () => {
  const stub = await stubWith();
  const client = publicClient(stub);
  const tokens = await authorize(client);
  stub.set({ edit: { token: (proper) => ({ ...proper, refresh_token: 'a\nb' }) } });
  expect(await authorization().refresh(client, held(client, tokens))).toMatchObject({ kind: 'no-answer' });
});

test('tokens of a refused answer are given back, but those of a refresh: with them would go the grant they are of', async () => {
  const stub = await stubWith();
  const client = publicClient(stub);
  const tokens = await authorize(client);
  stub.set({ edit: { token: (proper) => ({ ...proper, scope: ['read'], refresh_token: 7 }) } });
  expect(await authorization().refresh(client, held(client, tokens))).toMatchObject({ kind: 'no-answer' });
  const revoked = () =>
    stub.requests.flatMap(({ endpoint, form }) => (endpoint === 'revoke' ? [form.get('token')] : []));
  expect(revoked()).toEqual([]);
  await failureOf(authorize(client));
  expect(revoked()).toEqual([expect.stringMatching(/^at_/)]);
});
