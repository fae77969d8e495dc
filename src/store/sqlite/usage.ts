import type { UsageBatch } from '../../domain/ports/store.ts';
import { Failure } from '../../errors.ts';
import { connectForUsage } from './connection.ts';
import type { Connection } from './driver.ts';
import { failureOf } from './errors.ts';

const USED =
  'UPDATE keys SET last_used_at = ?1 WHERE kid = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)';
/** Compare and set: a hash that a rotation has replaced meanwhile stays. */
const REHASHED = 'UPDATE keys SET pepper = ?, hash = ? WHERE kid = ? AND hash = ?';

/** Writes last uses on a connection of its own, so that it never waits behind a transaction. */
export class UsageWriter {
  readonly #path: string;
  #connection: Connection | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** False when the store is busy or can't be written now; nothing is written then. */
  write({ used, rehashed }: UsageBatch): boolean {
    try {
      this.#connection ??= connectForUsage(this.#path);
      const connection = this.#connection;
      const write = connection.transaction(() => {
        const raise = connection.prepare(USED);
        for (const [kid, at] of used) raise.run({ 1: at, 2: kid });
        const replace = connection.prepare(REHASHED);
        for (const [kid, { old, verifier }] of rehashed)
          replace.run(verifier.pepper, verifier.hash, kid, old);
      });
      write.immediate();
      return true;
    } catch (error) {
      if (failureOf(error, this.#path) instanceof Failure) return false;
      throw error;
    }
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}
