import { createServer, type ServerResponse } from 'node:http';
import { authorize } from './authorize.ts';
import { deliver, isCarriedOut } from './deliver.ts';
import { device } from './device.ts';
import { noGrants } from './grants.ts';
import { newSigner } from './id-token.ts';
import { listen } from './listen.ts';
import { jwks, oauthMetadata, openidMetadata, resourceMetadata } from './metadata.ts';
import { type Recorded, record, recordBytes } from './record.ts';
import { register } from './register.ts';
import { type Reply, text } from './reply.ts';
import { type Handler, RESOURCE, type Stub } from './stub.ts';
import { type Answer, type Endpoint, STRICT, type Switches } from './switches.ts';
import { token } from './token.ts';
import { introspect, resource, revoke, userinfo } from './tokens-in-use.ts';

/** An authorization server on loopback whose every behaviour is a switch, and which keeps every byte it was sent. */
export interface RunningStub {
  readonly origin: string;
  readonly issuer: string;
  /** What the stub is as a protected resource: `<origin>/mcp`. */
  readonly resource: string;
  /** The requests so far, in the order their last byte came in; it grows. */
  readonly requests: readonly Recorded[];
  /** Every byte so far, of all connections. */
  readonly bytes: () => Buffer;
  /** Turns some switches from here on. Grants and registered clients stay; new lists of answers begin at their first. */
  readonly set: (changes: Partial<Switches>) => void;
  /** Ends every connection and frees the port. Twice is once. */
  readonly close: () => Promise<void>;
}

const METHODS: { readonly [E in Endpoint]: readonly [method: string, handler: Handler] } = {
  'oauth-metadata': ['GET', oauthMetadata],
  'openid-metadata': ['GET', openidMetadata],
  jwks: ['GET', jwks],
  authorize: ['GET', authorize],
  token: ['POST', token],
  device: ['POST', device],
  revoke: ['POST', revoke],
  introspect: ['POST', introspect],
  userinfo: ['GET', userinfo],
  register: ['POST', register],
  'resource-metadata': ['GET', resourceMetadata],
  resource: ['GET', resource],
};

/** Where everything is. An issuer with a path has its metadata where RFC 8414 and OpenID each put them. */
function placesOf(issuerPath: string): ReadonlyMap<string, Endpoint> {
  return new Map<string, Endpoint>([
    [`/.well-known/oauth-authorization-server${issuerPath}`, 'oauth-metadata'],
    [`${issuerPath}/.well-known/openid-configuration`, 'openid-metadata'],
    [`/.well-known/oauth-protected-resource${RESOURCE}`, 'resource-metadata'],
    [RESOURCE, 'resource'],
    ...(
      ['jwks', 'authorize', 'token', 'device', 'revoke', 'introspect', 'userinfo', 'register'] as const
    ).map((endpoint) => [`/${endpoint}`, endpoint] as const),
  ]);
}

/**
 * Starts a strict server (`STRICT`) with some switches turned, on a port of the system's choice.
 *
 * @param issuerPath what follows the origin in the issuer: '' or, say, `/tenant`.
 */
export async function startStub(changes: Partial<Switches> = {}, issuerPath = ''): Promise<RunningStub> {
  const server = createServer();
  const bytes = recordBytes(server);
  const { origin, close } = await listen(server);
  const issuer = `${origin}${issuerPath}`;
  const places = placesOf(issuerPath);
  const requests: Recorded[] = [];
  const standing = { origin, issuer, grants: noGrants(), registered: [], ...newSigner() };
  let switches: Switches = { ...STRICT, ...changes };
  let next = answersOf(switches);

  const serve = async (message: Parameters<typeof record>[0], response: ServerResponse): Promise<void> => {
    const request = await record(message, origin, (path) => places.get(path));
    requests.push(request);
    const answer = next(request.endpoint);
    const stub: Stub = { ...standing, switches };
    const reply = isCarriedOut(answer) ? properly(request, stub) : text(500, 'never sent');
    await deliver(response, request, reply, answer);
  };
  server.on('request', (message, response) => {
    // A peer that goes away in the middle is what many tests are about.
    serve(message, response).catch(() => response.destroy());
  });
  server.on('clientError', (_, socket) => socket.destroy());
  return {
    origin,
    issuer,
    resource: `${origin}${RESOURCE}`,
    requests,
    bytes,
    set: (more) => {
      switches = { ...switches, ...more };
      if (more.answers !== undefined) next = answersOf(switches);
    },
    close,
  };
}

function properly(request: Recorded, stub: Stub): Reply {
  const { endpoint } = request;
  if (endpoint === undefined || !exists(endpoint, stub.switches)) return text(404, 'not found');
  const [method, handler] = METHODS[endpoint];
  if (request.method !== method) return text(405, 'method not allowed');
  const reply = handler(request, stub);
  const edit = stub.switches.edit[endpoint];
  if (edit === undefined || reply.json === undefined) return reply;
  const edited = edit(reply.json);
  return { ...reply, body: typeof edited === 'string' ? edited : JSON.stringify(edited) };
}

function exists(endpoint: Endpoint, { discovery, registration }: Switches): boolean {
  if (endpoint === 'oauth-metadata') return discovery.includes('oauth');
  if (endpoint === 'openid-metadata' || endpoint === 'jwks') return discovery.includes('openid');
  return endpoint !== 'register' || registration;
}

/** Gives out the answers of the switches: a single one again and again, a list one by one. */
function answersOf({ answers }: Switches): (endpoint: Endpoint | undefined) => Answer | undefined {
  const given = new Map<Endpoint, number>();
  return (endpoint) => {
    const answer = endpoint === undefined ? undefined : answers[endpoint];
    if (endpoint === undefined || answer === undefined || 'kind' in answer)
      return answer as Answer | undefined;
    const index = given.get(endpoint) ?? 0;
    given.set(endpoint, index + 1);
    return answer[index];
  };
}
