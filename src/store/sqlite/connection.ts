import { type Connection, connect } from './driver.ts';
import { failureOf } from './errors.ts';

/** "kwrt": what a store of this program has in its header, where `file` finds it. */
export const APPLICATION_ID = 0x6b777274;

/**
 * Reading meets a lock only while another process recovers or closes the database, which takes
 * milliseconds; it never waits for a writer.
 */
const READ_BUSY_MS = 2000;
/** Longer waits are made outside SQLite, where the event loop runs on (`untilFree`). */
const WRITE_BUSY_MS = 5;

/** Nothing in the file may call functions of ours, and nothing sorted is spilled to disk. */
const SAFE = 'PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;';

export function connectForReading(path: string, cacheKiB?: number): Connection {
  const connection = connect(path, { readonly: true, busyMs: READ_BUSY_MS });
  const cache = cacheKiB === undefined ? '' : `PRAGMA cache_size = -${cacheKiB};`;
  return settled(connection, path, SAFE + cache);
}

/**
 * better-sqlite3 sets synchronous = NORMAL under WAL; a commit that we report has to survive power
 * loss. The cache, 64 MiB at most, holds what revoking 10,000 keys of a million touches.
 */
export function connectForWriting(path: string): Connection {
  const connection = connect(path, { readonly: false, busyMs: WRITE_BUSY_MS });
  return settled(
    connection,
    path,
    `${SAFE} PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;
     PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -65536;`,
  );
}

/** For last uses: no waiting at all, and NORMAL, which may lose the newest ones but never damages the file. */
export function connectForUsage(path: string): Connection {
  const connection = connect(path, { readonly: false, busyMs: 0 });
  return settled(connection, path, `${SAFE} PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;`);
}

function settled(connection: Connection, path: string, settings: string): Connection {
  try {
    connection.exec(settings);
    return connection;
  } catch (error) {
    connection.close();
    throw failureOf(error, path);
  }
}
