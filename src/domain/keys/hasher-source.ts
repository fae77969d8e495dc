import { sameBytes } from '../audit/chain.ts';
import type { SealedPepper, TokenHasher, VerifierAccess } from '../ports/secrets.ts';
import type { SlotReader } from '../ports/store.ts';
import type { Clock } from '../ports/system.ts';

/** How long a failure to unlock is the answer before it is tried again, ms. */
const PAUSE = 1000;

/** One unlocking, and the sealed peppers that it was for. */
interface Attempt {
  readonly peppers: readonly SealedPepper[];
  readonly hasher: Promise<TokenHasher>;
  failedAt?: number;
}

/**
 * Gives the hasher for the peppers that the store has now. `unlock` is asked the first time, and again
 * only when the sealed peppers are other ones: after a new root key, or a restore under an open store.
 * However many ask at once for the same peppers, it is unlocked once; a failure stands for a second, so
 * that a server with a locked keychain doesn't ask it with every request.
 */
export function hasherSource(
  slots: SlotReader,
  unlock: () => Promise<VerifierAccess>,
  now: Clock,
): () => Promise<TokenHasher> {
  let last: Attempt | undefined;
  return async () => {
    const peppers = await slots.peppers();
    if (last === undefined || !samePeppers(last.peppers, peppers) || isTimeToRetry(last, now())) {
      const attempt: Attempt = { peppers, hasher: unlock().then(({ hasher }) => hasher) };
      attempt.hasher.catch(() => {
        attempt.failedAt = now();
      });
      last = attempt;
    }
    return last.hasher;
  };
}

/** A clock that went back doesn't make the pause longer. */
function isTimeToRetry({ failedAt }: Attempt, now: number): boolean {
  return failedAt !== undefined && (now < failedAt || now - failedAt >= PAUSE);
}

function samePeppers(a: readonly SealedPepper[], b: readonly SealedPepper[]): boolean {
  return (
    a.length === b.length &&
    a.every((pepper, i) => {
      const other = b[i];
      return other !== undefined && pepper.number === other.number && sameBytes(pepper.sealed, other.sealed);
    })
  );
}
