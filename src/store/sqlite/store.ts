import type {
  Readers,
  Store,
  StoreIdentity,
  Transaction,
  UsageBatch,
  WriteOptions,
} from '../../domain/ports/store.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import type { StoreDeps } from '../deps.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { readIdentity, redrawGeneration } from '../queries/meta.ts';
import { readersOn, transactionOn } from '../queries/readers.ts';
import { connectForWriting } from './connection.ts';
import { type Connection, loadDriver } from './driver.ts';
import { failureOf } from './errors.ts';
import { newer, type Standing, standingOf, versionOf } from './header.ts';
import { migrateStore } from './migrate.ts';
import { checkStoreFiles, statOf } from './paths.ts';
import { openForReading, type Reading } from './reading.ts';
import { keepReserve, spendReserve } from './reserve.ts';
import { sqliteSearch } from './search.ts';
import { SqliteSession, TransactionSession } from './session.ts';
import { UsageWriter } from './usage.ts';
import { untilFree, writeLockOf } from './wait.ts';

/**
 * Opens an existing store for reading; writing opens its own connection at the first write.
 * Throws `no_store`, `store_permissions`, `store_damaged`, `store_foreign`, `store_newer` before
 * anything is written, and while an older store is brought up to date `busy`, `store_readonly`,
 * `store_full`.
 */
export async function openSqlite(path: string, deps: StoreDeps): Promise<Store> {
  const { ino } = checkStoreFiles(path, deps.uid);
  await loadDriver();
  const migrations = deps.migrations ?? MIGRATIONS;
  let standing: Standing = 'current';
  const accept = (connection: Connection) => {
    standing = standingOf(connection, path, migrations, deps.readNewer ?? false);
  };
  let reading = openForReading(path, accept, deps.readCacheKiB);
  // Widened again: the callback above has set it.
  if ((standing as Standing) === 'older') {
    reading.close();
    await migrateStore(path, migrations, deps);
    reading = openForReading(path, accept, deps.readCacheKiB);
  }
  const identity = await readIdentity(reading.session);
  if (identity === undefined) {
    reading.close();
    throw new Failure('store_damaged', `the store has lost its identity: ${path}`, {
      hint: `${PROGRAM} backup restore FILE`,
    });
  }
  return new SqliteStore({ path, ino, reading, identity, deps, latest: migrations.at(-1)?.version ?? 0 });
}

interface Parts {
  readonly path: string;
  readonly ino: number;
  readonly reading: Reading;
  readonly identity: StoreIdentity;
  readonly deps: StoreDeps;
  /** The newest schema version that this program writes. */
  readonly latest: number;
}

class SqliteStore implements Store {
  readonly keys: Readers['keys'];
  readonly workspaces: Readers['workspaces'];
  readonly audit: Readers['audit'];
  readonly slots: Readers['slots'];
  readonly #parts: Parts;
  readonly #usage: UsageWriter;
  #identity: StoreIdentity;
  #writing: { connection: Connection; session: SqliteSession } | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#identity = parts.identity;
    this.#usage = new UsageWriter(parts.path);
    const readers = readersOn(parts.reading.session, sqliteSearch, () => this.#identity.id);
    this.keys = readers.keys;
    this.workspaces = readers.workspaces;
    this.audit = readers.audit;
    this.slots = readers.slots;
  }

  get identity(): StoreIdentity {
    return this.#identity;
  }

  write<T>(work: (tx: Transaction) => Promise<T>, options: WriteOptions = {}): Promise<T> {
    const turn = this.#queue.then(() => this.#writeWithReserve(work, options.urgent ?? false));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async recordUsage(batch: UsageBatch): Promise<boolean> {
    return !this.#closed && this.#usage.write(batch);
  }

  async close(): Promise<void> {
    await this.#queue;
    if (this.#closed) return;
    this.#closed = true;
    this.#parts.reading.close();
    this.#usage.close();
    // Last, because only a connection that can write takes the journal back into the file.
    this.#writing?.connection.close();
  }

  /** On a full disk an urgent write runs a second time, in the room that the reserve gives back. */
  async #writeWithReserve<T>(work: (tx: Transaction) => Promise<T>, urgent: boolean): Promise<T> {
    const { path, deps } = this.#parts;
    try {
      return await this.#transact(work);
    } catch (error) {
      if (!urgent || !(error instanceof Failure) || error.code !== 'store_full' || !spendReserve(path))
        throw error;
    }
    const value = await this.#transact(work);
    keepReserve(path, deps.random);
    return value;
  }

  async #transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const { path, deps } = this.#parts;
    try {
      const begin = () => {
        const writer = this.#writer();
        writer.connection.exec('BEGIN IMMEDIATE');
        return writer;
      };
      const { connection, session } = await untilFree(begin, writeLockOf(path), deps);
      return await this.#commit(connection, session, work);
    } catch (error) {
      const failure = failureOf(error, path);
      throw failure instanceof Failure && failure.code === 'store_unreadable' && failure.cause !== undefined
        ? unwritable(path, failure)
        : failure;
    }
  }

  async #commit<T>(
    connection: Connection,
    session: SqliteSession,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    const { deps } = this.#parts;
    const bound = new TransactionSession(session, connection);
    let changed = false;
    const tx = transactionOn(
      bound,
      sqliteSearch,
      () => this.#identity.id,
      () => {
        changed = true;
      },
    );
    try {
      this.#refuseStranger(connection);
      const value = await work(tx);
      if (changed) await redrawGeneration(bound, deps.random);
      const identity = changed ? await readIdentity(bound) : undefined;
      connection.exec('COMMIT');
      this.#identity = identity ?? this.#identity;
      return value;
    } finally {
      bound.end();
      if (connection.inTransaction) connection.exec('ROLLBACK');
    }
  }

  /**
   * Under WAL SQLite goes on writing into a file that was deleted or replaced, and reports success.
   * And another program may have brought the store up to date since it was opened.
   */
  #refuseStranger(connection: Connection): void {
    const { path, ino, latest } = this.#parts;
    if (statOf(path)?.ino !== ino) {
      throw new Failure('store_missing', `the store was removed or replaced meanwhile: ${path}`, {
        hint: `${PROGRAM} doctor`,
      });
    }
    const version = versionOf(connection, path);
    if (version > latest) throw newer(version, latest);
  }

  #writer(): { connection: Connection; session: SqliteSession } {
    if (this.#closed) throw new Error('the store is closed');
    if (this.#writing === undefined) {
      const connection = connectForWriting(this.#parts.path);
      this.#writing = { connection, session: new SqliteSession(connection, this.#parts.path) };
    }
    return this.#writing;
  }
}

/** Reading worked, so what can't be opened now is the journal beside the file. */
function unwritable(path: string, cause: Failure): Failure {
  return new Failure('store_readonly', `the store cannot be written: ${path}`, {
    hint: `${PROGRAM} doctor`,
    cause,
  });
}
