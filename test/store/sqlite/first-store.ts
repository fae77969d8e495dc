import Database from 'better-sqlite3';
import { firstSchema } from '../../../src/store/migrations/0001-first-schema.ts';
import type { Migration } from '../../../src/store/migrations/migration.ts';
import { APPLICATION_ID } from '../../../src/store/sqlite/connection.ts';
import { makePrivateFile } from '../../../src/store/sqlite/files.ts';
import { migrateFresh } from '../../../src/store/sqlite/migrate.ts';

/** A store as version 1 of the schema left it, or as these steps do: one workspace with a key that was used and one that wasn't. */
export async function firstStore(path: string, steps: readonly Migration[] = [firstSchema]): Promise<void> {
  makePrivateFile(path);
  const connection = new Database(path);
  await migrateFresh(connection, path, steps);
  connection.exec(`PRAGMA application_id = ${APPLICATION_ID};
    INSERT INTO meta VALUES ('store_000000000000', 1, 'slot_000000000000', 1, 1);
    INSERT INTO workspaces VALUES ('ws_000000000000', 1, 'acme', 'Acme', 'company', 'kw', 1, 'ana', NULL);
    INSERT INTO members VALUES ('ws_000000000000', 'ana', 'owner', 1);
    INSERT INTO peppers (number, sealed, created_at) VALUES (1, x'00', 1)`);
  const insert =
    connection.prepare(`INSERT INTO keys (kid, workspace_id, brand, mode, owner, scopes, networks,
      version, pepper, hash, last_used_at, shown_at, created_at, created_by, name, search_text)
    VALUES (?, 'ws_000000000000', 'kw', 'live', 'ana', 'orders:read', '', 1, 1, ?, ?, 6, 5, 'ana', ?, ?)`);
  for (const [kid, name, usedAt] of [
    ['000000000001', 'unused', null],
    ['000000000002', 'used', 7],
  ] as const)
    insert.run(kid, new Uint8Array(32), usedAt, name, name);
  connection.exec('PRAGMA journal_mode = WAL');
  connection.close();
}
