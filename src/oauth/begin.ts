import { joinScopes } from '../domain/apps/scopes.ts';
import type {
  Attempt,
  AuthorizationRequest,
  Client,
  RefusedCallback,
  Tokens,
  ValidatedCallback,
} from '../domain/ports/authorization.ts';
import { Secret } from '../domain/secret.ts';
import { Failure } from '../errors.ts';
import type { OAuthDeps } from './deps.ts';
import { type Habits, habitsOf } from './habits.ts';
import { configure, failureFrom, library } from './library.ts';
import { tokenStep } from './token-step.ts';
import { hostOf } from './transport/trouble.ts';
import { asJson, openWire } from './transport/wire.ts';

/** What only the attempt itself knows. */
interface Secrets {
  readonly verifier: string;
  readonly state: string;
  /** Undefined: no ID token is asked for. */
  readonly nonce: string | undefined;
}

/** See `Authorization.begin`. */
export async function begin(
  deps: OAuthDeps,
  client: Client,
  request: AuthorizationRequest,
): Promise<Attempt> {
  const lib = await library();
  const { server } = client;
  if (server.authorizationEndpoint === null) {
    const host = hostOf(server.tokenEndpoint);
    throw new Failure('wrong_state', `${host} has no authorization endpoint, so nobody can consent there`, {
      hint: "the app's own credentials need nobody:",
      retry: { append: '--client-credentials' },
    });
  }
  const asksIdToken = server.openid && request.scopes.some((scope) => scope === 'openid');
  const secrets: Secrets = {
    verifier: lib.randomPKCECodeVerifier(),
    state: lib.randomState(),
    nonce: asksIdToken ? lib.randomNonce() : undefined,
  };
  const habits = habitsOf(client.provider);
  const config = configure(lib, client, openWire(deps.send, asJson));
  const parameters = {
    ...offlineParameter(client, request),
    ...habits.authorizationParameters,
    ...scopeParameter(habits, request),
    ...(client.resource === null ? {} : { resource: client.resource }),
    redirect_uri: new URL(request.redirectUri).href,
    state: secrets.state,
    ...(secrets.nonce === undefined ? {} : { nonce: secrets.nonce }),
    code_challenge: await lib.calculatePKCECodeChallenge(secrets.verifier),
    code_challenge_method: 'S256',
  };
  requireOnce(server.authorizationEndpoint, [
    'response_type',
    'client_id',
    'scope',
    ...Object.keys(parameters),
  ]);
  const url = lib.buildAuthorizationUrl(config, parameters);
  let isUsed = false;
  return {
    url: url.href,
    state: new Secret(secrets.state),
    exchange: async (callback) => {
      if (isUsed) throw new Error('an authorization is good for one code');
      isUsed = true;
      return exchange(deps, client, secrets, callback);
    },
    failureOf: (callback) => failureOf(deps, client, secrets, callback),
  };
}

function scopeParameter({ scopes }: Habits, request: AuthorizationRequest): Record<string, string> {
  if (scopes.parameter === null || request.scopes.length === 0) return {};
  return { [scopes.parameter]: joinScopes(request.scopes, scopes.asked) };
}

/**
 * An endpoint keeps its query (RFC 6749 section 3.1), in which nothing may stand that the request says: no parameter is
 * sent twice, and a scope there would be asked for that nobody was shown. Throws `provider_failed`.
 */
function requireOnce(endpoint: string, names: readonly string[]): void {
  const { searchParams } = new URL(endpoint);
  const twice = names.find((name) => searchParams.has(name));
  if (twice === undefined) return;
  throw new Failure(
    'provider_failed',
    `the authorization endpoint of ${hostOf(endpoint)} has a ${twice} of its own, which requests have to say`,
  );
}

/**
 * OpenID Connect Core section 11: offline access, and with it a refresh token, is given only to who asks for consent
 * anew. The facts of a built-in provider say themselves what it wants.
 */
function offlineParameter({ server }: Client, { scopes }: AuthorizationRequest): Record<string, string> {
  const asked = server.openid && scopes.some((scope) => scope === 'offline_access');
  return asked ? { prompt: 'consent' } : {};
}

async function exchange(
  deps: OAuthDeps,
  client: Client,
  { verifier, state, nonce }: Secrets,
  { redirect }: ValidatedCallback,
): Promise<Tokens> {
  const { lib, config, run } = await tokenStep(deps, client, {
    purpose: 'code',
    readsIdToken: nonce !== undefined,
  });
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: state,
    ...(nonce === undefined ? {} : { expectedNonce: nonce, idTokenExpected: true }),
  };
  const parameters: Record<string, string> = client.resource === null ? {} : { resource: client.resource };
  return run(() => lib.authorizationCodeGrant(config, comparable(client, redirect), checks, parameters));
}

/** The library checks `iss` before it believes the error, and sends nothing. */
async function failureOf(
  deps: OAuthDeps,
  client: Client,
  { state }: Secrets,
  { kind, error, description, redirect }: RefusedCallback,
): Promise<Failure> {
  const lib = await library();
  const wire = openWire(deps.send, asJson);
  const endpoint = client.server.authorizationEndpoint ?? client.server.tokenEndpoint;
  const host = hostOf(endpoint);
  try {
    const checks = { expectedState: state };
    await lib.authorizationCodeGrant(configure(lib, client, wire), comparable(client, redirect), checks);
  } catch (thrown) {
    if (!(thrown instanceof lib.AuthorizationResponseError)) return failureFrom(thrown, wire, endpoint);
  }
  const words = description === undefined ? '' : `: ${description.replace(/\.$/, '')}`;
  return kind === 'denied'
    ? new Failure('consent_denied', `consent was denied at ${host}${words}`)
    : new Failure('provider_failed', `${host} refused with ${error}${words}`);
}

/** Without an issuer there is nothing to compare `iss` with (RFC 9207 section 2.4: ignored then). */
function comparable({ server }: Client, redirect: Secret): URL {
  const url = new URL(redirect.reveal());
  if (server.issuer === null) url.searchParams.delete('iss');
  return url;
}
