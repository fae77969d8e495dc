import type { TokenHasher } from '../ports/secrets.ts';
import type { Clock } from '../ports/system.ts';
import type { Reporter, UsageBatch } from '../ports/usage.ts';
import { adoptionOf } from './foreign.ts';
import { BATCH, Gathered } from './gathered.ts';
import type { ForeignDigest, StoredVersion, VerificationRow } from './key.ts';
import { HOUR, MINUTE } from './last-use.ts';

/** A verifier that has nothing to write says at least this often that it has nothing, ms. */
const BEAT = 30_000;

/** What a recorder works with. */
export interface UsageParts {
  /** Writes without waiting for a lock; false when it can't be written now. */
  write(batch: UsageBatch): Promise<boolean>;
  /** Runs a task once, `ms` from now, without keeping the process alive. */
  later(task: () => void, ms: number): void;
  /** How long uses are gathered before they are written, ms. */
  readonly interval: number;
  readonly now: Clock;
  /** Puts on record that a superseded version is still in use. May wait for a lock; nobody waits for it. */
  lateUse(kid: string, version: number): Promise<void>;
  /** Draws the id by which this verifier is known while it runs, once it has run `after` ms: a short one isn't worth a write. */
  readonly reporter: { id(): string; readonly after: number };
}

/** By what a token was recognised, where that is not the current version of the key in the token. */
export interface Proof {
  /** The superseded version whose token it is. */
  readonly older?: StoredVersion | undefined;
  /** The digest by which an imported token was found. */
  readonly foreign?: ForeignDigest | undefined;
}

const CURRENT: Proof = Object.freeze({});

/**
 * Gathers last uses, to the hour (to the minute while rotating), and hashes that are due for a newer pepper,
 * and writes them in small batches. It never makes a verification wait: writing runs between calls, without
 * waiting for a lock, and what can't be written now is tried again with the next batch. What has not been
 * written when a process dies is lost, which costs a `last used` of at most one interval.
 */
export class UsageRecorder {
  readonly #parts: UsageParts;
  readonly #began: number;
  readonly #gathered = new Gathered();
  #late = new Map<string, { readonly kid: string; readonly version: number }>();
  #planned = false;
  #draining: Promise<void> | undefined;
  #id: string | undefined;
  #reportedAt: number | undefined;
  #ended = false;

  constructor(parts: UsageParts) {
    this.#parts = parts;
    this.#began = parts.now();
    this.#beat();
  }

  /** Notes a successful verification at `now` (ms). */
  used(row: VerificationRow, now: number, hasher: TokenHasher, token: string, proof = CURRENT): void {
    const { older, foreign } = proof;
    const lastUse = older === undefined ? row.versionUsedAt : older.lastUsedAt;
    // NO_CUT_OFF lies after any now, and 0, all ended, before.
    const grain = (row.olderUntil ?? 0) > now ? MINUTE : HOUR;
    const at = now - (now % grain);
    const seen = lastUse !== null && lastUse >= at;
    const late = older !== undefined && older.cutOff !== null && older.lateUseAt === null;
    const stale = older === undefined && foreign === undefined && row.pepper < hasher.current;
    if (seen && !late && !stale && foreign === undefined) return;
    const { version } = older ?? row;
    const id = `${row.kid} ${version}`;
    const { used, rehashed, adopted } = this.#gathered;
    if (!seen) used.set(id, { kid: row.kid, version, older: older !== undefined, at });
    if (late && this.#late.size < BATCH) this.#late.set(id, { kid: row.kid, version });
    if (stale && !rehashed.has(row.kid)) this.#rehash(row, hasher, token);
    if (foreign !== undefined && !adopted.has(id)) {
      const adoption = adoptionOf(row, version, foreign, hasher, token);
      if (adoption !== undefined) adopted.set(id, adoption);
    }
    if (this.#gathered.size + this.#late.size > 0) this.#plan();
  }

  /** True when as many are waiting as one write takes: for who verifies without a pause in which a task could run. */
  get full(): boolean {
    return this.#gathered.size >= BATCH;
  }

  /** Writes what is waiting, as far as it can be written. One at a time, so that what a report claims is true. */
  flush(): Promise<void> {
    return this.#next(() => this.#drain(false));
  }

  /** Writes what is waiting, and ends: no further reports. */
  close(): Promise<void> {
    this.#ended = true;
    return this.#next(() => this.#drain(true));
  }

  #next(work: () => Promise<void>): Promise<void> {
    const mine = this.#draining === undefined ? work() : this.#draining.then(work);
    this.#draining = mine;
    return mine.finally(() => {
      if (this.#draining === mine) this.#draining = undefined;
    });
  }

  async #drain(closing: boolean): Promise<void> {
    do {
      const at = this.#parts.now();
      const { batch, size, putBack } = this.#gathered.take();
      // A report says that everything up to it is written, so only the last batch carries one.
      const reporter = this.#gathered.size > 0 ? undefined : this.#reportAt(at, closing, size > 0);
      if (size === 0 && reporter === undefined) break;
      const sent = reporter === undefined ? batch : { ...batch, reporter };
      if (!(await this.#parts.write(sent).catch(() => false))) return putBack();
      if (reporter !== undefined) this.#reportedAt = at;
    } while (this.#gathered.size > 0);
    await this.#tellLate();
  }

  /** The report that is due: with every batch, and between them at each beat; none from one that ends before its first. */
  #reportAt(at: number, closing: boolean, writing: boolean): Reporter | undefined {
    const known = this.#reportedAt !== undefined;
    if (closing ? !known : this.#ended) return undefined;
    if (!known && at - this.#began < this.#parts.reporter.after) return undefined;
    const last = this.#reportedAt ?? Number.NEGATIVE_INFINITY;
    // A clock that went back doesn't silence it.
    if (!closing && !writing && at >= last && at - last < BEAT) return undefined;
    this.#id ??= this.#parts.reporter.id();
    return { id: this.#id, at, closing };
  }

  /** After the uses are written, and only then: a store that takes no uses takes no entries either. */
  async #tellLate(): Promise<void> {
    const late = this.#late;
    this.#late = new Map();
    for (const [id, { kid, version }] of late) {
      try {
        await this.#parts.lateUse(kid, version);
      } catch {
        this.#late.set(id, { kid, version });
      }
    }
  }

  #rehash(row: VerificationRow, hasher: TokenHasher, token: string): void {
    const hash = hasher.hash(hasher.current, row.workspaceId, token);
    if (hash === undefined) return;
    const verifier = { pepper: hasher.current, hash };
    this.#gathered.rehashed.set(row.kid, { old: row.hash, verifier, generation: row.generation });
  }

  #plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#parts.later(() => {
      this.#planned = false;
      this.flush().catch(() => undefined);
    }, this.#parts.interval);
  }

  #beat(): void {
    this.#parts.later(() => {
      if (this.#ended) return;
      this.#beat();
      this.flush().catch(() => undefined);
    }, BEAT);
  }
}
