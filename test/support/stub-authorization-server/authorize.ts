import { fresh } from './grants.ts';
import type { Recorded } from './record.ts';
import { type Reply, text, withHeaders } from './reply.ts';
import { findClient, type Handler, type Stub } from './stub.ts';
import type { Client } from './switches.ts';

/** The authorization endpoint: no login, no page, the person has consented (or not) before it is asked. */
export const authorize: Handler = (request, stub) => {
  const { query } = request;
  const client = findClient(stub, query.get('client_id'));
  // Neither is told to an address that nobody vouches for (RFC 6749 section 4.1.2.1).
  if (client === undefined) return text(400, 'unknown client');
  const redirectUri = query.get('redirect_uri');
  if (redirectUri === null || !isRegistered(redirectUri, client))
    return text(400, 'redirect URI not registered');
  if (stub.switches.consent === 'never') return text(200, 'a login page');
  return redirect(request, stub, redirectUri, outcome(request, stub, client, redirectUri));
};

function outcome(
  { query }: Recorded,
  { switches, grants }: Stub,
  client: Client,
  redirectUri: string,
): Record<string, string> {
  const refuse = (error: string, description: string) => ({ error, error_description: description });
  const repeated = [...query.keys()].find((name) => query.getAll(name).length > 1 && name !== 'resource');
  if (repeated !== undefined) return refuse('invalid_request', `${repeated} is there twice`);
  if (query.get('response_type') !== 'code') return refuse('unsupported_response_type', 'only code');
  const challenge = query.get('code_challenge') ?? undefined;
  if (challenge === undefined && switches.requirePkce)
    return refuse('invalid_request', 'code_challenge is missing');
  if (challenge !== undefined && query.get('code_challenge_method') !== 'S256') {
    return refuse('invalid_request', 'only S256');
  }
  if (challenge !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(challenge)) {
    return refuse('invalid_request', 'code_challenge is no SHA-256');
  }
  const { consent } = switches;
  if (typeof consent === 'object') return refuse(consent.error, consent.description ?? 'the person said no');
  const grant = {
    clientId: client.id,
    scope: granted(switches.grants, query.get('scope') ?? undefined),
    resource: query.get('resource') ?? undefined,
    nonce: query.get('nonce') ?? undefined,
    alive: true,
  };
  const code = fresh('code');
  grants.codes.set(code, { grant, redirectUri, challenge, used: false });
  return { code };
}

/** The scopes of a grant when these were asked for. */
export function granted(
  rule: 'asked' | 'unsaid' | { readonly scope: string },
  asked: string | undefined,
): string | undefined {
  return typeof rule === 'object' ? rule.scope : asked;
}

function redirect(
  { query }: Recorded,
  { issuer, switches }: Stub,
  redirectUri: string,
  parameters: Record<string, string>,
): Reply {
  const answer = new URLSearchParams(parameters);
  const state = query.get('state');
  if (state !== null) answer.set('state', state);
  if (switches.iss === 'announced') answer.set('iss', issuer);
  switches.editRedirect(answer);
  const target = new URL(redirectUri);
  for (const [name, value] of answer) target.searchParams.append(name, value);
  return withHeaders(text(302, ''), { location: target.href });
}

/** Equal, but for the port of a loopback address (RFC 8252 section 7.3). */
function isRegistered(redirectUri: string, client: Client): boolean {
  const url = URL.parse(redirectUri);
  if (url === null || url.hash !== '') return false;
  const isLoopback = url.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (client.redirectUris === undefined) return isLoopback;
  return client.redirectUris.some((registered) => {
    if (registered === redirectUri) return true;
    const other = URL.parse(registered);
    if (other === null || !isLoopback) return false;
    other.port = url.port;
    return other.href === url.href;
  });
}
