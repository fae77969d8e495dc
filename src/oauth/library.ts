import type { ClientAuth as Authenticate, Configuration } from 'openid-client';
import type { Client } from '../domain/ports/authorization.ts';
import { Failure, PROGRAM } from '../errors.ts';
import type { ErrorAnswer } from './token-answer.ts';
import { hostOf } from './transport/trouble.ts';
import type { Wire } from './transport/wire.ts';

/** The certified client library: every step of a protocol is its. */
export type Library = typeof import('openid-client');

/** Loaded when a step needs it: it and what it loads of Node cost more than all else a command does. */
export function library(): Promise<Library> {
  return import('openid-client');
}

/** What the library is told about an app's server and the app: the facts stored with it and nothing else. */
export function configure(lib: Library, client: Client, wire: Wire): Configuration {
  const { server, clientId } = client;
  const metadata = {
    // It needs one; where there is none, nothing is compared with it.
    issuer: server.issuer ?? new URL(server.tokenEndpoint).origin,
    token_endpoint: server.tokenEndpoint,
    ...named('authorization_endpoint', server.authorizationEndpoint),
    ...named('device_authorization_endpoint', server.deviceEndpoint),
    ...named('revocation_endpoint', server.revocationEndpoint),
    ...named('userinfo_endpoint', server.userinfoEndpoint),
    ...named('jwks_uri', server.jwksUri),
    authorization_response_iss_parameter_supported: server.issuer !== null && server.issInResponse,
    id_token_signing_alg_values_supported: [...server.idTokenAlgorithms],
  };
  const config = new lib.Configuration(metadata, clientId, undefined, authentication(lib, client));
  config[lib.customFetch] = wire.fetch;
  // The wire ends every request itself, and sends over plain http only within this machine.
  config.timeout = 0;
  lib.allowInsecureRequests(config);
  return config;
}

/**
 * Basic credentials are form-encoded as RFC 6749 section 2.3.1 says. The library encodes `-` and `_`, too, which is
 * the same to a server that decodes; but many don't (doorkeeper, so GitLab), and their ids and secrets have them.
 */
function authentication(lib: Library, { clientAuth, clientId, secret }: Client): Authenticate {
  if (clientAuth === 'none') return lib.None();
  if (secret === undefined) {
    throw new Failure('wrong_state', 'the app has no client secret', {
      hint: `${PROGRAM} apps update NAME --from-stdin`,
    });
  }
  if (clientAuth === 'client_secret_post') return lib.ClientSecretPost(secret.reveal());
  return (_server, _client, _body, headers) => {
    headers.set('authorization', basicCredentials(clientId, secret.reveal()));
  };
}

/** The value of an `Authorization` header. */
export function basicCredentials(id: string, secret: string): string {
  const encoded = [id, secret].map((text) => new URLSearchParams({ '': text }).toString().slice(1));
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`;
}

function named(name: string, value: string | null): Record<string, string> {
  return value === null ? {} : { [name]: value };
}

/** Of the library's errors these mean that an answer isn't from whom it should be, or not what was asked for. */
const MISMATCHES: ReadonlySet<unknown> = new Set([
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_UNSUPPORTED_OPERATION',
]);

/**
 * What an error of the library means. It is never passed on as a cause: it may hold the whole answer, tokens and all.
 * Of its words only those are repeated that stand in the library's own text.
 */
export function failureFrom(error: unknown, wire: Wire, endpoint: string): Failure {
  if (wire.trace.failure !== undefined) return wire.trace.failure;
  if (error instanceof Failure) return error;
  const host = hostOf(endpoint);
  const said = serverError(error);
  if (said !== undefined) return refusedBy(host, said);
  const { code, cause, message } = Object(error) as { code?: unknown; cause?: unknown; message?: unknown };
  if (MISMATCHES.has(code)) {
    const reason = (Object(cause) as { message?: unknown }).message ?? message;
    return new Failure(
      'authorization_mismatch',
      `the answer of ${host} cannot be trusted: ${String(reason)}`,
    );
  }
  const { status } = wire.trace;
  if (status !== undefined && status >= 300)
    return new Failure('provider_failed', `${host} answered ${status}`);
  return new Failure('provider_failed', `${host} answered nothing that can be used`);
}

/** The error that a server put into its answer (RFC 6749 section 5.2); `Shape`s have made it fit for a message. */
export function serverError(error: unknown): ErrorAnswer | undefined {
  const { code, error: said, error_description } = Object(error) as Record<string, unknown>;
  if (code !== 'OAUTH_RESPONSE_BODY_ERROR' || typeof said !== 'string') return undefined;
  const description = typeof error_description === 'string' ? error_description : undefined;
  return { kind: 'error', error: said, description };
}

/** `provider_failed`, in the server's words. */
export function refusedBy(host: string, { error, description }: ErrorAnswer): Failure {
  const words = description === undefined ? '' : `: ${description.replace(/\.$/, '')}`;
  return new Failure('provider_failed', `${host} refused with ${error}${words}`);
}
