import { sameBytes } from '../audit/chain.ts';
import type { SealedPepper, TokenHasher, VerifierAccess } from '../ports/secrets.ts';
import type { SlotReader } from '../ports/store.ts';

/**
 * Gives the hasher for the peppers that the store has now. `unlock` is asked the first time, and again
 * only when the sealed peppers are other ones: after a new root key, or a restore under an open store.
 */
export function hasherSource(
  slots: SlotReader,
  unlock: () => Promise<VerifierAccess>,
): () => Promise<TokenHasher> {
  let held: { peppers: readonly SealedPepper[]; hasher: TokenHasher } | undefined;
  return async () => {
    const peppers = await slots.peppers();
    if (held === undefined || !samePeppers(held.peppers, peppers))
      held = { peppers, hasher: (await unlock()).hasher };
    return held.hasher;
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
