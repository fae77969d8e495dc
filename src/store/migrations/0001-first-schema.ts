import type { Migration, SchemaWords } from './migration.ts';

/** Everything of the first version. */
export const firstSchema: Migration = {
  version: 1,
  minReader: 1,
  async up(session, words) {
    for (const statement of [...tables(words), ...indexes, ...words.searchV1]) await session.run(statement);
  },
};

/** Times are milliseconds since 1970, UTC. */
function tables({ serial, integer, bytes, end }: SchemaWords): readonly string[] {
  return [
    `CREATE TABLE meta (id TEXT NOT NULL, created_at ${integer} NOT NULL, primary_slot TEXT NOT NULL,
      generation ${integer} NOT NULL, min_reader ${integer} NOT NULL)${end}`,
    // n is what the search index knows a workspace by.
    `CREATE TABLE workspaces (id TEXT PRIMARY KEY, n ${integer} NOT NULL UNIQUE, slug TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL, kind TEXT NOT NULL, brand TEXT NOT NULL, created_at ${integer} NOT NULL,
      created_by TEXT NOT NULL, archived_at ${integer})${end}`,
    `CREATE TABLE members (workspace_id TEXT NOT NULL REFERENCES workspaces (id), name TEXT NOT NULL,
      role TEXT NOT NULL, created_at ${integer} NOT NULL, PRIMARY KEY (workspace_id, name))${end}`,
    `CREATE TABLE scope_catalogue (workspace_id TEXT NOT NULL REFERENCES workspaces (id), scope TEXT NOT NULL,
      description TEXT, PRIMARY KEY (workspace_id, scope))${end}`,
    // Which scopes the keys of a workspace ever had: asked with every new key, so not looked up in all of them.
    `CREATE TABLE scopes_used (workspace_id TEXT NOT NULL REFERENCES workspaces (id), scope TEXT NOT NULL,
      PRIMARY KEY (workspace_id, scope))${end}`,
    // What a verification reads comes first; pepper and hash are those of the current version.
    `CREATE TABLE keys (seq ${serial}, kid TEXT NOT NULL UNIQUE,
      workspace_id TEXT NOT NULL REFERENCES workspaces (id), brand TEXT NOT NULL, mode TEXT NOT NULL,
      owner TEXT NOT NULL, scopes TEXT NOT NULL, networks TEXT NOT NULL, version ${integer} NOT NULL,
      pepper ${integer} NOT NULL, hash ${bytes} NOT NULL, expires_at ${integer}, disabled_at ${integer},
      revoked_at ${integer}, last_used_at ${integer}, shown_at ${integer}, created_at ${integer} NOT NULL,
      created_by TEXT NOT NULL, revoked_reason TEXT, name TEXT NOT NULL, purpose TEXT,
      search_text TEXT NOT NULL)${end}`,
    `CREATE TABLE slots (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, role TEXT NOT NULL,
      header TEXT NOT NULL, wrapped ${bytes} NOT NULL, created_at ${integer} NOT NULL)${end}`,
    `CREATE TABLE peppers (number ${integer} PRIMARY KEY, sealed ${bytes} NOT NULL,
      created_at ${integer} NOT NULL)${end}`,
    `CREATE TABLE sealed (record TEXT NOT NULL, field TEXT NOT NULL, version ${integer} NOT NULL,
      sealed ${bytes} NOT NULL, PRIMARY KEY (record, field, version))${end}`,
    `CREATE TABLE audit (seq ${integer} PRIMARY KEY, at ${integer} NOT NULL, actor TEXT NOT NULL, os_user TEXT,
      action TEXT NOT NULL, target TEXT NOT NULL, workspace_id TEXT, facts TEXT NOT NULL,
      locked ${integer} NOT NULL, prev ${bytes} NOT NULL, hash ${bytes} NOT NULL, seal ${bytes})${end}`,
  ];
}

/** Few, since each is paid for by every insert; what none serves is looked through 5,000 rows at a time. */
const indexes = [
  'CREATE UNIQUE INDEX keys_live_name ON keys (workspace_id, name) WHERE revoked_at IS NULL',
  'CREATE INDEX keys_by_name ON keys (name, workspace_id, seq)',
  'CREATE INDEX keys_by_workspace ON keys (workspace_id, seq)',
  'CREATE INDEX keys_by_owner ON keys (owner, seq)',
  'CREATE INDEX keys_by_expiry ON keys (expires_at, seq) WHERE expires_at IS NOT NULL',
  'CREATE INDEX keys_revoked ON keys (seq) WHERE revoked_at IS NOT NULL',
  'CREATE INDEX keys_disabled ON keys (seq) WHERE disabled_at IS NOT NULL AND revoked_at IS NULL',
  'CREATE INDEX audit_by_target ON audit (target, seq)',
];
