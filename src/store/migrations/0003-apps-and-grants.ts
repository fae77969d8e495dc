import type { Migration, SchemaWords } from './migration.ts';

/** Authorized apps, their grants, refreshes on their way, and the policy's provider scopes. */
export const appsAndGrants: Migration = {
  version: 3,
  // Nothing of it is looked at by a verification, so a server that still runs version 2 goes on answering.
  minReader: 2,
  async up(session, words) {
    for (const statement of [...tables(words), ...columns, ...indexes]) await session.run(statement);
  },
};

/** Lists of provider scopes stand in one text with spaces between, which no scope holds (RFC 6749 section 3.3). */
function tables({ integer, end }: SchemaWords): readonly string[] {
  return [
    // server: an object in JSON, always read and written as a whole.
    `CREATE TABLE apps (id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id),
      name TEXT NOT NULL, provider TEXT, resource TEXT, server TEXT NOT NULL, client_id TEXT NOT NULL,
      client_auth TEXT NOT NULL, registration TEXT NOT NULL, allowlist TEXT, redirect_port ${integer},
      integration_id TEXT REFERENCES integrations (id), created_at ${integer} NOT NULL,
      created_by TEXT NOT NULL, removed_at ${integer})${end}`,
    `CREATE TABLE grants (id TEXT PRIMARY KEY, app_id TEXT NOT NULL REFERENCES apps (id),
      workspace_id TEXT NOT NULL REFERENCES workspaces (id), account TEXT NOT NULL, kind TEXT NOT NULL,
      stamp TEXT NOT NULL, redirect_uri TEXT, asked TEXT NOT NULL, granted TEXT NOT NULL,
      authorized_at ${integer} NOT NULL, authorized_by TEXT NOT NULL, token_version ${integer} NOT NULL,
      token_expires_at ${integer}, refreshable ${integer} NOT NULL, refreshed_at ${integer}, needs_reason TEXT,
      revoked_at ${integer}, revocation_pending ${integer} NOT NULL, UNIQUE (app_id, account))${end}`,
    `CREATE TABLE refresh_intents (grant_id TEXT PRIMARY KEY REFERENCES grants (id),
      token_version ${integer} NOT NULL, sent_at ${integer} NOT NULL, uncertain ${integer} NOT NULL)${end}`,
  ];
}

const columns = ["ALTER TABLE policies ADD COLUMN restricted_provider TEXT NOT NULL DEFAULT ''"];

const indexes = [
  'CREATE UNIQUE INDEX apps_live_name ON apps (workspace_id, name) WHERE removed_at IS NULL',
  'CREATE INDEX grants_by_workspace ON grants (workspace_id)',
];
