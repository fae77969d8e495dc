import { safeUrl } from '../domain/apps/app.ts';
import type { Discovery } from '../domain/ports/authorization.ts';
import { Failure, PROGRAM } from '../errors.ts';
import type { OAuthDeps } from './deps.ts';
import { isObject } from './json.ts';
import { failureFrom, type Library, library } from './library.ts';
import { readMetadata } from './metadata.ts';
import { oneLine } from './one-line.ts';
import { asJson, openWire } from './transport/wire.ts';

/** The library makes a client of what it discovers; nobody ever sees this one. */
const NOBODY = 'discovery';

/** See `Authorization.discover`. Metadata of OAuth go before those of OpenID Connect, as the nearer to what is done. */
export async function discover(deps: OAuthDeps, issuer: string): Promise<Discovery> {
  const url = requireIssuerUrl(issuer);
  const lib = await library();
  const metadata =
    (await fetchMetadata(deps, lib, url, 'oauth2')) ?? (await fetchMetadata(deps, lib, url, 'oidc'));
  if (metadata === undefined) {
    throw new Failure('provider_failed', `${url.host} publishes no metadata of an authorization server`, {
      hint: `register it by hand: ${PROGRAM} apps register --help`,
    });
  }
  if (!isObject(metadata)) throw new Failure('provider_failed', `${url.host} publishes unreadable metadata`);
  return readMetadata(issuer, metadata);
}

/** Undefined when there is no such document. */
async function fetchMetadata(
  { send }: OAuthDeps,
  lib: Library,
  url: URL,
  algorithm: 'oauth2' | 'oidc',
): Promise<unknown> {
  const wire = openWire(send, asJson);
  try {
    const config = await lib.discovery(url, NOBODY, undefined, lib.None(), {
      algorithm,
      timeout: 0,
      execute: [lib.allowInsecureRequests],
      [lib.customFetch]: wire.fetch,
    });
    return { ...config.serverMetadata() };
  } catch (error) {
    const { status, failure } = wire.trace;
    if (failure === undefined && status !== undefined && status >= 400 && status < 500) return undefined;
    throw failureFrom(error, wire, url.href);
  }
}

/** RFC 8414 section 2: no query, no fragment. */
function requireIssuerUrl(issuer: string): URL {
  const url = safeUrl(issuer);
  const reason = 'reason' in url ? url.reason : url.search === '' ? undefined : 'has a query';
  if (reason === undefined) return url as URL;
  throw new Failure('usage', `issuer ${oneLine(issuer, 100)} ${reason}`, {
    hint: 'an issuer is an address such as https://auth.example.com',
  });
}
