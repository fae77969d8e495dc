import type { Configuration, TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client';
import type { ServerFacts } from '../domain/apps/app.ts';
import { giveBack } from '../domain/apps/give-back.ts';
import type { Client, HeldTokens, Tokens } from '../domain/ports/authorization.ts';
import { Secret } from '../domain/secret.ts';
import type { OAuthDeps } from './deps.ts';
import { type Habits, habitsOf } from './habits.ts';
import { readObject } from './json.ts';
import { configure, failureFrom, type Library, library } from './library.ts';
import {
  accountName,
  type Purpose,
  readError,
  readTokenAnswer,
  type TokenAnswer,
  tokensIn,
} from './token-answer.ts';
import { hostOf } from './transport/trouble.ts';
import { asJson, openWire, requireJson, type Shape, type Trace } from './transport/wire.ts';

type LibraryAnswer = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** Longest life of a token that is kept, in seconds: ten years. Servers write 68 years for "never". */
const LONGEST_LIFE = 10 * 365 * 86_400;
/** An ID token that just came is as old as the clocks differ, in seconds. */
const OLDEST_ID_TOKEN = 3600;

/** One request to a token endpoint, before the library has judged its answer. */
export interface TokenStep {
  readonly lib: Library;
  readonly config: Configuration;
  readonly habits: Habits;
  readonly trace: Trace;
  /**
   * Sends it, by the library, and turns what came into tokens. Throws `Failure`s alone. Tokens of an answer that is
   * refused are given back first; but those of a refresh, with which the grant that it is of would end.
   */
  readonly run: (request: () => Promise<LibraryAnswer>) => Promise<Tokens>;
}

/** Prepares a request to the token endpoint of an app's server, written and read by its provider's habits. */
export async function tokenStep(
  deps: OAuthDeps,
  client: Client,
  { purpose, readsIdToken = false }: { readonly purpose: Purpose; readonly readsIdToken?: boolean },
): Promise<TokenStep> {
  const lib = await library();
  const habits = habitsOf(client.provider);
  const { tokenEndpoint } = client.server;
  let answer: TokenAnswer | undefined;
  let came: Came | undefined;
  const shape = tokenShape(client.server, habits, {
    ...{ purpose, readsIdToken },
    arrived: (tokens) => (came = tokens),
    keep: (read) => (answer = read),
  });
  const wire = openWire(deps.send, shape);
  const config = configure(lib, client, wire);
  if (readsIdToken) lib.enableNonRepudiationChecks(config);
  const run: TokenStep['run'] = async (request) => {
    const sentAt = deps.now();
    try {
      const judged = await request();
      const claims = readsIdToken ? judged.claims() : undefined;
      if (claims !== undefined && Math.abs(sentAt / 1000 - claims.iat) > OLDEST_ID_TOKEN) {
        throw Object.assign(new Error('the ID token was not made just now'), {
          code: 'OAUTH_INVALID_RESPONSE',
        });
      }
      return tokensFrom(answer as TokenAnswer, sentAt, claims);
    } catch (error) {
      if (came !== undefined && purpose !== 'refresh') await giveBack(revoker(deps), client, came);
      throw failureFrom(error, wire, tokenEndpoint);
    }
  };
  return { lib, config, habits, trace: wire.trace, run };
}

type Came = Pick<HeldTokens, 'accessToken' | 'refreshToken'>;

/** Loaded when it is needed: hardly ever. */
function revoker(deps: OAuthDeps): Parameters<typeof giveBack>[0] {
  return { revoke: async (client, held) => (await import('./revoke.ts')).revoke(deps, client, held) };
}

interface Reading {
  readonly purpose: Purpose;
  readonly readsIdToken: boolean;
  /** Told of the tokens of an answer before anything of it is judged. */
  readonly arrived: (tokens: Came) => void;
  readonly keep: (read: TokenAnswer) => void;
}

/** The library sees of an answer what we have read and typed, as RFC 6749 writes it. */
function tokenShape(
  { tokenEndpoint }: ServerFacts,
  habits: Habits,
  { purpose, readsIdToken, arrived, keep }: Reading,
): Shape {
  const { token } = habits;
  return {
    request: (request) => {
      if (request.method !== 'POST') return request;
      const headers = { ...request.headers, ...token.headers };
      if (token.request === 'form') return { ...request, headers };
      const fields = Object.fromEntries(new URLSearchParams(request.body));
      return {
        ...request,
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(fields),
      };
    },
    answer: (answer, request) => {
      // The keys that an ID token is checked with.
      if (request.method !== 'POST') return asJson.answer(answer, request);
      const host = hostOf(tokenEndpoint);
      if (answer.status >= 300) {
        const object = readObject(answer.body);
        const said = object === undefined ? undefined : readError(object, token);
        return said === undefined ? { status: answer.status, body: '' } : rfcError(said);
      }
      arrived(tokensIn(answer.body, habits, purpose));
      requireJson(answer, request.url);
      const read = readTokenAnswer(answer.body, habits, { purpose, host });
      if (read.kind === 'error') return rfcError(read);
      keep(read);
      const { accessToken, expiresIn, idToken } = read;
      const id = readsIdToken && idToken !== undefined ? { id_token: idToken } : {};
      const life = expiresIn === undefined ? {} : { expires_in: expiresIn };
      return {
        status: 200,
        body: JSON.stringify({ access_token: accessToken, token_type: 'bearer', ...life, ...id }),
      };
    },
  };
}

function rfcError({ error, description }: { error: string; description: string | undefined }): {
  status: number;
  body: string;
} {
  return { status: 400, body: JSON.stringify({ error, error_description: description }) };
}

function tokensFrom(
  answer: TokenAnswer,
  sentAt: number,
  claims: Readonly<Record<string, unknown>> | undefined,
): Tokens {
  const { accessToken, refreshToken, expiresIn, scopes } = answer;
  return {
    accessToken: new Secret(accessToken),
    refreshToken: refreshToken === undefined ? undefined : new Secret(refreshToken),
    // From when the request left: the token is no younger than that.
    expiresAt: expiresIn === undefined ? null : sentAt + Math.min(expiresIn, LONGEST_LIFE) * 1000,
    scopes,
    account: answer.account ?? (claims === undefined ? undefined : accountIn(claims)),
    subject: typeof claims?.sub === 'string' ? claims.sub : undefined,
  };
}

/** What a person knows an account by (OpenID Connect Core section 5.1). */
export function accountIn(claims: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of ['email', 'preferred_username']) {
    const value = claims[name];
    const account = typeof value === 'string' ? accountName(value) : undefined;
    if (account !== undefined) return account;
  }
  return undefined;
}
