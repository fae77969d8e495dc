import { type ClientAuth, type ServerFacts, safeUrl } from '../domain/apps/app.ts';
import { type ProviderScope, parseProviderScope } from '../domain/apps/scopes.ts';
import type { Discovery } from '../domain/ports/authorization.ts';
import { Failure, PROGRAM } from '../errors.ts';
import { field, type JsonObject, textField, textsField } from './json.ts';
import { hostOf } from './transport/trouble.ts';

const CLIENT_AUTH: readonly ClientAuth[] = ['none', 'client_secret_basic', 'client_secret_post'];
/** Signatures that only the server's private key can make. */
const WITH_KEY_PAIR = /^(?:RS|PS|ES)(?:256|384|512)$|^Ed25519$|^EdDSA$/;
const MOST_SCOPES = 1000;

/**
 * Reads the metadata of an authorization server (RFC 8414). A code goes only to the origin whose page gave it, and
 * what comes of it only to that origin, too: metadata are a text that anyone can write, and a token endpoint elsewhere
 * is how one server is given what another one's page handed out (RFC 9700 section 4.4). So a token endpoint on another
 * origin than the authorization endpoint is refused, and other endpoints elsewhere are as good as not announced.
 *
 * @throws Failure `authorization_mismatch` when the issuer or the token endpoint is another one, `provider_failed`
 *   when an endpoint that is needed is missing or no URL to send anything to.
 */
export function readMetadata(issuer: string, metadata: JsonObject): Discovery {
  const host = hostOf(issuer);
  requireIssuer(issuer, textField(metadata, 'issuer'));
  const tokenEndpoint = endpoint(metadata, 'token_endpoint', issuer);
  if (tokenEndpoint === null) throw new Failure('provider_failed', `${host} announces no token endpoint`);
  const authorizationEndpoint = endpoint(metadata, 'authorization_endpoint', issuer);
  const { origin } = new URL(tokenEndpoint);
  if (new URL(authorizationEndpoint ?? issuer).origin !== origin) throw elsewhere(host, tokenEndpoint);
  const beside = (name: string): string | null => {
    const url = endpoint(metadata, name, issuer);
    return url !== null && new URL(url).origin === origin ? url : null;
  };
  const jwksUri = endpoint(metadata, 'jwks_uri', issuer);
  const algorithms = textsField(metadata, 'id_token_signing_alg_values_supported') ?? [];
  const idTokenAlgorithms = algorithms.filter((name) => WITH_KEY_PAIR.test(name));
  const server: ServerFacts = {
    issuer,
    authorizationEndpoint,
    tokenEndpoint,
    deviceEndpoint: beside('device_authorization_endpoint'),
    revocationEndpoint: beside('revocation_endpoint'),
    userinfoEndpoint: beside('userinfo_endpoint'),
    jwksUri,
    issInResponse: field(metadata, 'authorization_response_iss_parameter_supported') === true,
    openid: jwksUri !== null && idTokenAlgorithms.length > 0,
    idTokenAlgorithms,
  };
  // RFC 8414 section 2: this one when nothing is said.
  const auth = textsField(metadata, 'token_endpoint_auth_methods_supported') ?? ['client_secret_basic'];
  return {
    server,
    registrationEndpoint: endpoint(metadata, 'registration_endpoint', issuer),
    takesMetadataDocuments: field(metadata, 'client_id_metadata_document_supported') === true,
    scopes: readScopes(metadata),
    clientAuth: CLIENT_AUTH.filter((method) => auth.includes(method)),
  };
}

/** Scopes that a document announces; what is none is left out, and so are those beyond any sane number. */
export function readScopes(document: JsonObject): readonly ProviderScope[] {
  const texts = (textsField(document, 'scopes_supported') ?? []).slice(0, MOST_SCOPES);
  const parsed = texts.map(parseProviderScope);
  return parsed.flatMap((one) => ('scope' in one ? [one.scope] : []));
}

/** RFC 8414 section 3.3: the same text, not an address that leads to the same place. */
function requireIssuer(expected: string, said: string | undefined): void {
  if (said === expected) return;
  if (said === undefined)
    throw new Failure('provider_failed', `${hostOf(expected)} does not name its issuer`);
  const isClose = URL.parse(said)?.href === URL.parse(expected)?.href;
  throw new Failure(
    'authorization_mismatch',
    `${hostOf(expected)} is not the issuer ${expected} by its own words`,
    {
      ...(isClose
        ? { hint: 'it writes it a little differently:', retry: { replace: expected, by: said } }
        : { hint: 'ask who runs it for the exact issuer; another one may be somebody else' }),
    },
  );
}

/** Null: not announced. What is on this machine is announced only by what is on it, too: nobody else leads here. */
function endpoint(metadata: JsonObject, name: string, issuer: string): string | null {
  const text = textField(metadata, name);
  if (text === undefined) return null;
  const url = safeUrl(text);
  const reason = 'reason' in url ? url.reason : isDowngrade(issuer, url) ? 'is not https' : undefined;
  if (reason === undefined) return (url as URL).href;
  const what = name.replaceAll('_', ' ');
  throw new Failure('provider_failed', `the ${what} that ${hostOf(issuer)} announces ${reason}`);
}

/** From https to http, which is spoken within this machine alone. */
export function isDowngrade(from: string, to: URL): boolean {
  return to.protocol === 'http:' && new URL(from).protocol === 'https:';
}

function elsewhere(host: string, tokenEndpoint: string): Failure {
  const to = hostOf(tokenEndpoint);
  return new Failure(
    'authorization_mismatch',
    `${host} wants codes of its page sent to ${to}, which is refused`,
    {
      hint: `if ${to} is right, register it by hand: ${PROGRAM} apps register --help`,
    },
  );
}
