import type { Client, HeldTokens, RefreshOutcome } from '../domain/ports/authorization.ts';
import { Failure } from '../errors.ts';
import type { OAuthDeps } from './deps.ts';
import { serverError } from './library.ts';
import { requireStamp } from './stamp.ts';
import { tokenStep } from './token-step.ts';
import { hostOf } from './transport/trouble.ts';
import type { Trace } from './transport/wire.ts';

/** After these nothing but another consent helps (RFC 6749 section 5.2, OpenID Connect Core section 3.1.2.6). */
const DEAD: ReadonlySet<string> = new Set([
  'invalid_grant',
  'interaction_required',
  'login_required',
  'consent_required',
  'account_selection_required',
]);

/** See `Authorization.refresh`. */
export async function refresh(deps: OAuthDeps, client: Client, held: HeldTokens): Promise<RefreshOutcome> {
  requireStamp(client, held);
  const { refreshToken } = held;
  if (refreshToken === undefined) {
    throw new Failure('needs_authorization', `${hostOf(client.server.tokenEndpoint)} gave no refresh token`);
  }
  const { lib, config, habits, trace, run } = await tokenStep(deps, client, { purpose: 'refresh' });
  const repeated = habits.refresh.repeatsRedirectUri === true ? held.redirectUri : null;
  const parameters: Record<string, string> = {
    ...(client.resource === null ? {} : { resource: client.resource }),
    ...(repeated === null ? {} : { redirect_uri: repeated }),
  };
  let error: string | undefined;
  try {
    const tokens = await run(async () => {
      try {
        return await lib.refreshTokenGrant(config, refreshToken.reveal(), parameters);
      } catch (thrown) {
        error = serverError(thrown)?.error;
        throw thrown;
      }
    });
    return { kind: 'tokens', tokens };
  } catch (thrown) {
    return outcomeOf(thrown as Failure, { error, trace, dead: habits.token.deadTokens ?? [] });
  }
}

interface Circumstances {
  readonly error: string | undefined;
  readonly trace: Trace;
  readonly dead: readonly string[];
}

/**
 * Which failure it is. An answer that says that nothing was done is believed: an error in the server's words, 4xx,
 * 3xx, 503. Every other answer may come after the token was used up: half of one, a gateway's that waited in vain, a
 * 200 that can't be read.
 */
export function outcomeOf(
  failure: Failure,
  { error, trace, dead }: Circumstances,
): Exclude<RefreshOutcome, { kind: 'tokens' }> {
  if (error !== undefined) {
    if (DEAD.has(error) || dead.includes(error)) return { kind: 'refused', error, failure };
    return { kind: 'failed', error, failure };
  }
  const { status, isSent } = trace;
  if (status === undefined) return { kind: isSent ? 'no-answer' : 'not-sent', failure };
  const isUndone = (status >= 300 && status < 500) || status === 503;
  return { kind: isUndone ? 'failed' : 'no-answer', failure };
}
