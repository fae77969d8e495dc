import { Failure } from '../../errors.ts';
import type { Session, Value } from '../queries/session.ts';
import { fileAt, gone } from './paths.ts';
import type { Reading } from './reading.ts';

/** How long a file that was moved away by hand may still be read, ms. Looking takes 2 µs, half of a verification. */
const LOOK_EVERY_MS = 500;

/**
 * Reads the file that is at the path: under WAL SQLite goes on reading one that was deleted or
 * replaced, where nobody's revocation arrives any more. Noticed within half a second. What took its
 * place is opened by `open`, after `close` of `beforeOther`, since two files under one name would
 * share a -shm, and closing the one would drop the locks of the other.
 */
export class WatchedReading implements Reading, Session {
  readonly session: Session = this;
  readonly #path: string;
  readonly #open: () => Reading;
  readonly #beforeOther: () => void;
  readonly #elapsed: () => number;
  #reading: Reading | undefined;
  #file: string | undefined;
  #lookAt = 0;
  #closed = false;

  /** `open` throws what speaks against the file; it is asked again with the next read then. */
  constructor(
    path: string,
    open: () => Reading,
    { beforeOther, elapsed }: { beforeOther: () => void; elapsed: (() => number) | undefined },
  ) {
    this.#path = path;
    this.#open = open;
    this.#beforeOther = beforeOther;
    this.#elapsed = elapsed ?? (() => performance.now());
    this.#file = fileAt(path);
    this.#reading = open();
    this.#lookAt = this.#elapsed() + LOOK_EVERY_MS;
  }

  /** Written out, since every verification comes through here. */
  get<Row>(sql: string, params?: readonly Value[]): Promise<Row | undefined> {
    const reading = this.#reading;
    if (reading !== undefined && this.#elapsed() < this.#lookAt) return reading.session.get<Row>(sql, params);
    return this.#looking((session) => session.get<Row>(sql, params));
  }

  all<Row>(sql: string, params?: readonly Value[]): Promise<readonly Row[]> {
    return this.#looking((session) => session.all<Row>(sql, params));
  }

  run(sql: string, params?: readonly Value[]): Promise<number> {
    return this.#looking((session) => session.run(sql, params));
  }

  together<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.#looking((_session, reading) => reading.together(work));
  }

  close(): void {
    this.#closed = true;
    this.#reading?.close();
    this.#reading = undefined;
  }

  async #looking<T>(work: (session: Session, reading: Reading) => Promise<T>): Promise<T> {
    if (this.#reading === undefined || this.#elapsed() >= this.#lookAt) this.#reading = this.#look();
    return work(this.#reading.session, this.#reading);
  }

  #look(): Reading {
    if (this.#closed) throw closedStore();
    const file = fileAt(this.#path);
    if (file === undefined) throw gone(this.#path);
    if (this.#reading === undefined || file !== this.#file) {
      this.#reading?.close();
      this.#reading = undefined;
      this.#beforeOther();
      this.#reading = this.#open();
      this.#file = file;
    }
    this.#lookAt = this.#elapsed() + LOOK_EVERY_MS;
    return this.#reading;
  }
}

/** For who uses a store after its `close()`. */
export function closedStore(): Failure {
  return new Failure('store_unreadable', 'the store is closed', { hint: 'open it again' });
}
