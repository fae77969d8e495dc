import { Failure, PROGRAM } from '../../errors.ts';
import type { Authorization, RefreshOutcome, Tokens } from '../ports/authorization.ts';
import type { Store } from '../ports/store.ts';
import type { App, RefreshIntent } from './app.ts';
import type { Need } from './freshness.ts';
import { giveBack } from './give-back.ts';
import { type Held, mustAuthorize, nameOf, reconnect } from './reconnect.ts';
import {
  type Begun,
  beginRefresh,
  type Journal,
  keepTokens,
  leaveUncertain,
  loseGrant,
  withdrawIntent,
} from './refresh-journal.ts';
import { readScopes } from './scopes.ts';
import { plainApp } from './typed.ts';

/** What renewing tokens needs. */
export interface Renewing extends Journal {
  /** Loaded when something is to be sent. */
  authorization(): Promise<Authorization>;
  /**
   * Runs work to its end though a signal asks this program to stop meanwhile, and throws `cancelled` only then:
   * a program that ends between sending and storing leaves a grant that nobody knows the state of.
   */
  unbroken<T>(work: () => Promise<T>): Promise<T>;
}

export interface RenewalOptions {
  /** The person decided to send once more a refresh token that may have been used up. */
  readonly retryUncertain?: boolean | undefined;
}

/** A request ends after 30 s; who waits for another's, waits a little longer than that, ms. */
const LOCK_WAIT = 40_000;

/**
 * Runs work on the tokens of a grant while no other process does. Throws `busy` when the one that has them doesn't
 * come to an end.
 */
export function aloneWithTokens<T>(store: Store, grantId: string, work: () => Promise<T>): Promise<T> {
  return store.exclusively(`refresh-${grantId}`, work, { waitMs: LOCK_WAIT });
}

/**
 * Renews the tokens of a grant, one process at a time: read again under the lock, and left alone when another renewed
 * them meanwhile; then intent, one request with no transaction open, and the answer stored before anything else. A
 * refresh token whose last use nobody knows the outcome of is not sent again, unless the provider never replaces
 * one, or `retryUncertain`.
 *
 * Returns when the stored tokens are newer than before, or nobody needs to renew them. Throws `needs_authorization`
 * (refused for good, or uncertain), `provider_unreachable` and `provider_failed` (the grant is as before, unless the
 * message says otherwise), `busy`, and what storing throws.
 */
export async function renew(
  renewing: Renewing,
  grantId: string,
  need: Need,
  options: RenewalOptions = {},
): Promise<void> {
  const { store } = renewing.ledger;
  const authorization = await renewing.authorization();
  await aloneWithTokens(store, grantId, () =>
    renewing.unbroken(async () => {
      const mayRepeat =
        options.retryUncertain === true || (await staysValid(renewing, authorization, grantId));
      const begun = await beginRefresh(renewing, grantId, need, mayRepeat);
      if (begun.step === 'uncertain') throw await uncertainSince(store, begun, begun.intent);
      if (begun.step === 'send') await carryOut(renewing, authorization, begun);
    }),
  );
}

/** A refresh token that the provider never replaces isn't used up by use: sending it twice is what it is for. */
async function staysValid(
  { ledger }: Renewing,
  authorization: Authorization,
  grantId: string,
): Promise<boolean> {
  const grant = await ledger.store.grants.byId(grantId);
  const app = grant && (await ledger.store.apps.byId(grant.appId));
  if (app === undefined || app.provider === null) return false;
  return authorization.findProvider(app.provider)?.refresh.rotates === 'no';
}

async function carryOut(renewing: Renewing, authorization: Authorization, begun: Begun): Promise<void> {
  const { grant, app, client } = begun;
  if (grant.kind === 'client-credentials') {
    const fresh = await authorization.clientCredentials(client, readScopes(grant.asked));
    return keep(renewing, authorization, begun, fresh);
  }
  const outcome = await send(renewing, authorization, begun);
  switch (outcome.kind) {
    case 'tokens':
      return keep(renewing, authorization, begun, outcome.tokens);
    case 'refused': {
      const why = `the provider refuses to refresh it (${outcome.error})`;
      if (await loseGrant(renewing, begun, why))
        throw await mustAuthorize(renewing.ledger.store, { app, grant }, why);
      return;
    }
    case 'not-sent':
      await withdrawIntent(renewing, begun);
      throw outcome.failure;
    case 'failed':
      await withdrawIntent(renewing, begun);
      throw outcome.error === 'invalid_client'
        ? await withSecretHint(renewing.ledger.store, app, outcome.failure)
        : outcome.failure;
    case 'no-answer':
      throw await noAnswer(renewing, begun, outcome.failure);
  }
}

/** Sends it. What is thrown before anything went out takes the intent back; nobody can tell of anything else. */
async function send(renewing: Renewing, authorization: Authorization, begun: Begun): Promise<RefreshOutcome> {
  try {
    return await authorization.refresh(begun.client, begun.tokens);
  } catch (error) {
    const isUnsent =
      error instanceof Failure && ['authorization_mismatch', 'needs_authorization'].includes(error.code);
    await (isUnsent ? withdrawIntent(renewing, begun) : leaveUncertain(renewing, begun));
    throw error;
  }
}

async function keep(
  renewing: Renewing,
  authorization: Authorization,
  begun: Begun,
  fresh: Tokens,
): Promise<void> {
  const habits = authorization.findProvider(begun.app.provider ?? '')?.scopes ?? {};
  let kept: Awaited<ReturnType<typeof keepTokens>>;
  try {
    kept = await keepTokens(renewing, begun, fresh, habits);
  } catch (error) {
    throw await notStored(renewing.ledger.store, begun, error);
  }
  if (kept === 'gone') await giveBack(authorization, begun.client, fresh);
}

/** The client secret was changed or has ended at the provider. */
async function withSecretHint(store: Store, app: App, failure: Failure): Promise<Failure> {
  if (app.clientAuth === 'none') return failure;
  const slug = (await store.workspaces.byId(app.workspaceId))?.slug ?? app.workspaceId;
  const hint = `${PROGRAM} apps update ${plainApp(app)} --from-stdin -w ${slug}`;
  return new Failure(failure.code, failure.message, { hint, cause: failure });
}

const UNCERTAIN = 'whether its refresh token still works is uncertain (--retry-uncertain sends it once more)';

/** The intent stays, so the next run knows as well: it must not be made to look certain. */
async function noAnswer(renewing: Renewing, begun: Begun, failure: Failure): Promise<Failure> {
  // What can't be written now, the intent says by itself.
  await leaveUncertain(renewing, begun).catch(() => undefined);
  const message = `${failure.message}; the refresh of ${nameOf(begun)} went out, so ${UNCERTAIN}`;
  const hint = await reconnect(renewing.ledger.store, begun);
  return new Failure(failure.code, message, { hint, cause: failure });
}

async function notStored(store: Store, begun: Begun, error: unknown): Promise<unknown> {
  if (!(error instanceof Failure) || begun.grant.kind === 'client-credentials') return error;
  const message = `${error.message}; the new tokens of ${nameOf(begun)} could not be stored, so ${UNCERTAIN}`;
  return new Failure(error.code, message, {
    hint: error.hint ?? (await reconnect(store, begun)),
    cause: error,
  });
}

function uncertainSince(store: Store, held: Held, { sentAt }: RefreshIntent): Promise<Failure> {
  const at = `${new Date(sentAt).toISOString().slice(0, 19)}Z`;
  const why = `a refresh of ${at} was never answered, so ${UNCERTAIN}`;
  return mustAuthorize(store, held, why);
}
