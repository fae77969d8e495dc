import type BetterSqlite3 from 'better-sqlite3';
import { failureOf } from './errors.ts';

export type Connection = BetterSqlite3.Database;
type Driver = typeof BetterSqlite3;

let driver: Driver | undefined;

/** Loads the native module on first use: 4 ms that a command without a store doesn't pay. */
export async function loadDriver(): Promise<void> {
  driver ??= (await import('better-sqlite3')).default;
}

/** Opens a file that exists. The driver must be loaded. Throws the `Failure` of what SQLite says. */
export function connect(path: string, options: { readonly: boolean; busyMs: number }): Connection {
  return open(path, path, { readonly: options.readonly, fileMustExist: true, timeout: options.busyMs });
}

/** Opens a copy in memory of a database's bytes, for reading. The driver must be loaded. */
export function connectCopy(bytes: Buffer, path: string): Connection {
  return open(bytes, path, { readonly: true });
}

/** Opens an empty database in memory. The driver must be loaded. */
export function connectNowhere(): Connection {
  return open(':memory:', ':memory:', {});
}

function open(source: string | Buffer, path: string, options: BetterSqlite3.Options): Connection {
  if (driver === undefined) throw new Error('the SQLite driver is not loaded');
  try {
    return new driver(source, options);
  } catch (error) {
    throw failureOf(error, path);
  }
}
