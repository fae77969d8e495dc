import type { Identity } from '../domain/apps/provider.ts';
import type { ProviderScope } from '../domain/apps/scopes.ts';
import type { Client, Tokens } from '../domain/ports/authorization.ts';
import { Failure } from '../errors.ts';
import type { OAuthDeps } from './deps.ts';
import { habitsOf } from './habits.ts';
import { readObject, textAt } from './json.ts';
import { configure, failureFrom, library } from './library.ts';
import { accountName, readError } from './token-answer.ts';
import { accountIn } from './token-step.ts';
import { hostOf } from './transport/trouble.ts';
import { asJson, openWire } from './transport/wire.ts';

/** See `Authorization.identify`. */
export async function identify(
  deps: OAuthDeps,
  client: Client,
  tokens: Tokens,
  asked: readonly ProviderScope[],
): Promise<string | undefined> {
  if (tokens.account !== undefined) return tokens.account;
  const { identity } = habitsOf(client.provider);
  if (identity?.kind === 'request') return askProvider(deps, client, tokens, { asked, identity });
  return client.server.userinfoEndpoint === null || identity !== undefined
    ? undefined
    : askUserinfo(deps, client, tokens, client.server.userinfoEndpoint);
}

/** Nothing is asked when no scope was granted that would be needed. */
async function askProvider(
  { send }: OAuthDeps,
  client: Client,
  { accessToken, scopes }: Tokens,
  { asked, identity }: { asked: readonly ProviderScope[]; identity: Extract<Identity, { kind: 'request' }> },
): Promise<string | undefined> {
  const granted: readonly string[] = scopes ?? asked;
  if (identity.scopes.length > 0 && !identity.scopes.some((scope) => granted.includes(scope)))
    return undefined;
  const lib = await library();
  const wire = openWire(send, asJson);
  const headers = new Headers({ accept: 'application/json' });
  if (identity.body !== undefined) headers.set('content-type', 'application/json');
  const { endpoint, method, body = null } = identity;
  let text: string;
  try {
    const config = configure(lib, client, wire);
    const token = accessToken.reveal();
    const answer = await lib.fetchProtectedResource(config, token, new URL(endpoint), method, body, headers);
    text = await answer.text();
  } catch (error) {
    throw failureFrom(error, wire, endpoint);
  }
  const object = readObject(text) ?? {};
  const { token } = habitsOf(client.provider);
  if ((wire.trace.status ?? 0) >= 300 || readError(object, token) !== undefined) {
    throw new Failure('provider_failed', `${hostOf(endpoint)} does not say whose token it is`);
  }
  for (const path of identity.fields) {
    const name = accountName(textAt(object, path));
    if (name !== undefined) return `${identity.prefix}${name}`;
  }
  return undefined;
}

/** OpenID Connect Core section 5.3, about the same person as the ID token if there was one. */
async function askUserinfo(
  { send }: OAuthDeps,
  client: Client,
  { accessToken, subject }: Tokens,
  endpoint: string,
): Promise<string | undefined> {
  const lib = await library();
  const wire = openWire(send, asJson);
  try {
    const config = configure(lib, client, wire);
    const claims = await lib.fetchUserInfo(config, accessToken.reveal(), subject ?? lib.skipSubjectCheck);
    return accountIn(claims);
  } catch (error) {
    throw failureFrom(error, wire, endpoint);
  }
}
