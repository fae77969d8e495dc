import type { RunningVerifier, UsageBatch } from '../../domain/ports/usage.ts';
import { Failure } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import type { Session } from '../queries/session.ts';
import { connectForUsage } from './connection.ts';
import type { Connection } from './driver.ts';
import { failureOf } from './errors.ts';
import { versionOf } from './header.ts';
import { fileAt } from './paths.ts';
import { ownMark, readMark } from './process-mark.ts';
import { recordBatch } from './usage-batch.ts';

type Needs = Pick<StoreDeps, 'random' | 'processes'>;

/** Writes last uses on a connection of its own, so that it never waits behind a transaction. */
export class UsageWriter {
  readonly #path: string;
  readonly #version: number;
  readonly #deps: Needs;
  #mark: string | undefined;
  #open: { connection: Connection; file: string } | undefined;

  /** Writes only into a store of this version of the schema. */
  constructor(path: string, version: number, deps: Needs) {
    this.#path = path;
    this.#version = version;
    this.#deps = deps;
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

  #record(connection: Connection, batch: UsageBatch): boolean {
    if (versionOf(connection, this.#path) !== this.#version) return false;
    recordBatch(connection, batch, this.#deps.random);
    if (batch.reporter !== undefined) this.#report(connection, batch.reporter);
    return true;
  }

  /** Who reports also clears away those that ended without a word. */
  #report(connection: Connection, { id, at, closing }: NonNullable<UsageBatch['reporter']>): void {
    this.#mark ??= ownMark(this.#deps);
    const forget = connection.prepare('DELETE FROM verifiers WHERE id = ?');
    if (closing) forget.run(id);
    else connection.prepare(REPORT).run(id, this.#mark, at);
    const others = connection.prepare<[string], Row>(`${VERIFIERS} WHERE id <> ?`).all(id);
    for (const other of others)
      if (readMark(other.process, this.#mark, this.#deps).gone) forget.run(other.id);
  }
}

interface Row {
  readonly id: string;
  readonly process: string;
  readonly reportedAt: number;
}

const VERIFIERS = 'SELECT id, process, reported_at AS "reportedAt" FROM verifiers';
const REPORT = `INSERT INTO verifiers (id, process, reported_at) VALUES (?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET process = excluded.process, reported_at = excluded.reported_at`;

/** Verifiers that reported and have not ended, by id. */
export async function runningVerifiers(session: Session, deps: Needs): Promise<readonly RunningVerifier[]> {
  const rows = await session.all<Row>(`${VERIFIERS} ORDER BY id`);
  const own = rows.length === 0 ? '' : ownMark(deps);
  return rows.flatMap(({ id, process: mark, reportedAt }) => {
    const { pid, gone } = readMark(mark, own, deps);
    return gone ? [] : [{ id, pid, reportedAt }];
  });
}
