import type BetterSqlite3 from 'better-sqlite3';
import type { Session, Value } from '../queries/session.ts';
import type { Connection } from './driver.ts';
import { failureOf } from './errors.ts';

/** A connection's statements, each prepared once. Errors come as failures that name `path`. */
export class SqliteSession implements Session {
  readonly #connection: Connection;
  readonly #path: string;
  readonly #prepared = new Map<string, BetterSqlite3.Statement<[readonly Value[]]>>();

  constructor(connection: Connection, path: string) {
    this.#connection = connection;
    this.#path = path;
  }

  get<Row>(sql: string, params: readonly Value[] = []): Promise<Row | undefined> {
    return this.#settle(() => this.#statement(sql).get(params) as Row | undefined);
  }

  all<Row>(sql: string, params: readonly Value[] = []): Promise<readonly Row[]> {
    return this.#settle(() => this.#statement(sql).all(params) as Row[]);
  }

  run(sql: string, params: readonly Value[] = []): Promise<number> {
    return this.#settle(() => this.#statement(sql).run(params).changes);
  }

  #statement(sql: string): BetterSqlite3.Statement<[readonly Value[]]> {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      this.#prepared.set(sql, statement);
    }
    return statement;
  }

  #settle<T>(work: () => T): Promise<T> {
    try {
      return Promise.resolve(work());
    } catch (error) {
      return Promise.reject(failureOf(error, this.#path));
    }
  }
}

/** The session of one transaction: after its end, or after SQLite rolled it back, nothing goes through. */
export class TransactionSession implements Session {
  readonly #session: Session;
  readonly #connection: Connection;
  #ended = false;

  constructor(session: Session, connection: Connection) {
    this.#session = session;
    this.#connection = connection;
  }

  end(): void {
    this.#ended = true;
  }

  async get<Row>(sql: string, params?: readonly Value[]): Promise<Row | undefined> {
    return this.#live().get<Row>(sql, params);
  }

  async all<Row>(sql: string, params?: readonly Value[]): Promise<readonly Row[]> {
    return this.#live().all<Row>(sql, params);
  }

  async run(sql: string, params?: readonly Value[]): Promise<number> {
    return this.#live().run(sql, params);
  }

  #live(): Session {
    if (this.#ended || !this.#connection.inTransaction) throw new Error('this transaction has ended');
    return this.#session;
  }
}

/**
 * Runs `work` in a read transaction of the connection: it sees what was committed when it began, and nothing of what
 * is committed meanwhile.
 */
export async function readTogether<T>(
  connection: Connection,
  session: SqliteSession,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const bound = new TransactionSession(session, connection);
  try {
    await session.run('BEGIN');
    // SQLite begins at the first read, not here.
    await session.get('SELECT 1 FROM sqlite_schema');
    return await work(bound);
  } finally {
    bound.end();
    if (connection.inTransaction) await session.run('COMMIT');
  }
}
