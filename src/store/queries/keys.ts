import type { ApiKey, KeyFilter, VerificationRow } from '../../domain/keys/key.ts';
import type { KeyReader } from '../../domain/ports/store.ts';
import { countKeys, keyPage } from './key-page.ts';
import { KEY, type KeyRow, toKey } from './key-row.ts';
import { versionReader } from './key-versions.ts';
import type { SearchEngine, Session, Value } from './session.ts';

/** One table and one scalar: with a JOIN a verification runs at a third of the speed (measured). */
const VERIFICATION = `SELECT kid, workspace_id AS "workspaceId", brand, mode, owner, scopes, networks, version, pepper,
  hash, expires_at AS "expiresAt", disabled_at AS "disabledAt", revoked_at AS "revokedAt",
  integration_id AS "integrationId", older_until AS "olderUntil", version_used_at AS "versionUsedAt",
  (SELECT generation FROM meta) AS generation FROM keys WHERE kid = ?`;

export function keyReader(session: Session, search: SearchEngine, storeId: () => string): KeyReader {
  return {
    async byKid(kid) {
      const row = await session.get<KeyRow>(`${KEY} WHERE kid = ?`, [kid]);
      return row && toKey(row);
    },
    byName: (workspaceId, name) => byName(session, workspaceId, name),
    forVerification: (kid) => session.get<VerificationRow>(VERIFICATION, [kid]),
    page: (filter, page, now) => keyPage({ session, search, storeId: storeId() }, filter, page, now),
    names: (workspaceId, prefix, limit) => names(session, workspaceId, prefix, limit),
    count: (filter: KeyFilter, now) => countKeys(session, search, filter, now),
    scopeUsed: (workspaceId, scope) => scopeUsed(session, workspaceId, scope),
    ...versionReader(session),
  };
}

async function byName(
  session: Session,
  workspaceId: string | undefined,
  name: string,
): Promise<readonly ApiKey[]> {
  const [within, params] = inWorkspace(workspaceId);
  const rows = await session.all<KeyRow>(`${KEY} WHERE name = ?${within} ORDER BY seq DESC`, [
    name,
    ...params,
  ]);
  const live = rows.filter((row) => row.revokedAt === null);
  return (live.length > 0 ? live : rows).map(toKey);
}

async function names(session: Session, workspaceId: string | undefined, prefix: string, limit: number) {
  const [within, params] = inWorkspace(workspaceId);
  const rows = await session.all<{ name: string }>(
    `SELECT DISTINCT name FROM keys WHERE name >= ? AND name < ? AND revoked_at IS NULL${within} ORDER BY name LIMIT ?`,
    [prefix, `${prefix}\u{10ffff}`, ...params, limit],
  );
  return rows.map((row) => row.name);
}

async function scopeUsed(session: Session, workspaceId: string, scope: string): Promise<boolean> {
  const found = await session.get('SELECT 1 FROM scopes_used WHERE workspace_id = ? AND scope = ?', [
    workspaceId,
    scope,
  ]);
  return found !== undefined;
}

function inWorkspace(workspaceId: string | undefined): [string, readonly Value[]] {
  return workspaceId === undefined ? ['', []] : [' AND workspace_id = ?', [workspaceId]];
}
