import type { Readers, Store, StoreIdentity, Transaction, WriteOptions } from '../../domain/ports/store.ts';
import type { RunningVerifier, UsageBatch } from '../../domain/ports/usage.ts';
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
import { withNamedLock } from './named-lock.ts';
import { checkStoreFiles, fileAt, gone } from './paths.ts';
import { notWritable } from './read-only.ts';
import { openForReading, type Reading } from './reading.ts';
import { keepReserve, withReserve } from './reserve.ts';
import { indexedAtEnd, sqliteSearch } from './search.ts';
import { SqliteSession, TransactionSession } from './session.ts';
import { runningVerifiers, UsageWriter } from './usage.ts';
import { untilFree, writeLockOf } from './wait.ts';
import { closedStore, WatchedReading } from './watched-reading.ts';

/**
 * Opens an existing store for reading; writing opens its own connection at the first write.
 * Throws `no_store`, `store_permissions`, `store_damaged`, `store_foreign`, `store_newer` before
 * anything is written, and while an older store is brought up to date `busy`, `store_readonly`,
 * `store_full`.
 */
export async function openSqlite(path: string, deps: StoreDeps): Promise<Store> {
  checkStoreFiles(path, deps.uid);
  await loadDriver();
  const migrations = deps.migrations ?? MIGRATIONS;
  let standing = 'current' as Standing;
  let store: SqliteStore | undefined;
  const accept = (connection: Connection) => {
    standing = standingOf(connection, path, migrations, deps.readNewer ?? false);
    if (store !== undefined) refuseOther(connection, path, standing, store.identity);
  };
  const watch = () =>
    new WatchedReading(path, () => openForReading(path, accept, deps.readCacheKiB), {
      elapsed: deps.elapsed,
      beforeOther: () => {
        store?.letGo();
        checkStoreFiles(path, deps.uid);
      },
    });
  let reading = watch();
  if (standing === 'older') {
    reading.close();
    await migrateStore(path, migrations, deps);
    reading = watch();
  }
  const identity = await readIdentity(reading);
  if (identity === undefined) {
    reading.close();
    throw new Failure('store_damaged', `the store has lost its identity: ${path}`, {
      hint: `put a copy of it back, or move it away and begin anew: ${PROGRAM} doctor --accept-rollback, then ${PROGRAM} init`,
    });
  }
  const latest = migrations.at(-1)?.version ?? 0;
  store = new SqliteStore({ path, reading, identity, deps, latest, mayWrite: () => standing !== 'newer' });
  return store;
}

/** What takes the place of an open store must be that store, of the same version: from a backup, say. */
function refuseOther(
  connection: Connection,
  path: string,
  standing: Standing,
  identity: StoreIdentity,
): void {
  if (standing !== 'older') {
    const id = connection.prepare('SELECT id FROM meta').pluck().get();
    if (id === identity.id) return;
  }
  const what = standing === 'older' ? 'an older version of it' : 'another store';
  throw new Failure('store_foreign', `${what} took the place of the store that was open: ${path}`, {
    hint: `${PROGRAM} doctor`,
  });
}

interface Parts {
  readonly path: string;
  readonly reading: Reading;
  readonly identity: StoreIdentity;
  readonly deps: StoreDeps;
  /** The newest schema version that this program writes. */
  readonly latest: number;
  /** False for a store of a newer program. */
  readonly mayWrite: () => boolean;
}

class SqliteStore implements Store {
  readonly keys: Readers['keys'];
  readonly rotations: Readers['rotations'];
  readonly integrations: Readers['integrations'];
  readonly apps: Readers['apps'];
  readonly grants: Readers['grants'];
  readonly workspaces: Readers['workspaces'];
  readonly audit: Readers['audit'];
  readonly slots: Readers['slots'];
  readonly #parts: Parts;
  readonly #usage: UsageWriter;
  /** The file that was opened (`fileAt`); no other is written to. */
  readonly #file: string | undefined;
  #identity: StoreIdentity;
  #writing: { connection: Connection; session: SqliteSession } | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #snapshots: Promise<unknown> = Promise.resolve();
  #closed = false;
  #spentReserve = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#identity = parts.identity;
    this.#usage = new UsageWriter(parts.path, parts.latest, parts.deps);
    this.#file = fileAt(parts.path);
    const readers = readersOn(parts.reading.session, sqliteSearch, () => this.#identity.id);
    this.keys = readers.keys;
    this.rotations = readers.rotations;
    this.integrations = readers.integrations;
    this.apps = readers.apps;
    this.grants = readers.grants;
    this.workspaces = readers.workspaces;
    this.audit = readers.audit;
    this.slots = readers.slots;
  }

  get identity(): StoreIdentity {
    return this.#identity;
  }

  write<T>(work: (tx: Transaction) => Promise<T>, options: WriteOptions = {}): Promise<T> {
    const turn = this.#queue.then(() => this.#writeWithReserve(work, options));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** On the connection that everybody reads on: what else is read meanwhile was asked for in the same instant. */
  readTogether<T>(work: (readers: Readers) => Promise<T>): Promise<T> {
    const read = () =>
      this.#parts.reading.together((session) =>
        work(readersOn(session, sqliteSearch, () => this.#identity.id)),
      );
    const turn = this.#snapshots.then(read);
    this.#snapshots = turn.catch(() => undefined);
    return turn;
  }

  async recordUsage(batch: UsageBatch): Promise<boolean> {
    return !this.#closed && this.#parts.mayWrite() && this.#usage.write(batch);
  }

  verifiers(): Promise<readonly RunningVerifier[]> {
    return runningVerifiers(this.#parts.reading.session, this.#parts.deps);
  }

  async exclusively<T>(
    name: string,
    work: () => Promise<T>,
    { waitMs }: { waitMs?: number } = {},
  ): Promise<T> {
    if (this.#closed) throw closedStore();
    const { path, deps } = this.#parts;
    return withNamedLock(path, name, deps, work, waitMs);
  }

  /** Closes what is open for writing on a file that another has replaced: nothing is written there any more. */
  letGo(): void {
    this.#usage.close();
    if (this.#writing?.connection.inTransaction) return;
    this.#writing?.connection.close();
    this.#writing = undefined;
  }

  async close(): Promise<void> {
    await this.#queue;
    if (this.#closed) return;
    this.#closed = true;
    this.#parts.reading.close();
    this.#usage.close();
    // Last, because only a connection that can write takes the journal back into the file.
    this.#writing?.connection.close();
    // The journal is gone, and with it what it took of the disk: before anybody else has that.
    if (this.#spentReserve) keepReserve(this.#parts.path, this.#parts.deps.random);
  }

  #writeWithReserve<T>(work: (tx: Transaction) => Promise<T>, options: WriteOptions): Promise<T> {
    const { path, deps } = this.#parts;
    const attempt = (): Promise<T> => this.#transact(work, options);
    if (options.urgent !== true) return attempt();
    return withReserve({ path, random: deps.random }, attempt, () => {
      this.#spentReserve = true;
      this.#emptyJournal();
    });
  }

  /** Takes what is in the journal into the database and gives its room back, as far as readers and the disk let it. */
  #emptyJournal(): void {
    try {
      this.#writer().connection.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // It stays in the journal, where it is as durable.
    }
  }

  async #transact<T>(work: (tx: Transaction) => Promise<T>, options: WriteOptions): Promise<T> {
    const { path, deps } = this.#parts;
    try {
      const begin = () => {
        const writer = this.#writer();
        writer.connection.exec('BEGIN IMMEDIATE');
        return writer;
      };
      const { connection, session } = await untilFree(begin, writeLockOf(path), deps);
      return await this.#commit(connection, session, work, options);
    } catch (error) {
      const failure = failureOf(error, path);
      throw failure instanceof Failure && failure.code === 'store_unreadable' && failure.cause !== undefined
        ? // Reading worked, so what can't be opened now is the journal beside the file.
          notWritable(path, failure)
        : failure;
    }
  }

  async #commit<T>(
    connection: Connection,
    session: SqliteSession,
    work: (tx: Transaction) => Promise<T>,
    { bulk }: WriteOptions,
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
      const value = await (bulk === true ? indexedAtEnd(bound, () => work(tx)) : work(tx));
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
    const { path, latest } = this.#parts;
    if (fileAt(path) !== this.#file) throw gone(path);
    const version = versionOf(connection, path);
    if (version > latest) throw newer(version, latest);
  }

  #writer(): { connection: Connection; session: SqliteSession } {
    if (this.#closed) throw closedStore();
    if (this.#writing === undefined) {
      const connection = connectForWriting(this.#parts.path);
      this.#writing = { connection, session: new SqliteSession(connection, this.#parts.path) };
    }
    return this.#writing;
  }
}
