import { Failure, PROGRAM } from '../../errors.ts';
import { keyId } from '../ids.ts';
import type { ApiKey } from '../keys/key.ts';
import type { Policy } from '../workspaces/policy.ts';
import type { Rotation } from './rotation.ts';

/** How long the old version lives on when nothing is said, ms. */
export const DEFAULT_GRACE = { text: '24h', ms: 86_400_000 };

/** A checked wish for a new version of a key. */
export interface RotationRequest {
  /** How long the old version lives on, ms; 0: every older version ends at once. */
  readonly graceMs: number;
  /** Asked for outright: first moment (ms) at which the new version no longer verifies, null for never. */
  readonly expiresAt?: number | null | undefined;
  /** Is the secret handed to a command, so that the old version isn't cut off before that is done? */
  readonly delivery: boolean;
  /** Is the new secret to be seen working before the old version is cut off? */
  readonly check: boolean;
}

/** What a rotation will do. */
export interface RotationPlan {
  readonly version: number;
  readonly expiresAt: number | null;
  /** The lifetime before was longer than the workspace allows by now. */
  readonly capped: boolean;
  /** First moment at which the old version no longer verifies; null while its successor is being delivered. */
  readonly cutOff: number | null;
  /** Every older version ends with this transaction, as a state and not by the clock. */
  readonly endsOlder: boolean;
}

/**
 * What rotating the key would do, or why it can't be rotated. `highest` is the highest version number that
 * the key ever had: numbers are never used again, not even after a roll-back.
 */
export function planRotation(
  key: ApiKey,
  highest: number,
  request: RotationRequest,
  policy: Policy,
  now: number,
): { readonly plan: RotationPlan } | { readonly refusal: Failure } {
  if (key.revokedAt !== null) return { refusal: gone(key, 'is revoked') };
  if (key.expiresAt !== null && !(key.expiresAt > now)) return { refusal: gone(key, 'has expired') };
  const { expiresAt, capped } = nextExpiry(key, request, policy, now);
  return {
    plan: {
      version: 1 + Math.max(key.version, highest),
      expiresAt,
      capped,
      cutOff: request.delivery ? null : cutOffFor(key.expiresAt, request.graceMs, now),
      endsOlder: !request.delivery && request.graceMs === 0,
    },
  };
}

/** The end of an old version: after the grace, and never after its own expiry. */
export function cutOffFor(ownExpiry: number | null, graceMs: number, now: number): number {
  return ownExpiry === null ? now + graceMs : Math.min(now + graceMs, ownExpiry);
}

/** The same lifetime again, capped by policy. What was asked for outright is for the permission check to refuse. */
function nextExpiry(
  { expiresAt, issuedAt }: ApiKey,
  request: RotationRequest,
  { longestLife }: Policy,
  now: number,
): { expiresAt: number | null; capped: boolean } {
  if (request.expiresAt !== undefined) return { expiresAt: request.expiresAt, capped: false };
  // A clock that went back since the issue must not make the lifetime shorter than what is left of it.
  const life = expiresAt === null ? null : expiresAt - Math.min(issuedAt, now);
  const capped = longestLife !== null && (life === null || life > longestLife);
  const next = capped ? longestLife : life;
  return { expiresAt: next === null ? null : now + next, capped };
}

function gone(key: ApiKey, state: string): Failure {
  return new Failure('wrong_state', `${key.name} ${state} and can't be rotated`, {
    hint: `${PROGRAM} keys create makes a new one`,
  });
}

/** What whoever goes on with an open delivery can do for it. */
export interface Hands {
  /** Has a command that the secret is handed to. */
  readonly deliver: boolean;
  /** Has a command that sees the secret working, or said that there is to be none. */
  readonly check: 'given' | 'waived' | 'none';
}

export type Step = 'deliver' | 'check' | 'finish';

/**
 * The next step of an open delivery, or why it can't be taken. A secret whose arrival wasn't seen is delivered
 * again when there is a command for it, so that a delivery that went to the wrong place heals.
 */
export function nextStep(
  rotation: Pick<Rotation, 'kid' | 'state' | 'check' | 'fromVersion' | 'toVersion'>,
  hands: Hands,
): { readonly step: Step } | { readonly refusal: Failure } {
  const { kid, state, check, fromVersion, toVersion } = rotation;
  if (state === 'checked') return { step: 'finish' };
  if (state !== 'issued' && state !== 'delivered')
    return { refusal: new Failure('wrong_state', `the rotation to version ${toVersion} is not open`) };
  if (check && hands.check === 'none') {
    return {
      refusal: new Failure('usage', 'the rotation was started with a check, and --check is missing', {
        hint: 'give --check, or --no-check to finish without one',
      }),
    };
  }
  if (state === 'issued' && !hands.deliver) {
    return {
      refusal: new Failure('usage', `version ${toVersion} is not delivered yet: --deliver is missing`, {
        hint: `give --deliver as before, or take it back while version ${fromVersion} verifies: ${PROGRAM} rotations rollback ${keyId(kid)}`,
      }),
    };
  }
  if (hands.deliver && (state === 'issued' || hands.check === 'given')) return { step: 'deliver' };
  return { step: hands.check === 'given' ? 'check' : 'finish' };
}
