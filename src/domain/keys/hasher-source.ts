import { sameBytes } from '../audit/chain.ts';
import type { SealedPepper, TokenHasher, VerifierAccess } from '../ports/secrets.ts';
import type { SlotReader } from '../ports/store.ts';
import type { Clock } from '../ports/system.ts';

/** How long a failure to unlock is the answer before it is tried again, ms. */
const PAUSE = 1000;

/**
 * Gives the hasher for the peppers that the store has now. `unlock` is asked the first time, and again
 * only when the sealed peppers are other ones: after a new root key, or a restore under an open store.
 * However many ask at once, it is unlocked once; a failure stands for a second, so that a server with a
 * locked keychain doesn't ask it with every request.
 */
export function hasherSource(
  slots: SlotReader,
  unlock: () => Promise<VerifierAccess>,
  now: Clock,
): () => Promise<TokenHasher> {
  let held: { peppers: readonly SealedPepper[]; hasher: TokenHasher } | undefined;
  let pending: Promise<TokenHasher> | undefined;
  let failed: { error: unknown; at: number } | undefined;

  async function load(): Promise<TokenHasher> {
    const peppers = await slots.peppers();
    if (held !== undefined && samePeppers(held.peppers, peppers)) return held.hasher;
    const waited = failed === undefined ? PAUSE : now() - failed.at;
    // A clock that went back doesn't make it longer.
    if (failed !== undefined && waited >= 0 && waited < PAUSE) throw failed.error;
    try {
      held = { peppers, hasher: (await unlock()).hasher };
      failed = undefined;
      return held.hasher;
    } catch (error) {
      failed = { error, at: now() };
      throw error;
    }
  }

  return () => {
    pending ??= load().finally(() => {
      pending = undefined;
    });
    return pending;
  };
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
