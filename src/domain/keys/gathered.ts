import type { Adoption, Rehash, UsageBatch, VersionUse } from '../ports/usage.ts';

/** Most of each kind in one batch. */
export const BATCH = 500;
/** Most of each kind that are kept while the store can't be written: bounded memory matters more than a last use. */
const KEPT = 100 * BATCH;

/** What a verifier has gathered and not written yet; of each kind one a version (`rehashed`: one a key). */
export class Gathered {
  used = new Map<string, VersionUse>();
  readonly rehashed = new Map<string, Rehash>();
  readonly adopted = new Map<string, Adoption>();

  get size(): number {
    return this.used.size + this.rehashed.size + this.adopted.size;
  }

  /** Takes out what goes into one batch. `putBack` undoes it, for a batch that was not written. */
  take(): { readonly batch: UsageBatch; readonly size: number; putBack(): void } {
    const [used, rehashed, adopted] = [take(this.used), take(this.rehashed), take(this.adopted)];
    return {
      batch: { used: [...used.values()], rehashed, adopted: [...adopted.values()] },
      size: used.size + rehashed.size + adopted.size,
      putBack: () => {
        putBack(used, this.used);
        putBack(rehashed, this.rehashed);
        putBack(adopted, this.adopted);
        if (this.used.size > KEPT) this.used = new Map([...this.used].slice(-KEPT));
        if (this.rehashed.size > KEPT) this.rehashed.clear();
        if (this.adopted.size > KEPT) this.adopted.clear();
      },
    };
  }
}

function take<V>(from: Map<string, V>): Map<string, V> {
  const taken = new Map([...from].slice(0, BATCH));
  for (const id of taken.keys()) from.delete(id);
  return taken;
}

/** What is there by now is newer. */
function putBack<V>(taken: ReadonlyMap<string, V>, to: Map<string, V>): void {
  for (const [id, value] of taken) if (!to.has(id)) to.set(id, value);
}
