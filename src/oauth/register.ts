import type { ClientAuth } from '../domain/apps/app.ts';
import { joinScopes } from '../domain/apps/scopes.ts';
import type { Discovery, RegisteredClient, RegistrationRequest } from '../domain/ports/authorization.ts';
import { Secret } from '../domain/secret.ts';
import { Failure, PROGRAM } from '../errors.ts';
import type { OAuthDeps } from './deps.ts';
import { field, type JsonObject, readObject, textField, textsField } from './json.ts';
import { failureFrom, library } from './library.ts';
import { readError } from './token-answer.ts';
import type { Incoming, Outgoing } from './transport/send.ts';
import { hostOf } from './transport/trouble.ts';
import { openWire, requireJson, type Shape } from './transport/wire.ts';

/** VSCHAR of RFC 6749 appendix A. */
const CLIENT_ID = /^[\x20-\x7e]{1,2048}$/;
const CLIENT_SECRET = /^[\x21-\x7e]{1,4096}$/;
const METHODS: readonly ClientAuth[] = ['none', 'client_secret_basic', 'client_secret_post'];

/** See `Authorization.register`. */
export async function register(
  { send }: OAuthDeps,
  discovery: Discovery,
  { name, redirectUri, scopes }: RegistrationRequest,
): Promise<RegisteredClient> {
  const { server, registrationEndpoint } = discovery;
  const asked = METHODS.find((method) => discovery.clientAuth.includes(method)) ?? 'none';
  if (registrationEndpoint === null) {
    throw new Failure(
      'wrong_state',
      `${hostOf(server.tokenEndpoint)} does not let apps register themselves`,
      {
        hint: `register it there by hand, then: ${PROGRAM} apps register NAME --client-id ID`,
      },
    );
  }
  const lib = await library();
  let answer: JsonObject | undefined;
  const wire = openWire(
    send,
    registrationShape((read) => (answer = read)),
  );
  const metadata = {
    client_name: name,
    application_type: 'native',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: asked,
    ...(scopes.length === 0 ? {} : { scope: joinScopes(scopes, ' ') }),
  };
  try {
    // The library discovers the server again before it registers. It is told what was found, so that nothing can
    // have changed since it was looked at.
    const found = { issuer: server.issuer, registration_endpoint: registrationEndpoint };
    const known = new URL(`${new URL(registrationEndpoint).origin}/.well-known/found`);
    const isDiscovery = (url: string): boolean => url === known.href;
    await lib.dynamicClientRegistration(known, metadata, lib.None(), {
      timeout: 0,
      execute: [lib.allowInsecureRequests],
      [lib.customFetch]: (url, options) =>
        isDiscovery(url) ? Promise.resolve(Response.json(found)) : wire.fetch(url, options),
    });
  } catch (error) {
    throw failureFrom(error, wire, registrationEndpoint);
  }
  return readClient(answer as JsonObject, asked, { redirectUri, host: hostOf(registrationEndpoint) });
}

function registrationShape(keep: (read: JsonObject) => void): Shape {
  return {
    answer: (answer: Incoming, { url }: Outgoing) => {
      const object = readObject(answer.body);
      if (answer.status >= 300) {
        const said = object === undefined ? undefined : readError(object, { failure: 'status' });
        if (said === undefined) return { status: answer.status, body: '' };
        return {
          status: 400,
          body: JSON.stringify({ error: said.error, error_description: said.description }),
        };
      }
      requireJson(answer, url);
      if (object !== undefined) keep(object);
      // RFC 7591 section 3.2.1 says 201; some say 200.
      return { status: 201, body: answer.body };
    },
  };
}

/** What is kept of the answer: not the token with which the registration could be changed. */
function readClient(
  answer: JsonObject,
  asked: ClientAuth,
  { redirectUri, host }: { readonly redirectUri: string; readonly host: string },
): RegisteredClient {
  const refuse = (what: string): Failure =>
    new Failure('provider_failed', `the registration at ${host} ${what}`);
  const clientId = textField(answer, 'client_id') ?? '';
  if (!CLIENT_ID.test(clientId)) throw refuse('has no usable client id');
  const secret = textField(answer, 'client_secret');
  if (secret !== undefined && !CLIENT_SECRET.test(secret)) throw refuse('has no usable client secret');
  const said = textField(answer, 'token_endpoint_auth_method') ?? asked;
  const clientAuth = METHODS.find((method) => method === said);
  if (clientAuth === undefined) throw refuse('wants a way of authentication that we do not have');
  if (clientAuth !== 'none' && secret === undefined) throw refuse('wants a client secret and gives none');
  const uris = textsField(answer, 'redirect_uris');
  if (uris !== undefined && !uris.includes(redirectUri))
    throw refuse('has another redirect URI than was asked for');
  const ends = field(answer, 'client_secret_expires_at');
  const isEnding = typeof ends === 'number' && Number.isSafeInteger(ends) && ends > 0;
  return {
    clientId,
    clientAuth,
    secret: secret === undefined || clientAuth === 'none' ? undefined : new Secret(secret),
    secretExpiresAt: isEnding && secret !== undefined ? Math.min(ends * 1000, 8.64e15) : null,
  };
}
