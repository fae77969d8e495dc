import type { TokenRules } from '../domain/apps/provider.ts';
import { type ProviderScope, splitScopes } from '../domain/apps/scopes.ts';
import type { HeldTokens } from '../domain/ports/authorization.ts';
import { Secret } from '../domain/secret.ts';
import { Failure } from '../errors.ts';
import type { Habits } from './habits.ts';
import { field, isObject, type JsonObject, readObject, textAt, textField } from './json.ts';
import { oneLine } from './one-line.ts';

/** What a token endpoint answered, read and typed. Texts are as they came, but fit for a header. */
export interface TokenAnswer {
  readonly kind: 'tokens';
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Seconds; undefined: unsaid. */
  readonly expiresIn: number | undefined;
  readonly scopes: readonly ProviderScope[] | undefined;
  readonly idToken: string | undefined;
  readonly account: string | undefined;
}

export interface ErrorAnswer {
  readonly kind: 'error';
  /** One line of at most 64 characters. */
  readonly error: string;
  readonly description: string | undefined;
}

/** What the request was for: a code's answer may be nested, and only there and with a device code is an ID token read. */
export type Purpose = 'code' | 'device' | 'refresh' | 'client-credentials';

/** No header of any server takes a longer one. */
const LONGEST_TOKEN = 64 * 1024;
/** 1*VSCHAR of RFC 6749 appendix A.12, without the space: what a header can carry, and a command line can print. */
const HEADER_SAFE = /^[\x21-\x7e]+$/;
const LONGEST_ACCOUNT = 100;
/** A digit or more, as some servers write it in quotes. */
const DIGITS = /^[0-9]{1,15}$/;

/**
 * Reads the body of a token answer. An object that says `error` is an error whatever its status; a success needs an
 * access token that a header can carry and a token type that is a bearer token's. JSON's null and an empty text mean
 * that an optional field isn't there. Nothing is guessed: what else is not as it should be refuses the whole answer.
 *
 * @throws Failure `provider_failed` naming the host and the field, never its value.
 */
export function readTokenAnswer(
  body: string,
  habits: Habits,
  { purpose, host }: { readonly purpose: Purpose; readonly host: string },
): TokenAnswer | ErrorAnswer {
  const whole = readObject(body);
  if (whole === undefined) throw odd(host, 'is no JSON object');
  const error = readError(whole, habits.token);
  if (error !== undefined) return error;
  const object = nested(whole, habits.token, purpose) ?? {};
  const accessToken = field(object, 'access_token');
  if (typeof accessToken !== 'string' || accessToken === '') throw odd(host, 'holds no access token');
  const refreshToken = optionalText(object, 'refresh_token', host);
  for (const token of [accessToken, refreshToken ?? accessToken]) {
    if (token.length > LONGEST_TOKEN) throw odd(host, 'holds a token longer than any server takes');
    if (!HEADER_SAFE.test(token)) throw odd(host, 'holds a token with characters that no header can carry');
  }
  const { bearerNames = [] } = habits.token;
  const type = textField(object, 'token_type')?.toLowerCase();
  if (type === undefined) throw odd(host, 'does not say what kind of token it is');
  if (type !== 'bearer' && !bearerNames.includes(type)) throw odd(host, 'holds no bearer token');
  return {
    kind: 'tokens',
    accessToken,
    refreshToken,
    expiresIn: readExpiresIn(object, host),
    scopes: readScopes(object, habits, host),
    idToken: optionalText(object, 'id_token', host),
    account: readAccount(whole, habits),
  };
}

/** The tokens of an answer, whatever else is in it: for giving back those of one that is refused. */
export function tokensIn(
  body: string,
  habits: Habits,
  purpose: Purpose,
): Pick<HeldTokens, 'accessToken' | 'refreshToken'> {
  const whole = readObject(body) ?? {};
  const object = nested(whole, habits.token, purpose) ?? whole;
  const token = (name: string): Secret | undefined => {
    const text = textField(object, name);
    return text === undefined ? undefined : new Secret(text);
  };
  return { accessToken: token('access_token'), refreshToken: token('refresh_token') };
}

/** The error an object says, if any: in `error`, or by `ok: false` where that is how it is said. */
export function readError(
  object: JsonObject,
  { failure }: Pick<TokenRules, 'failure'>,
): ErrorAnswer | undefined {
  const error = textField(object, 'error');
  const isFailed = failure === 'ok-field' && field(object, 'ok') !== true;
  if (error === undefined && !isFailed) return undefined;
  const description = textField(object, 'error_description');
  return {
    kind: 'error',
    error: oneLine(error ?? '', 64) || 'unknown_error',
    description: description === undefined ? undefined : oneLine(description, 200) || undefined,
  };
}

/** An account's name from outside, as one line and in NFC: as a name that is typed is read. */
export function accountName(text: string | undefined): string | undefined {
  return text === undefined ? undefined : oneLine(text.normalize('NFC'), LONGEST_ACCOUNT) || undefined;
}

function nested(whole: JsonObject, { nestedIn }: TokenRules, purpose: Purpose): JsonObject | undefined {
  if (nestedIn === undefined || purpose !== 'code') return whole;
  // Without it only somebody else's token came, such as a bot's.
  const inner = field(whole, nestedIn);
  return isObject(inner) ? inner : undefined;
}

/** Whole seconds, not negative. 1e308 is no time, and 68 years are none that we keep (see `Tokens`). */
function readExpiresIn(object: JsonObject, host: string): number | undefined {
  const value = field(object, 'expires_in');
  if (value === undefined) return undefined;
  const seconds = typeof value === 'string' && DIGITS.test(value) ? Number(value) : value;
  if (typeof seconds !== 'number' || !(seconds >= 0) || seconds > Number.MAX_SAFE_INTEGER) {
    throw odd(host, 'does not say in seconds when the token expires');
  }
  return Math.floor(seconds);
}

function readScopes(
  object: JsonObject,
  { scopes }: Habits,
  host: string,
): readonly ProviderScope[] | undefined {
  const value = scopes.field === null ? undefined : field(object, scopes.field);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw odd(host, 'lists scopes in a way that no standard knows');
  return splitScopes(value, scopes.granted);
}

function readAccount(whole: JsonObject, { identity }: Habits): string | undefined {
  if (identity?.kind !== 'token-response') return undefined;
  for (const path of identity.fields) {
    const name = accountName(textAt(whole, path));
    if (name !== undefined) return name;
  }
  return undefined;
}

function optionalText(object: JsonObject, name: string, host: string): string | undefined {
  const value = field(object, name);
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw odd(host, `has a ${name} that is no text`);
  return value;
}

function odd(host: string, what: string): Failure {
  return new Failure('provider_failed', `the token answer of ${host} ${what}`);
}
