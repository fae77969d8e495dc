import { REDACTED } from '../../domain/secret.ts';
import { isObject, readObject } from '../json.ts';
import type { Outgoing } from './send.ts';

/** Fields of requests that nobody but the server may see. */
const SENT: ReadonlySet<string> = new Set([
  ...['code', 'code_verifier', 'device_code', 'refresh_token', 'access_token', 'token', 'client_secret'],
]);
/** Fields of answers that are never shown: a refresh may bring the token that was sent. */
const KEPT: ReadonlySet<string> = new Set(['access_token', 'refresh_token', 'id_token', 'device_code']);
/** Shorter ones stand in any text by chance. */
const SHORTEST = 6;

/**
 * What a server says, without the secrets that were sent to it: some repeat a request in their error. Tokens in fields
 * of their own stay. All of it that is shown or stored has come through here.
 */
export function redacted(text: string, outgoing: Outgoing): string {
  const secrets = [...secretsOf(outgoing)].flatMap(spellings).filter(({ length }) => length >= SHORTEST);
  secrets.sort((one, other) => other.length - one.length);
  const clean = (value: string): string =>
    secrets.reduce((rest, secret) => rest.replaceAll(secret, REDACTED), value);
  const object = readObject(text);
  if (object === undefined) return clean(text);
  try {
    const cleaned = JSON.stringify(inFields(object, clean));
    // As it came when there is nothing in it: numbers needn't survive being written again.
    return cleaned === JSON.stringify(object) ? text : cleaned;
  } catch (error) {
    // Nested so deep that it can be read but not walked through: no answer that means anything.
    if (error instanceof RangeError) return '';
    throw error;
  }
}

function inFields(value: unknown, clean: (text: string) => string): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((one) => inFields(one, clean));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, KEPT.has(name) ? one : inFields(one, clean)]),
  );
}

function* secretsOf({ headers, body = '' }: Outgoing): Generator<string> {
  const fields = readObject(body) ?? Object.fromEntries(new URLSearchParams(body));
  for (const [name, value] of Object.entries(fields))
    if (SENT.has(name) && typeof value === 'string') yield value;
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() !== 'authorization') continue;
    const [scheme, credentials = ''] = value.split(' ');
    yield credentials;
    if (scheme !== 'Basic') continue;
    const [, password = ''] = Buffer.from(credentials, 'base64').toString().split(':');
    yield new URLSearchParams(`_=${password}`).get('_') ?? '';
  }
}

/** As it is, and as it stands in URLs and forms. */
function spellings(secret: string): readonly string[] {
  return [secret, encodeURIComponent(secret), new URLSearchParams({ _: secret }).toString().slice(2)];
}
