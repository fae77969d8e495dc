import type { TokenHasher } from '../ports/secrets.ts';
import type { Rehash, UsageBatch } from '../ports/store.ts';
import type { VerificationRow } from './key.ts';

const HOUR = 3_600_000;
const MOST_WAITING = 500;

/**
 * Gathers last uses, to the hour, and hashes that are due for a newer pepper, and writes them in
 * small batches. It never makes a verification wait: `write` runs between calls, without waiting for
 * a lock, and what can't be written now is tried again with the next batch. What has not been
 * written when a process dies is lost, which costs a `last used` of at most one interval.
 */
export class UsageRecorder {
  #used = new Map<string, number>();
  #rehashed = new Map<string, Rehash>();
  readonly #write: (batch: UsageBatch) => Promise<boolean>;
  readonly #schedule: (task: () => void) => void;
  #scheduled = false;

  /** `schedule` runs a task once, soon, without keeping the process alive. */
  constructor(write: (batch: UsageBatch) => Promise<boolean>, schedule: (task: () => void) => void) {
    this.#write = write;
    this.#schedule = schedule;
  }

  /** Notes a successful verification at `now` (ms). */
  used(row: VerificationRow, now: number, hasher: TokenHasher, token: string): void {
    const hour = now - (now % HOUR);
    const seen = row.lastUsedAt !== null && row.lastUsedAt >= hour;
    const stale = row.pepper < hasher.current && !this.#rehashed.has(row.kid);
    if (seen && !stale) return;
    if (!seen) this.#used.set(row.kid, hour);
    if (stale) {
      const hash = hasher.hash(hasher.current, row.workspaceId, token);
      if (hash !== undefined)
        this.#rehashed.set(row.kid, {
          old: row.hash,
          verifier: { pepper: hasher.current, hash },
          generation: row.generation,
        });
    }
    this.#plan();
  }

  /** True when as many are waiting as one write takes: for who verifies without a pause in which `schedule` could run. */
  get full(): boolean {
    return this.#used.size + this.#rehashed.size >= MOST_WAITING;
  }

  /** Writes what is waiting; for `close()`. */
  async flush(): Promise<void> {
    while (this.#used.size + this.#rehashed.size > 0) {
      const batch = { used: take(this.#used), rehashed: take(this.#rehashed) };
      if (await this.#write(batch).catch(() => false)) continue;
      for (const [kid, at] of batch.used) if (!this.#used.has(kid)) this.#used.set(kid, at);
      for (const [kid, change] of batch.rehashed)
        if (!this.#rehashed.has(kid)) this.#rehashed.set(kid, change);
      this.#forgetBeyond(100 * MOST_WAITING);
      return;
    }
  }

  /** Bounded memory matters more than a last use while the store can't be written for long. */
  #forgetBeyond(limit: number): void {
    if (this.#used.size > limit) this.#used = new Map([...this.#used].slice(-limit));
    if (this.#rehashed.size > limit) this.#rehashed.clear();
  }

  #plan(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      this.flush().catch(() => undefined);
    });
  }
}

function take<V>(from: Map<string, V>): Map<string, V> {
  const taken = new Map([...from].slice(0, MOST_WAITING));
  for (const kid of taken.keys()) from.delete(kid);
  return taken;
}
