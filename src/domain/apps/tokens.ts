import { Failure } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { change } from '../audit/change.ts';
import type { Transaction } from '../ports/store.ts';
import type { Secret } from '../secret.ts';
import { archived } from '../workspaces/find.ts';
import type { Grant } from './app.ts';
import { grantEntry } from './facts.ts';
import { type Need, nextStep, type Step } from './freshness.ts';
import { openTokens } from './held-tokens.ts';
import { type Held, heldNow, mustAuthorize } from './reconnect.ts';
import { type RenewalOptions, type Renewing, renew } from './refresh.ts';

/** What somebody who needs a token asks for. */
export interface TokenRequest extends RenewalOptions {
  /** How long it must last, ms; undefined: five minutes, or less where no newer one is to be had now. */
  readonly minValidMs?: number | undefined;
}

/** A valid access token, on record as given out. */
export interface FreshToken {
  readonly accessToken: Secret;
  /** As it is stored with this token. */
  readonly grant: Grant;
  /** Why it could not be renewed though it ends soon; undefined when all is well. */
  readonly unrenewed: Failure | undefined;
}

export interface TokenKeeper {
  /**
   * The access token of a grant, renewed first when it ends too soon. Each time one is given out is in the audit
   * log, in the transaction that reads it. A wish for more time than tokens of this provider live is met by a new one
   * once half of its life is over; where the provider doesn't say how long they live, by a new one. What a renewal
   * brought is given out, however short it lasts. Calls of one process that need the same token share one renewal.
   *
   * Throws `needs_authorization` naming the command that reconnects, `forbidden`, `wrong_state` in an archived
   * workspace, and what `renew` throws.
   */
  fresh(grantId: string, request?: TokenRequest): Promise<FreshToken>;
}

/** Renewals that turn out to have been overtaken by others' are not repeated for ever. */
const ROUNDS = 4;
/** Failures of a renewal that leave a token that still lasts a while as good as it was. */
const PASSING: ReadonlySet<string> = new Set([
  ...['provider_unreachable', 'provider_failed', 'busy', 'needs_authorization'],
]);

/** Gives out access tokens; one for each process. */
export function tokenKeeper(renewing: Renewing): TokenKeeper {
  const underway = new Map<string, Promise<void>>();
  const renewOnce = (grantId: string, need: Need, options: RenewalOptions): Promise<void> => {
    const running = underway.get(grantId);
    if (running !== undefined) return running;
    const started = renew(renewing, grantId, need, options).finally(() => underway.delete(grantId));
    underway.set(grantId, started);
    return started;
  };
  return {
    async fresh(grantId, { minValidMs, retryUncertain } = {}) {
      let newerThan: number | undefined;
      for (let round = 0; round < ROUNDS; round++) {
        const need: Need = { minValidMs, newerThan };
        const shown = await giveOut(renewing, grantId, need);
        if ('accessToken' in shown) return { ...shown, unrenewed: undefined };
        newerThan ??= shown.grant.tokenVersion;
        try {
          await renewOnce(grantId, { minValidMs, newerThan }, { retryUncertain });
        } catch (error) {
          if (minValidMs !== undefined || !(error instanceof Failure) || !PASSING.has(error.code))
            throw error;
          return { ...(await whatIsLeft(renewing, grantId, error)), unrenewed: error };
        }
      }
      throw new Failure('changed', 'the grant changes all the time; no token was given out', {
        hint: 'run it again',
      });
    },
  };
}

type Shown = { readonly accessToken: Secret; readonly grant: Grant } | { readonly grant: Grant };

/** Hands out the stored token with an audit entry, when it is as needed; else just the grant, to be renewed. */
function giveOut({ ledger, access }: Renewing, grantId: string, need: Need): Promise<Shown> {
  const now = ledger.now();
  return change(ledger, async (tx, record): Promise<Shown> => {
    const held = await heldNow(tx, grantId);
    const { app, grant } = held;
    await requireAllowed(tx, ledger.actor, app.workspaceId, { kind: 'use-apps' });
    await refuseArchived(tx, app.workspaceId);
    if ((await stepOf(tx, held, now, need)) === 'renew') return { grant };
    const { accessToken } = await openTokens(tx, access, held);
    if (accessToken === undefined)
      throw new Failure('slot_damaged', `the access token of ${grant.id} is gone`);
    record(grantEntry('grant.token', grant, app, { expires_at: grant.tokenExpiresAt }));
    return { accessToken, grant };
  });
}

/** Throws the failure of the renewal when nothing is left. */
async function whatIsLeft(
  renewing: Renewing,
  grantId: string,
  error: Failure,
): Promise<Pick<FreshToken, 'accessToken' | 'grant'>> {
  const left = await giveOut(renewing, grantId, { minValidMs: undefined, anyLeft: true }).catch(
    () => undefined,
  );
  if (left === undefined || !('accessToken' in left)) throw error;
  return left;
}

async function stepOf(tx: Transaction, held: Held, now: number, need: Need): Promise<'use' | 'renew'> {
  const step: Step = nextStep(held.grant, now, need);
  if ('blocked' in step) throw await mustAuthorize(tx, held, step.blocked);
  return step.step;
}

async function refuseArchived(tx: Transaction, workspaceId: string): Promise<void> {
  const workspace = await tx.workspaces.byId(workspaceId);
  if (workspace !== undefined && workspace.archivedAt !== null) throw archived(workspace.slug);
}
