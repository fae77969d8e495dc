import type { Edit } from './switches.ts';

/** A token response that is not as it should be: for the `edit` switch of the token endpoint. */
export interface OddToken {
  readonly name: string;
  readonly edit: Edit;
}

const bare = (name: string, body: string): OddToken => ({ name, edit: () => body });
const with_ = (name: string, changes: Readonly<Record<string, unknown>>): OddToken => ({
  name,
  edit: (proper) => ({ ...proper, ...changes }),
});
/** Replaces the value of `expires_in` by text that JSON.stringify wouldn't write. */
const expiry = (text: string): OddToken => ({
  name: `expires_in: ${text}`,
  edit: (proper) =>
    JSON.stringify({ ...proper, expires_in: 0 }).replace('"expires_in":0', `"expires_in":${text}`),
});

/** Everything of case 111 that a server can say instead of a token, by name; who uses it says what must come of each. */
export const ODD_TOKENS: readonly OddToken[] = [
  bare('nothing', ''),
  bare('not JSON', 'access_token=abc&token_type=bearer'),
  bare('HTML', '<!doctype html><title>Welcome</title>'),
  bare('cut JSON', '{"access_token":"abc'),
  bare('an array', '[{"access_token":"abc","token_type":"Bearer"}]'),
  bare('null', 'null'),
  bare('a text', '"abc"'),
  bare('300 deep', `${'{"a":'.repeat(300)}1${'}'.repeat(300)}`),
  bare('100 000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  bare('a byte order mark', '\ufeff{"access_token":"abc","token_type":"Bearer"}'),
  bare('an error with 200', '{"error":"invalid_grant","error_description":"no"}'),
  { name: 'an error beside a token', edit: (proper) => ({ ...proper, error: 'invalid_grant' }) },
  { name: 'no access token', edit: ({ access_token: _, ...rest }) => rest },
  with_('access_token: a number', { access_token: 12345 }),
  with_('access_token: null', { access_token: null }),
  with_('access_token: an object', { access_token: { toString: 'abc' } }),
  with_('access_token: empty', { access_token: '' }),
  with_('access_token: 1 MB', { access_token: 'a'.repeat(1_000_000) }),
  with_('access_token: with CRLF', { access_token: 'abc\r\nX-Injected: 1' }),
  with_('access_token: with NUL', { access_token: 'abc\u0000' }),
  with_('access_token: not ASCII', { access_token: 'äbc' }),
  with_('refresh_token: a number', { refresh_token: 12345 }),
  with_('refresh_token: empty', { refresh_token: '' }),
  {
    name: '__proto__',
    edit: (proper) => JSON.stringify(proper).replace('{', '{"__proto__":{"polluted":true,"expires_in":1},'),
  },
  {
    name: 'constructor',
    edit: (proper) => ({ ...proper, constructor: { prototype: { polluted: true } } }),
  },
  {
    name: 'a field twice',
    edit: (proper) => JSON.stringify(proper).replace('{', '{"access_token":"first",'),
  },
  { name: 'no expires_in', edit: ({ expires_in: _, ...rest }) => rest },
  ...['"3600"', '-1', '0', '1e308', '1e400', 'NaN', '1.5', 'null', 'true', '"soon"', '[3600]'].map(expiry),
  with_('token_type: bEaReR', { token_type: 'bEaReR' }),
  with_('token_type: mac', { token_type: 'mac' }),
  with_('token_type: a number', { token_type: 1 }),
  { name: 'no token_type', edit: ({ token_type: _, ...rest }) => rest },
  with_('scope: wider', { scope: 'read write admin' }),
  with_('scope: narrower', { scope: 'read' }),
  with_('scope: empty', { scope: '' }),
  with_('scope: an array', { scope: ['read', 'write'] }),
  with_('scope: with escapes', { scope: 'read \u001b[2J\u202e' }),
  { name: 'no scope', edit: ({ scope: _, ...rest }) => rest },
];
