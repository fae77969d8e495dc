import { safeUrl } from '../domain/apps/app.ts';
import type { Discovery, ResourceDiscovery } from '../domain/ports/authorization.ts';
import { Failure, PROGRAM } from '../errors.ts';
import type { OAuthDeps } from './deps.ts';
import { discover } from './discover.ts';
import { type JsonObject, readObject, textField, textsField } from './json.ts';
import { isDowngrade, readScopes } from './metadata.ts';
import { oneLine } from './one-line.ts';
import type { Incoming } from './transport/send.ts';
import { Unanswered } from './transport/send.ts';
import { hostOf } from './transport/trouble.ts';
import { refuseRedirect, requireJson } from './transport/wire.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
/** `resource_metadata` of a challenge (RFC 9728 section 5.1), quoted or not. */
const CHALLENGE = /\bresource_metadata\s*=\s*(?:"([^"\\]*)"|([^\s,"]+))/i;

/**
 * See `Authorization.discoverResource`. By hand, as the client library has no step for it: its well-known address
 * first, which asks nothing of the resource, else the one that the resource's challenge names.
 */
export async function discoverResource(deps: OAuthDeps, resource: string): Promise<ResourceDiscovery> {
  const url = safeUrl(resource);
  if ('reason' in url) {
    throw new Failure('usage', `resource ${oneLine(resource, 100)} ${url.reason}`, {
      hint: 'a resource is an address such as https://mcp.example.com/mcp',
    });
  }
  const document = (await fetchDocument(deps, wellKnown(url))) ?? (await fetchNamed(deps, url));
  if (document === undefined) {
    throw new Failure('provider_failed', `${url.host} does not say which server guards ${resource}`, {
      hint: `name it: ${PROGRAM} apps register NAME --issuer URL`,
    });
  }
  const said = requireResource(resource, url, textField(document, 'resource'));
  const issuer = textsField(document, 'authorization_servers')?.[0];
  if (issuer === undefined) {
    throw new Failure('provider_failed', `${url.host} names no authorization server for ${resource}`);
  }
  const discovery = await discoverNamed(deps, url, issuer);
  const scopes = readScopes(document);
  return { ...discovery, resource: said, scopes: scopes.length > 0 ? scopes : discovery.scopes };
}

/** The resource's words, not what was typed: what is wrong with them is no wrong usage, and can't be typed otherwise. */
async function discoverNamed(deps: OAuthDeps, resource: URL, issuer: string): Promise<Discovery> {
  const url = safeUrl(issuer);
  const reason = 'reason' in url ? url.reason : isDowngrade(resource.href, url) ? 'is not https' : undefined;
  if (reason !== undefined) {
    throw new Failure('provider_failed', `the authorization server that ${resource.host} names ${reason}`);
  }
  try {
    return await discover(deps, issuer);
  } catch (error) {
    if (!(error instanceof Failure) || (error.retry === undefined && error.code !== 'usage')) throw error;
    throw new Failure(error.code === 'usage' ? 'provider_failed' : error.code, error.message);
  }
}

/** RFC 9728 section 3.1: between host and path. */
function wellKnown({ origin, pathname, search }: URL): string {
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}${search}`;
}

/**
 * RFC 9728 section 3.3: the same identifier, else the document is about another resource, and a token for that one would
 * be sent to this one. Only what URLs don't tell apart, such as the slash of a bare host, may differ.
 */
function requireResource(typed: string, url: URL, said: string | undefined): string {
  if (said !== undefined && (said === typed || URL.parse(said)?.href === url.href)) return said;
  const other = said === undefined ? null : URL.parse(said);
  throw new Failure('authorization_mismatch', `${url.host} describes another resource than ${typed}`, {
    ...(other?.origin === url.origin
      ? { hint: 'it may be this one that is meant:', retry: { replace: typed, by: other.href } }
      : {}),
  });
}

/** Asks the resource itself, without a token, and reads the document that it names. */
async function fetchNamed(deps: OAuthDeps, url: URL): Promise<JsonObject | undefined> {
  const { status, header } = await get(deps, url.href);
  if (status !== 401) return undefined;
  const match = CHALLENGE.exec(header('www-authenticate') ?? '');
  const named = match?.[1] ?? match?.[2];
  return named === undefined ? undefined : fetchDocument(deps, named);
}

/** Undefined when there is none. */
async function fetchDocument(deps: OAuthDeps, url: string): Promise<JsonObject | undefined> {
  const answer = await get(deps, url);
  if (answer.status >= 400 && answer.status < 500) return undefined;
  if (answer.status !== 200) {
    throw new Failure('provider_failed', `${hostOf(url)} answered ${answer.status}`);
  }
  requireJson(answer, url);
  const document = readObject(answer.body);
  if (document === undefined) {
    throw new Failure('provider_failed', `${hostOf(url)} describes its resource in no JSON object`);
  }
  return document;
}

async function get({ send }: OAuthDeps, url: string): Promise<Incoming> {
  const request = { url, method: 'GET', headers: { accept: 'application/json' }, body: undefined };
  try {
    const answer = await send(request);
    refuseRedirect(answer, request);
    return answer;
  } catch (error) {
    throw error instanceof Unanswered ? error.failure : error;
  }
}
