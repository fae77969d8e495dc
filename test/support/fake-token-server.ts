import type { Provider } from '../../src/domain/apps/provider.ts';
import { type ProviderScope, readScopes } from '../../src/domain/apps/scopes.ts';
import type {
  Authorization,
  Client,
  HeldTokens,
  RefreshOutcome,
  RevocationOutcome,
  Tokens,
} from '../../src/domain/ports/authorization.ts';
import { Secret } from '../../src/domain/secret.ts';
import { Failure } from '../../src/errors.ts';

/** How the next answer comes out. `lost`: carried out, and its answer never arrives. */
type Answer = 'tokens' | 'refused' | 'not-sent' | 'failed' | 'bad-client' | 'no-answer' | 'lost';

/** A token endpoint in memory that rotates refresh tokens and, when a spent one is sent, kills the whole family. */
export interface TokenServer {
  readonly authorization: Authorization;
  /** Refresh tokens that arrived, in their order. */
  readonly sent: string[];
  /** Access and refresh token of each revocation that arrived. */
  readonly takenBack: (readonly [string | undefined, string | undefined])[];
  /** Was a spent refresh token ever sent? */
  reused: boolean;
  /** How requests are answered: the first of these, and as it should be when there is none. */
  readonly answers: Answer[];
  /** `forever`: the same refresh token stays; `silent`: it stays and isn't repeated. */
  rotation: 'rotates' | 'forever' | 'silent';
  /** Life of the access tokens it makes, ms; null: it doesn't say. */
  lifeMs: number | null;
  /** What the answers say was granted. */
  granted: readonly string[] | undefined;
  /** What a revocation comes to. */
  revocation: RevocationOutcome | Failure;
  /** Runs while a request is on its way. */
  meanwhile: () => Promise<void>;
  /** A new consent. */
  consent(): Tokens;
  /** Is this access token the newest of a living family? */
  isValid(accessToken: string): boolean;
}

const unreachable = () => new Failure('provider_unreachable', 'sso.example.com did not answer');

export function tokenServer(now: () => number): TokenServer {
  let made = 0;
  let family = { alive: false, refresh: '', access: '' };
  const spent = new Set<string>();
  const make = (): Tokens => {
    made += 1;
    if (server.rotation === 'rotates') {
      if (family.refresh !== '') spent.add(family.refresh);
      family.refresh = `refresh-${made}`;
    }
    family.access = `access-${made}`;
    const refreshToken = server.rotation === 'silent' ? undefined : new Secret(family.refresh);
    return tokens(family.access, refreshToken);
  };
  const tokens = (accessToken: string, refreshToken: Secret | undefined): Tokens => ({
    ...{ accessToken: new Secret(accessToken), refreshToken, account: undefined, subject: undefined },
    expiresAt: server.lifeMs === null ? null : now() + server.lifeMs,
    scopes: server.granted === undefined ? undefined : readScopes(server.granted),
  });
  const refused: RefreshOutcome = {
    ...{ kind: 'refused', error: 'invalid_grant' },
    failure: new Failure('needs_authorization', 'invalid_grant'),
  };
  const server: TokenServer = {
    ...{ sent: [], takenBack: [], reused: false, answers: [], rotation: 'rotates', lifeMs: 3_600_000 },
    ...{ granted: undefined, revocation: { kind: 'revoked' }, meanwhile: async () => undefined },
    consent() {
      made += 1;
      family = { alive: true, refresh: `refresh-${made}`, access: `access-${made}` };
      return tokens(family.access, new Secret(family.refresh));
    },
    isValid: (accessToken) => family.alive && family.access === accessToken,
    authorization: {
      ...notAsked(),
      findProvider: (name) => (name === 'lasting' ? LASTING : undefined),
      async refresh(_: Client, { refreshToken }: HeldTokens) {
        const answer = server.answers.shift() ?? 'tokens';
        await server.meanwhile();
        if (answer === 'not-sent') return { kind: 'not-sent', failure: unreachable() };
        const text = refreshToken?.reveal() ?? '';
        server.sent.push(text);
        if (answer === 'no-answer') return { kind: 'no-answer', failure: unreachable() };
        if (answer === 'bad-client')
          return {
            kind: 'failed',
            error: 'invalid_client',
            failure: new Failure('provider_failed', 'refused'),
          };
        if (answer === 'failed')
          return { kind: 'failed', failure: new Failure('provider_failed', 'sso.example.com answered 503') };
        if (spent.has(text)) {
          server.reused = true;
          family.alive = false;
        }
        if (answer === 'refused' || !family.alive || family.refresh !== text) return refused;
        const fresh = make();
        return answer === 'lost'
          ? { kind: 'no-answer', failure: unreachable() }
          : { kind: 'tokens', tokens: fresh };
      },
      async clientCredentials() {
        server.sent.push('client');
        await server.meanwhile();
        made += 1;
        family = { alive: true, refresh: '', access: `access-${made}` };
        return tokens(family.access, undefined);
      },
      async revoke(_, { accessToken, refreshToken }) {
        await server.meanwhile();
        if (server.revocation instanceof Failure) throw server.revocation;
        server.takenBack.push([accessToken?.reveal(), refreshToken?.reveal()]);
        family.alive = false;
        return server.revocation;
      },
    },
  };
  return server;
}

/** Of a provider whose refresh tokens stay the same, only what is looked at. */
const LASTING = {
  refresh: { given: 'always', rotates: 'no' },
  scopes: { aliases: {}, unsaid: [] },
} as unknown as Provider;

function notAsked(): Authorization {
  const refuse = (): never => {
    throw new Error('not asked here');
  };
  return {
    ...{ findProvider: refuse, requireProvider: refuse, discover: refuse, discoverResource: refuse },
    ...{ register: refuse, begin: refuse, startDevice: refuse, clientCredentials: refuse, refresh: refuse },
    ...{ revoke: refuse, identify: refuse },
  };
}

export const scopes = (...texts: readonly string[]): readonly ProviderScope[] => readScopes(texts);
