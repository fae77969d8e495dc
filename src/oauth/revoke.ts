import type { RevocationRequest } from '../domain/apps/provider.ts';
import type { Client, HeldTokens, RevocationOutcome } from '../domain/ports/authorization.ts';
import type { Secret } from '../domain/secret.ts';
import { Failure } from '../errors.ts';
import type { OAuthDeps } from './deps.ts';
import { type Habits, habitsOf } from './habits.ts';
import { readObject } from './json.ts';
import { basicCredentials, configure, failureFrom, library, refusedBy, serverError } from './library.ts';
import { requireStamp } from './stamp.ts';
import { readError } from './token-answer.ts';
import type { Incoming, Outgoing } from './transport/send.ts';
import { Unanswered } from './transport/send.ts';
import { hostOf } from './transport/trouble.ts';
import { openWire, refuseRedirect, type Shape } from './transport/wire.ts';

const REVOKED: RevocationOutcome = { kind: 'revoked' };
/** What some servers answer about a token that has ended already; RFC 7009 section 2.2 says 200. */
const GONE: ReadonlySet<string> = new Set(['invalid_token', 'invalid_grant', 'unsupported_token_type']);

/** See `Authorization.revoke`. Nothing is sent when there is no token left to send. */
export async function revoke(deps: OAuthDeps, client: Client, held: HeldTokens): Promise<RevocationOutcome> {
  requireStamp(client, held);
  const habits = habitsOf(client.provider);
  if (habits.revocation?.kind === 'none') return { kind: 'unsupported', page: habits.revocation.page };
  if (habits.revocation?.kind === 'request') return askFor(deps, client, held, habits, habits.revocation);
  const endpoint = client.server.revocationEndpoint;
  if (endpoint === null) return { kind: 'unsupported', page: null };
  // The refresh token first: with it go, at most servers, all the others.
  if (held.refreshToken !== undefined)
    await revokeOne(deps, client, held.refreshToken, 'refresh_token', endpoint);
  if (held.accessToken !== undefined)
    await revokeOne(deps, client, held.accessToken, 'access_token', endpoint);
  return REVOKED;
}

/** RFC 7009. */
async function revokeOne(
  { send }: OAuthDeps,
  client: Client,
  token: Secret,
  hint: 'refresh_token' | 'access_token',
  endpoint: string,
): Promise<void> {
  const lib = await library();
  const wire = openWire(send, emptyOrError);
  try {
    await lib.tokenRevocation(configure(lib, client, wire), token.reveal(), { token_type_hint: hint });
  } catch (error) {
    // An access token that can't be revoked ends by itself; a refresh token must be.
    const said = serverError(error)?.error ?? '';
    if (GONE.has(said) && !(said === 'unsupported_token_type' && hint === 'refresh_token')) return;
    throw failureFrom(error, wire, endpoint);
  }
}

const emptyOrError: Shape = {
  answer: ({ status, body }) => {
    if (status < 300) return { status: 200, body: '' };
    const object = readObject(body);
    const said = object === undefined ? undefined : readError(object, { failure: 'status' });
    if (said === undefined) return { status, body: '' };
    return { status: 400, body: JSON.stringify({ error: said.error, error_description: said.description }) };
  },
};

/** A request of the provider's own making. */
async function askFor(
  { send }: OAuthDeps,
  client: Client,
  held: HeldTokens,
  habits: Habits,
  how: RevocationRequest,
): Promise<RevocationOutcome> {
  const token = how.token === 'access' ? held.accessToken : (held.refreshToken ?? held.accessToken);
  if (token === undefined) return REVOKED;
  const request = write(client, token, how);
  const host = hostOf(request.url);
  let answer: Incoming;
  try {
    answer = await send(request);
  } catch (error) {
    throw error instanceof Unanswered ? error.failure : error;
  }
  refuseRedirect(answer, request);
  const object = readObject(answer.body);
  const said = answer.status === 204 ? undefined : readError(object ?? {}, habits.token);
  const gone = how.gone ?? [];
  if (gone.includes(answer.status) || (said !== undefined && gone.includes(said.error))) return REVOKED;
  if (said !== undefined) throw refusedBy(host, said);
  if (answer.status < 300) return REVOKED;
  throw new Failure('provider_failed', `${host} answered ${answer.status}`);
}

function write({ clientId, secret }: Client, token: Secret, how: RevocationRequest): Outgoing {
  const url = how.endpoint.replace('{client_id}', encodeURIComponent(clientId));
  const authorization = {
    basic: () => ({ authorization: basicCredentials(clientId, secret?.reveal() ?? '') }),
    bearer: () => ({ authorization: `Bearer ${token.reveal()}` }),
    none: () => ({}),
  }[how.authorization]();
  const headers = { accept: 'application/json', 'user-agent': 'keywright', ...authorization };
  if (how.body === null)
    return { url, method: how.method, headers: { ...headers, ...lower(how.headers) }, body: undefined };
  const { format, field } = how.body;
  const fields = { [field]: token.reveal() };
  return {
    url,
    method: how.method,
    headers: {
      ...headers,
      'content-type': format === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
      ...lower(how.headers),
    },
    body: format === 'json' ? JSON.stringify(fields) : new URLSearchParams(fields).toString(),
  };
}

/** So that a header of the provider's takes the place of ours, and doesn't stand beside it. */
function lower(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
