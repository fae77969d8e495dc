import type { Grant } from './app.ts';

/** How long a token that is handed out should last when nothing is said, ms. */
export const DEFAULT_MIN_VALID = 5 * 60_000;
/** Nearer than this to a token's whole life, a wish can't be met for longer than a moment. */
const ATTAINABLE = 0.9;

export interface Need {
  /** How long the token must last, ms; undefined: `DEFAULT_MIN_VALID`, or what there is when no newer one is to be had. */
  readonly minValidMs: number | undefined;
  /** Any token of a later version than this is new enough, ended or not: it is what the one renewal of a run brought. */
  readonly newerThan?: number | undefined;
  /** Take what there is, as long as it lasts at all: a newer one isn't to be had now. */
  readonly anyLeft?: boolean | undefined;
}

/** What to do with a grant for somebody who needs a token; `blocked` says why there is none, half a sentence. */
export type Step = { readonly step: 'use' } | { readonly step: 'renew' } | { readonly blocked: string };

const USE: Step = { step: 'use' };

/** Decides whether the stored token is handed out, renewed first, or not to be had without a new consent. */
export function nextStep(grant: Grant, now: number, { minValidMs, newerThan, anyLeft }: Need): Step {
  if (grant.revokedAt !== null) return { blocked: 'it was revoked' };
  if (grant.needsReason !== null) return { blocked: grant.needsReason };
  if (newerThan !== undefined && grant.tokenVersion > newerThan) return USE;
  const isRenewable = grant.refreshable || grant.kind === 'client-credentials';
  // Nobody knows when it ends, so only a new one can be as good as asked.
  if (grant.tokenExpiresAt === null)
    return isRenewable && (minValidMs ?? 0) > 0 && anyLeft !== true ? { step: 'renew' } : USE;
  const left = grant.tokenExpiresAt - now;
  if (left > 0 && left >= neededLife(minValidMs ?? DEFAULT_MIN_VALID, lifeOf(grant))) return USE;
  if (left > 0 && anyLeft === true) return USE;
  if (isRenewable) return { step: 'renew' };
  if (left > 0 && minValidMs === undefined) return USE;
  const state = left > 0 ? 'its token ends too soon' : 'its token has expired';
  return { blocked: `${state}, and the provider gave none to renew it with` };
}

/**
 * How much of a token's life must be left, ms. What a new token wouldn't meet for longer than a moment is cut to half
 * of its life, or each use would renew it.
 */
export function neededLife(minValidMs: number, lifeMs: number): number {
  return minValidMs <= lifeMs * ATTAINABLE ? minValidMs : lifeMs / 2;
}

/** How long the stored token lives in all, ms; at least 0. */
function lifeOf({ tokenExpiresAt, refreshedAt, authorizedAt }: Grant): number {
  const from = Math.max(refreshedAt ?? authorizedAt, authorizedAt);
  return Math.max(0, (tokenExpiresAt ?? from) - from);
}
