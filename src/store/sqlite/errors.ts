import { type ErrorCode, Failure, PROGRAM } from '../../errors.ts';
import { notWritable } from './read-only.ts';

/** SQLite's result code (`SQLITE_BUSY_SNAPSHOT`), undefined for what SQLite didn't throw. */
export function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return error.code.startsWith('SQLITE_') ? error.code : undefined;
}

/** Another connection holds a lock; trying again helps. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error)?.startsWith('SQLITE_BUSY') ?? false;
}

/** By prefix, so that extended codes are covered; the first that fits counts. */
const FAILURES: readonly (readonly [prefix: string, code: ErrorCode, message: string, hint: string])[] = [
  ['SQLITE_BUSY', 'busy', 'another process holds the store', 'try again when it is done'],
  // The gate of `log-gate.ts`; no other trigger raises.
  [
    'SQLITE_CONSTRAINT_TRIGGER',
    'busy',
    'the store is being replaced by a backup; nothing was changed',
    'try again in a moment',
  ],
  ['SQLITE_FULL', 'store_full', 'the disk is full; nothing was changed', 'free some space, then try again'],
  [
    'SQLITE_IOERR_SHMSIZE',
    'store_full',
    'the disk is full; nothing was changed',
    'free some space, then try again',
  ],
  ['SQLITE_CANTOPEN', 'store_unreadable', 'the store cannot be opened', `${PROGRAM} doctor`],
  [
    'SQLITE_CORRUPT',
    'store_damaged',
    'the store is damaged',
    `put a copy of it back; ${PROGRAM} doctor tells what is wrong`,
  ],
  [
    'SQLITE_IOERR',
    'store_unreadable',
    'the disk failed while reading or writing the store',
    `${PROGRAM} doctor`,
  ],
  [
    'SQLITE_NOTADB',
    'store_foreign',
    'the file is not a store of this program',
    'put a copy of the store back, or move that file away',
  ],
];

/** What is said of a schema that isn't ours: our statements name nothing else. */
const NOT_THERE =
  /^(no such (table|column|view): |table \S+ has no column named |vtable constructor failed: )/;

/** What SQLite's error means to the user; anything else comes back as it is. */
export function failureOf(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === 'SQLITE_ERROR' && error instanceof Error && NOT_THERE.test(error.message))
    return new Failure('store_damaged', `the store is damaged (${error.message}): ${path}`, {
      hint: `put a copy of it back; ${PROGRAM} doctor tells what is wrong`,
      cause: error,
    });
  if (code?.startsWith('SQLITE_READONLY') || code === 'SQLITE_PERM') return notWritable(path, error);
  const fit = FAILURES.find(([prefix]) => code?.startsWith(prefix));
  if (fit === undefined) return error;
  const [, failure, message, hint] = fit;
  return new Failure(failure, `${message}: ${path}`, { hint, cause: error });
}
