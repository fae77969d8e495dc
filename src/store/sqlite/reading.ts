import { readFileSync } from 'node:fs';
import { Failure } from '../../errors.ts';
import type { Session, Value } from '../queries/session.ts';
import { connectForReading } from './connection.ts';
import { type Connection, connectCopy } from './driver.ts';
import { filesOf, gone, statOf } from './paths.ts';
import { readTogether, SqliteSession } from './session.ts';

/** The reading side of a store. */
export interface Reading {
  readonly session: Session;
  /** Runs `work` over the store as of one moment. One at a time. */
  together<T>(work: (session: Session) => Promise<T>): Promise<T>;
  close(): void;
}

/**
 * Opens a store for reading. Under WAL even a reader writes beside the database; where that can't
 * be done (read-only file system or folder, full disk) and no journal is waiting, the file is read
 * into memory instead, and again whenever it has changed. `accept` looks at every connection
 * before it is used and throws what speaks against it.
 */
export function openForReading(
  path: string,
  accept: (connection: Connection) => void,
  cacheKiB?: number,
): Reading {
  const connection = inPlace(path, accept, cacheKiB);
  if (connection === undefined) return new CopyReading(path, accept);
  const session = new SqliteSession(connection, path);
  return {
    session,
    together: (work) => readTogether(connection, session, work),
    close: () => connection.close(),
  };
}

/** A connection for one look at a store, to the file itself or to a copy as `openForReading` makes. */
export function connectOnce(path: string, accept: (connection: Connection) => void): Connection {
  return inPlace(path, accept) ?? accepted(connectCopy(bytesOf(path), path), accept);
}

/** Undefined where nothing can be written beside the file, and nothing is waiting there. */
function inPlace(
  path: string,
  accept: (connection: Connection) => void,
  cacheKiB?: number,
): Connection | undefined {
  const connection = connectForReading(path, cacheKiB);
  try {
    return accepted(connection, accept);
  } catch (error) {
    if (!(error instanceof Failure) || !cannotJournal(error) || journalWaiting(path)) throw error;
    return undefined;
  }
}

function accepted(connection: Connection, accept: (connection: Connection) => void): Connection {
  try {
    accept(connection);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function cannotJournal({ code }: Failure): boolean {
  return code === 'store_unreadable' || code === 'store_readonly' || code === 'store_full';
}

/** A journal with content holds commits that the file alone doesn't have. */
function journalWaiting(path: string): boolean {
  const { wal, journal } = filesOf(path);
  return [wal, journal].some((file) => (statOf(file)?.size ?? 0) > 0);
}

/**
 * A copy in memory, made anew when the file changed: a revocation must not be missed. When a
 * journal has appeared beside it, somebody can write there by now, and so the file itself is read
 * from then on.
 */
class CopyReading implements Reading, Session {
  readonly session: Session = this;
  readonly #path: string;
  readonly #accept: (connection: Connection) => void;
  #seen: string | undefined;
  #current: Current | undefined;

  constructor(path: string, accept: (connection: Connection) => void) {
    this.#path = path;
    this.#accept = accept;
    this.#fresh();
  }

  async get<Row>(sql: string, params?: readonly Value[]): Promise<Row | undefined> {
    return this.#fresh().session.get<Row>(sql, params);
  }

  async all<Row>(sql: string, params?: readonly Value[]): Promise<readonly Row[]> {
    return this.#fresh().session.all<Row>(sql, params);
  }

  async run(sql: string, params?: readonly Value[]): Promise<number> {
    return this.#fresh().session.run(sql, params);
  }

  async together<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const { connection, session } = this.#fresh();
    return readTogether(connection, session, work);
  }

  close(): void {
    this.#current?.connection.close();
  }

  #fresh(): Current {
    if (this.#current !== undefined && this.#seen === IN_PLACE) return this.#current;
    const now = journalWaiting(this.#path) ? IN_PLACE : stampOf(this.#path);
    if (this.#current !== undefined && now === this.#seen) return this.#current;
    const found =
      now === IN_PLACE ? connectForReading(this.#path) : connectCopy(bytesOf(this.#path), this.#path);
    const connection = accepted(found, this.#accept);
    this.#current?.connection.close();
    this.#current = { connection, session: new SqliteSession(connection, this.#path) };
    this.#seen = now;
    return this.#current;
  }
}

interface Current {
  readonly connection: Connection;
  readonly session: SqliteSession;
}

const IN_PLACE = 'in place';

function stampOf(path: string): string {
  const stats = statOf(path);
  if (stats === undefined) throw gone(path);
  return `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}

/**
 * This process has no SQLite connection to the file here, so closing it drops no lock. Bytes 18 and
 * 19 say "WAL" (2); a copy in memory has none and opens only as 1 (sqlite.org/fileformat2.html 1.3.4).
 */
function bytesOf(path: string): Buffer {
  const bytes = readFileSync(path);
  if (bytes.length > 20) bytes.fill(1, 18, 20);
  return bytes;
}
