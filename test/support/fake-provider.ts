import { type ProviderScope, splitScopes } from '../../src/domain/apps/scopes.ts';
import type {
  Attempt,
  Authorization,
  Client,
  DeviceAttempt,
  Discovery,
  RefreshOutcome,
  RevocationOutcome,
  Tokens,
} from '../../src/domain/ports/authorization.ts';
import type { Callbacks } from '../../src/domain/ports/callback.ts';
import type { Desktop } from '../../src/domain/ports/system.ts';
import { Secret } from '../../src/domain/secret.ts';
import { Failure } from '../../src/errors.ts';
import { judgeAnswer } from '../../src/oauth/callback/answer.ts';
import { parseRedirect } from '../../src/oauth/callback/pasted.ts';
import { findProvider, requireProvider } from '../../src/oauth/providers/find.ts';

/** What the people and machines on the other side do next; a test changes it between commands. */
interface Mood {
  /** The person in front of the browser; `late`: the time is over at once; `away`: only the terminal is answered. */
  browser: 'consents' | 'denies' | 'fails' | 'late' | 'away';
  /** Can a browser be started on this machine? */
  opens: boolean;
  remoteness: Desktop['remoteness'];
  /** Granted scopes, separated by spaces; undefined: what was asked, unsaid. */
  scopes: string | undefined;
  account: string | undefined;
  /** Seconds that an access token lives; null: unsaid. */
  life: number | null;
  refreshable: boolean;
  refresh: 'works' | 'refused' | 'lost' | 'down';
  revoke: 'works' | 'unsupported' | 'down';
}

/** Providers, browser and callback of a world that is none: nothing is sent anywhere. */
export interface FakeProvider {
  readonly mood: Mood;
  readonly authorization: Authorization;
  readonly callbacks: Callbacks;
  readonly desktop: Desktop;
}

const PORT = 41_873;

/** Everybody consents, until the mood changes. Codes, tokens and states are numbered. */
export function fakeProvider(now: () => number): FakeProvider {
  const mood: Mood = {
    browser: 'consents',
    opens: true,
    remoteness: undefined,
    scopes: undefined,
    account: '@ana',
    life: 3600,
    refreshable: true,
    refresh: 'works',
    revoke: 'works',
  };
  let count = 0;
  const down = (): Failure =>
    new Failure('provider_unreachable', 'github.com cannot be reached: the connection was refused');
  const tokens = (): Tokens => {
    count += 1;
    return {
      accessToken: new Secret(`canary-access-${count}`),
      refreshToken: mood.refreshable ? new Secret(`canary-refresh-${count}`) : undefined,
      expiresAt: mood.life === null ? null : now() + mood.life * 1000,
      scopes: mood.scopes === undefined ? undefined : splitScopes(mood.scopes, ' '),
      account: undefined,
      subject: undefined,
    };
  };
  const authorization: Authorization = {
    findProvider,
    requireProvider,
    discover: async (issuer) => discoveryOf(issuer),
    discoverResource: async (resource) => ({ ...discoveryOf(new URL(resource).origin), resource }),
    register: async () => ({
      clientId: 'client-of-its-own',
      clientAuth: 'none',
      secret: undefined,
      secretExpiresAt: null,
    }),
    begin: async (client, { redirectUri, scopes }) => attemptOf(client, redirectUri, scopes, tokens),
    startDevice: async (client) => deviceOf(client, mood, now, tokens),
    clientCredentials: async () => ({ ...tokens(), refreshToken: undefined }),
    refresh: async (): Promise<RefreshOutcome> => {
      const failure = new Failure('provider_failed', 'github.com did not answer');
      if (mood.refresh === 'works') return { kind: 'tokens', tokens: tokens() };
      if (mood.refresh === 'down') return { kind: 'not-sent', failure: down() };
      if (mood.refresh === 'lost') return { kind: 'no-answer', failure };
      return { kind: 'refused', error: 'invalid_grant', failure };
    },
    revoke: async (): Promise<RevocationOutcome> => {
      if (mood.revoke === 'down') throw down();
      return mood.revoke === 'works' ? { kind: 'revoked' } : { kind: 'unsupported', page: PAGE };
    },
    identify: async () => mood.account,
  };
  return {
    mood,
    authorization,
    callbacks: callbacksOf(mood),
    desktop: {
      get remoteness() {
        return mood.remoteness;
      },
      login: 'ana@box',
      open: async () => mood.opens,
    },
  };
}

const PAGE = 'https://github.com/settings/applications';

/** One issuer is there, and apps can register themselves at it; every other host is unknown. */
function discoveryOf(issuer: string): Discovery {
  const url = new URL(issuer);
  if (!/^(?:auth|mcp)\./.test(url.hostname))
    throw new Failure('provider_unreachable', `${url.host} cannot be reached: the name is not known`);
  return {
    server: {
      issuer,
      authorizationEndpoint: `${url.origin}/authorize`,
      tokenEndpoint: `${url.origin}/token`,
      deviceEndpoint: `${url.origin}/device`,
      revocationEndpoint: `${url.origin}/revoke`,
      userinfoEndpoint: null,
      jwksUri: null,
      issInResponse: false,
      openid: false,
      idTokenAlgorithms: [],
    },
    registrationEndpoint: url.hostname.startsWith('mcp.') ? `${url.origin}/register` : null,
    takesMetadataDocuments: false,
    scopes: [],
    clientAuth: [url.hostname.startsWith('mcp.') ? 'client_secret_post' : 'client_secret_basic', 'none'],
  };
}

const STATE = 'state-that-nobody-guesses';

function attemptOf(
  { server, clientId }: Client,
  redirectUri: string,
  scopes: readonly ProviderScope[],
  tokens: () => Tokens,
): Attempt {
  const url = new URL(server.authorizationEndpoint ?? 'https://nowhere.example.com/');
  url.searchParams.set('client_id', clientId);
  url.searchParams.set('redirect_uri', redirectUri);
  if (scopes.length > 0) url.searchParams.set('scope', scopes.join(' '));
  url.searchParams.set('state', STATE);
  return {
    url: url.href,
    state: new Secret(STATE),
    exchange: async () => tokens(),
    failureOf: async ({ kind, error, description }) =>
      kind === 'denied'
        ? new Failure('consent_denied', 'consent was denied')
        : new Failure('provider_failed', `${url.host} answered ${error}: ${description ?? ''}`),
  };
}

async function deviceOf(
  { server }: Client,
  mood: Mood,
  now: () => number,
  tokens: () => Tokens,
): Promise<DeviceAttempt> {
  const { host } = new URL(server.tokenEndpoint);
  if (server.deviceEndpoint === null) throw new Failure('wrong_state', `${host} has no device flow`);
  return {
    userCode: 'WDJB-MJHT',
    verificationUri: `https://${host}/login/device`,
    verificationUriComplete: undefined,
    expiresAt: now() + 900_000,
    poll: async () => {
      if (mood.browser === 'denies') throw new Failure('consent_denied', 'consent was denied');
      if (mood.browser === 'late')
        throw new Failure('consent_timeout', 'nobody consented before the code ended');
      return tokens();
    },
  };
}

const QUERIES = {
  consents: 'code=canary-code',
  denies: 'error=access_denied&error_description=no',
  fails: 'error=server_error&error_description=oops%1B%5B2J',
} as const;

/** The port that a provider which is none comes back to, read by the real checks. */
function callbacksOf(mood: Mood): Callbacks {
  return {
    parseRedirect,
    listen: async ({ port = PORT }) => {
      const redirectUri = `http://127.0.0.1:${port}/callback`;
      return {
        redirectUri,
        wait: (state, { signal } = {}) =>
          new Promise((resolve, reject) => {
            signal?.addEventListener('abort', () => reject(signal.reason as Failure));
            const { browser } = mood;
            if (browser === 'late') reject(new Failure('consent_timeout', 'nobody consented within 5 min'));
            if (browser === 'late' || browser === 'away') return;
            const answer = judgeAnswer(`${QUERIES[browser]}&state=${state}`, { redirectUri, state });
            if (answer.kind !== 'refused') setTimeout(() => resolve(answer), 30);
          }),
        close: async () => {},
      };
    },
  };
}
