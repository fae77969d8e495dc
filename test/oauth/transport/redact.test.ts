import { expect, test } from 'vitest';
import { basicCredentials } from '../../../src/oauth/library.ts';
import { redacted } from '../../../src/oauth/transport/redact.ts';

const FORM = {
  url: 'https://as.test/token',
  method: 'POST',
  headers: { Authorization: basicCredentials('client-id', 'p@ss word+%') },
  body: new URLSearchParams({
    ...{ grant_type: 'authorization_code', client_id: 'client-id', code: 'canary/code+1' },
    ...{
      code_verifier: 'canary-verifier',
      refresh_token: 'canary-refresh',
      redirect_uri: 'http://127.0.0.1/',
    },
  }).toString(),
};
const inError = (description: string, request: Parameters<typeof redacted>[1] = FORM): string =>
  JSON.parse(redacted(JSON.stringify({ error: 'x', error_description: description }), request))
    .error_description;

test.each([
  ['a code', 'canary/code+1'],
  ['a code as it was in the form', 'canary%2Fcode%2B1'],
  ['a verifier', 'canary-verifier'],
  ['a refresh token', 'canary-refresh'],
  ['a client secret', 'p@ss word+%'],
  ['a client secret as it was in the header', 'p%40ss+word%2B%25'],
  ['the header', basicCredentials('client-id', 'p@ss word+%').slice('Basic '.length)],
])('%s that is repeated is taken out', (_, secret) => {
  expect(inError(`you sent ${secret}, twice ${secret}`)).toBe('you sent [secret], twice [secret]');
  expect(redacted(`no JSON: ${secret}`, FORM)).toBe('no JSON: [secret]');
});

test('what a JSON body and a bearer header carried, too', () => {
  const headers = { authorization: 'Bearer canary-access' };
  const json = { ...FORM, headers, body: JSON.stringify({ token: 'canary-token', count: 1 }) };
  expect(inError('canary-access canary-token', json)).toBe('[secret] [secret]');
  expect(inError('canary-access', { ...json, body: undefined })).toBe('[secret]');
});

test('however it is escaped or nested', () => {
  const text = '{"a":[{"b":"\\u0063anary-verifier"}],"n":1}';
  expect(JSON.parse(redacted(text, FORM))).toEqual({ a: [{ b: '[secret]' }], n: 1 });
});

test('what is no secret stays, and so does a token in a field of its own', () => {
  expect(inError('client-id at http://127.0.0.1/ with authorization_code')).toBe(
    'client-id at http://127.0.0.1/ with authorization_code',
  );
  const text = '{"access_token":"a-new-one","refresh_token":"canary-refresh","expires_in":1e400}';
  expect(redacted(text, FORM)).toBe(text);
  const tiny = { ...FORM, body: 'client_secret=bear' };
  expect(inError('a bearer token', tiny)).toBe('a bearer token');
});

test('an answer that nobody can walk through is none', () => {
  const deep = 100_000;
  expect(redacted(`{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`, FORM)).toBe('');
});
