import type { UsageBatch } from '../../domain/ports/store.ts';
import { Failure } from '../../errors.ts';
import { connectForUsage } from './connection.ts';
import type { Connection } from './driver.ts';
import { failureOf } from './errors.ts';
import { versionOf } from './header.ts';
import { fileAt } from './paths.ts';

const USED =
  'UPDATE keys SET last_used_at = ?1 WHERE kid = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)';
/**
 * Compare and set: a hash that a rotation has replaced meanwhile stays. And a store that was restored
 * meanwhile may lack the pepper, without which no token would ever fit the new hash.
 */
const REHASHED = `UPDATE keys SET pepper = ?1, hash = ?2 WHERE kid = ?3 AND hash = ?4
  AND EXISTS (SELECT 1 FROM peppers WHERE number = ?1) AND (SELECT generation FROM meta) = ?5`;

/** Writes last uses on a connection of its own, so that it never waits behind a transaction. */
export class UsageWriter {
  readonly #path: string;
  readonly #version: number;
  #open: { connection: Connection; file: string } | undefined;

  /** Writes only into a store of this version of the schema. */
  constructor(path: string, version: number) {
    this.#path = path;
    this.#version = version;
  }

  /** False when the store is busy or can't be written now; nothing is written then. */
  write(batch: UsageBatch): boolean {
    try {
      const connection = this.#connection();
      return connection?.transaction(() => this.#record(connection, batch)).immediate() ?? false;
    } catch (error) {
      if (failureOf(error, this.#path) instanceof Failure) return false;
      throw error;
    }
  }

  close(): void {
    this.#open?.connection.close();
    this.#open = undefined;
  }

  /** To the file that is at the path now; undefined when none is. */
  #connection(): Connection | undefined {
    const file = fileAt(this.#path);
    if (this.#open?.file !== file) this.close();
    if (file === undefined) return undefined;
    this.#open ??= { connection: connectForUsage(this.#path), file };
    return this.#open.connection;
  }

  #record(connection: Connection, { used, rehashed }: UsageBatch): boolean {
    if (versionOf(connection, this.#path) !== this.#version) return false;
    const raise = connection.prepare(USED);
    for (const [kid, at] of used) raise.run({ 1: at, 2: kid });
    const replace = connection.prepare(REHASHED);
    for (const [kid, { old, verifier, generation }] of rehashed)
      replace.run({ 1: verifier.pepper, 2: verifier.hash, 3: kid, 4: old, 5: generation });
    return true;
  }
}
