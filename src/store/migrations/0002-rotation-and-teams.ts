import type { Migration, SchemaWords } from './migration.ts';

/** Versions of keys, their journalled rotations, integrations, policies, imported tokens. */
export const rotationAndTeams: Migration = {
  version: 2,
  // A reader of version 1 knows no older versions and no disabled integration: it would deny and allow wrongly.
  minReader: 2,
  async up(session, words) {
    for (const statement of [...tables(words), ...columns(words), ...indexes]) await session.run(statement);
  },
};

function tables({ serial, integer, bytes, end }: SchemaWords): readonly string[] {
  return [
    `CREATE TABLE integrations (id TEXT PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id),
      name TEXT NOT NULL, purpose TEXT, url TEXT, created_at ${integer} NOT NULL, created_by TEXT NOT NULL,
      configured_at ${integer}, disabled_at ${integer}, UNIQUE (workspace_id, name))${end}`,
    // Superseded versions only: the current one is in the key's own row, where a verification reads it without a join.
    `CREATE TABLE key_versions (kid TEXT NOT NULL REFERENCES keys (kid), version ${integer} NOT NULL,
      pepper ${integer} NOT NULL, hash ${bytes} NOT NULL, issued_at ${integer} NOT NULL, expires_at ${integer},
      cut_off ${integer}, ended_at ${integer}, first_used_at ${integer}, last_used_at ${integer},
      late_use_at ${integer}, shown_at ${integer}, PRIMARY KEY (kid, version))${end}`,
    `CREATE TABLE rotations (seq ${serial}, id TEXT NOT NULL UNIQUE, kid TEXT NOT NULL REFERENCES keys (kid),
      workspace_id TEXT NOT NULL REFERENCES workspaces (id), from_version ${integer} NOT NULL,
      to_version ${integer} NOT NULL, state TEXT NOT NULL, delivery ${integer} NOT NULL,
      wants_check ${integer} NOT NULL, grace_ms ${integer} NOT NULL, started_at ${integer} NOT NULL,
      started_by TEXT NOT NULL, updated_at ${integer} NOT NULL)${end}`,
    `CREATE TABLE policies (workspace_id TEXT PRIMARY KEY REFERENCES workspaces (id), create_keys TEXT NOT NULL,
      connect_apps TEXT NOT NULL, restricted TEXT NOT NULL, ceiling_admin TEXT NOT NULL,
      ceiling_developer TEXT NOT NULL, ceiling_viewer TEXT NOT NULL, default_life ${integer},
      longest_life ${integer})${end}`,
    // How tokens that carry no kid are found. number: of the pepper or the imported HMAC key, else 0.
    `CREATE TABLE foreign_tokens (kind TEXT NOT NULL, number ${integer} NOT NULL, digest ${bytes} NOT NULL,
      kid TEXT NOT NULL REFERENCES keys (kid), version ${integer} NOT NULL,
      PRIMARY KEY (kind, number, digest))${end}`,
    // Which of them there are: asked by every verifier, so not looked up among all tokens.
    `CREATE TABLE foreign_kinds (kind TEXT NOT NULL, number ${integer} NOT NULL, PRIMARY KEY (kind, number))${end}`,
    // Verifiers that may hold uses that aren't written yet.
    `CREATE TABLE verifiers (id TEXT PRIMARY KEY, process TEXT NOT NULL, reported_at ${integer} NOT NULL)${end}`,
  ];
}

/** issued_at is null as long as it is created_at. */
function columns({ integer }: SchemaWords): readonly string[] {
  return [
    'ALTER TABLE keys ADD COLUMN integration_id TEXT REFERENCES integrations (id)',
    `ALTER TABLE keys ADD COLUMN issued_at ${integer}`,
    `ALTER TABLE keys ADD COLUMN older_until ${integer}`,
    `ALTER TABLE keys ADD COLUMN version_first_used_at ${integer}`,
    `ALTER TABLE keys ADD COLUMN version_used_at ${integer}`,
    'UPDATE keys SET version_used_at = last_used_at WHERE last_used_at IS NOT NULL',
    "ALTER TABLE peppers ADD COLUMN kind TEXT NOT NULL DEFAULT 'pepper'",
  ];
}

const indexes = [
  'CREATE INDEX keys_by_integration ON keys (integration_id, seq) WHERE integration_id IS NOT NULL',
  'CREATE INDEX keys_rotated ON keys (seq) WHERE older_until > 0',
  'CREATE INDEX rotations_by_key ON rotations (kid, seq)',
  'CREATE INDEX rotations_by_workspace ON rotations (workspace_id, seq)',
  `CREATE UNIQUE INDEX rotations_open ON rotations (kid) WHERE state IN ('issued', 'delivered', 'checked')`,
];
