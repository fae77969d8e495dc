import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { listen } from '../stub-authorization-server/listen.ts';
import { adapters, type Consumption } from './adapter.ts';
import { interact } from './pages.ts';

/** A certified authorization server of its own on loopback, set to be strict. */
export interface RunningProvider {
  readonly issuer: string;
  /** Requests to the token endpoint so far. */
  readonly tokenRequests: () => number;
  /** What was sent to the token endpoint and what it answered, in the order of the answers; it grows. */
  readonly exchanges: readonly Exchange[];
  /** Turns some switches from here on. */
  readonly set: (changes: Partial<Switches>) => void;
  /** Is this access or refresh token good here, and what for? (RFC 7662) */
  readonly introspect: (token: string) => Promise<Introspection>;
  readonly close: () => Promise<void>;
}

export interface Exchange {
  readonly sent: Readonly<Record<string, string | undefined>>;
  readonly answered: Readonly<Record<string, unknown>>;
}

interface Switches {
  /** The life of access tokens issued from now on, s. */
  readonly accessTokenSeconds: number;
  /** The token endpoint carries out what it is asked at once, and answers when this is settled. */
  readonly hold: Promise<unknown>;
}

interface Introspection {
  readonly active: boolean;
  readonly scope?: string;
  readonly aud?: string;
}

export const CONFIDENTIAL = { id: 'confidential', secret: 'a-long_and~strange secret+%' } as const;

/** A client without a secret that only uses device codes. */
export const DEVICE = { id: 'device' } as const;

/** What it shows while a person types and confirms a device code: the form alone. */
const bare = async (context: { body?: string }, form: string): Promise<void> => {
  const id = /form id="([^"]*)"/.exec(form)?.[1] ?? '';
  context.body = `<!doctype html><html lang="en"><title>Device</title>${form}<button form="${id}">Continue</button></html>`;
};

/** PKCE demanded, refresh tokens rotated and their reuse punished, `iss` in every redirect, apps register themselves. */
export async function startProvider(consumption: Consumption = 'compare-and-set'): Promise<RunningProvider> {
  const server = createServer();
  let switches: Switches = { accessTokenSeconds: 600, hold: Promise.resolve() };
  const { origin, close } = await listen(server);
  const provider = new Provider(origin, {
    adapter: adapters(consumption),
    clients: [
      {
        client_id: CONFIDENTIAL.id,
        client_secret: CONFIDENTIAL.secret,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
      },
      {
        client_id: DEVICE.id,
        application_type: 'native',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
        token_endpoint_auth_method: 'none',
        response_types: [],
        redirect_uris: [],
      },
    ],
    jwks: { keys: [signingKey()] },
    cookies: { keys: ['only for tests'] },
    scopes: ['openid', 'offline_access', 'email', 'read', 'write'],
    claims: { openid: ['sub'], email: ['email'] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
    findAccount: (_: unknown, sub: string) => ({
      accountId: sub,
      claims: async () => ({ sub, email: `${sub}@example.com` }),
    }),
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    ttl: {
      AccessToken: () => switches.accessTokenSeconds,
      AuthorizationCode: 60,
      ClientCredentials: () => switches.accessTokenSeconds,
      DeviceCode: 600,
      Grant: 3600,
      IdToken: 600,
      Interaction: 600,
      RefreshToken: 3600,
      Session: 3600,
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      registration: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => undefined,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (_: unknown, resource: string) => ({
          ...{ scope: 'read write', audience: resource, accessTokenFormat: 'opaque' },
          accessTokenTTL: switches.accessTokenSeconds,
        }),
      },
      revocation: { enabled: true, allowedPolicy: async () => true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: bare,
        userCodeConfirmSource: bare,
        successSource: (context: { body?: string }) => bare(context, ''),
      },
    },
  });
  const exchanges: Exchange[] = [];
  provider.use(async (context, next) => {
    await next();
    if (context.path !== '/token') return;
    exchanges.push({ sent: { ...context.oidc?.params }, answered: { ...context.body } });
    await switches.hold;
  });
  const handle = provider.callback();
  let tokenRequests = 0;
  server.on('request', (request, response) => {
    if (request.url === '/token') tokenRequests += 1;
    if (request.url?.startsWith('/interaction/')) {
      interact(provider, request, response).catch(() => response.writeHead(500).end());
    } else handle(request, response);
  });
  return {
    ...{ issuer: origin, exchanges, tokenRequests: () => tokenRequests, close },
    set: (changes) => {
      switches = { ...switches, ...changes };
    },
    introspect: async (token) => {
      const body = new URLSearchParams({ token });
      const response = await fetch(`${origin}/token/introspection`, {
        ...{ method: 'POST', body, headers: { authorization: basic(CONFIDENTIAL) } },
      });
      return (await response.json()) as Introspection;
    },
  };
}

/** RFC 6749 section 2.3.1. */
function basic({ id, secret }: { readonly id: string; readonly secret: string }): string {
  const pair = [id, secret].map(encodeURIComponent).join(':');
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function signingKey(): object {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'rsa-1' };
}
