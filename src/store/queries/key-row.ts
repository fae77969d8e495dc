import type { ApiKey } from '../../domain/keys/key.ts';

/** `seq` orders keys by creation; it never leaves the store but inside a cursor. */
export type KeyRow = Omit<ApiKey, 'scopes' | 'networks'> & {
  readonly seq: number;
  readonly scopes: string;
  readonly networks: string;
};

export const KEY = `SELECT seq, kid, workspace_id AS "workspaceId", brand, mode, name, purpose, owner, scopes,
  networks, integration_id AS "integrationId", version,
  COALESCE(issued_at, created_at) AS "issuedAt", older_until AS "olderUntil", created_at AS "createdAt", created_by AS "createdBy", expires_at AS "expiresAt",
  disabled_at AS "disabledAt", revoked_at AS "revokedAt", revoked_reason AS "revokedReason",
  last_used_at AS "lastUsedAt", version_first_used_at AS "versionFirstUsedAt", version_used_at AS "versionUsedAt",
  shown_at AS "shownAt" FROM keys`;

export function toKey({ seq: _, ...row }: KeyRow): ApiKey {
  return { ...row, scopes: split(row.scopes), networks: split(row.networks) };
}

function split(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}
