import type { Grant, RefreshIntent } from '../../domain/apps/app.ts';
import type { GrantReader, GrantWriter } from '../../domain/ports/apps.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import type { Session, Value } from './session.ts';
import {
  areScopes,
  isCount,
  isFlag,
  isText,
  isTime,
  oneOf,
  orNull,
  type Shape,
  scopesOf,
  scopesText,
  shaped,
} from './shape.ts';

const GRANT = `SELECT g.id, g.app_id AS "appId", g.workspace_id AS "workspaceId", g.account, g.kind, g.stamp,
  g.redirect_uri AS "redirectUri", g.asked, g.granted, g.authorized_at AS "authorizedAt",
  g.authorized_by AS "authorizedBy", g.token_version AS "tokenVersion",
  g.token_expires_at AS "tokenExpiresAt", g.refreshable, g.refreshed_at AS "refreshedAt",
  g.needs_reason AS "needsReason", g.revoked_at AS "revokedAt",
  g.revocation_pending AS "revocationPending" FROM grants g`;
/** With its app, whose name they are ordered by. */
const NAMED = `${GRANT} JOIN apps a ON a.id = g.app_id`;
const BY_NAME = 'ORDER BY a.name, a.id, g.account';
const INTENT = `SELECT grant_id AS "grantId", token_version AS "tokenVersion", sent_at AS "sentAt", uncertain
  FROM refresh_intents`;

type Row = Omit<Grant, 'asked' | 'granted' | 'refreshable' | 'revocationPending'> & {
  readonly asked: string;
  readonly granted: string;
  readonly refreshable: number;
  readonly revocationPending: number;
};
type IntentRow = Omit<RefreshIntent, 'uncertain'> & { readonly uncertain: number };

const GRANT_SHAPE: Shape<Grant> = {
  id: isText,
  appId: isText,
  workspaceId: isText,
  account: isText,
  kind: oneOf('user', 'client-credentials'),
  stamp: isText,
  redirectUri: orNull(isText),
  asked: areScopes,
  granted: areScopes,
  authorizedAt: isTime,
  authorizedBy: isText,
  tokenVersion: isCount,
  tokenExpiresAt: orNull(isTime),
  refreshable: isFlag,
  refreshedAt: orNull(isTime),
  needsReason: orNull(isText),
  revokedAt: orNull(isTime),
  revocationPending: isFlag,
};
const INTENT_SHAPE: Shape<RefreshIntent> = {
  grantId: isText,
  tokenVersion: isCount,
  sentAt: isTime,
  uncertain: isFlag,
};

export function grantReader(session: Session): GrantReader {
  const one = async (clause: string, values: readonly Value[]) => {
    const row = await session.get<Row>(`${GRANT} ${clause}`, values);
    return row && toGrant(row);
  };
  const list = async (sql: string, values: readonly Value[] = []) =>
    (await session.all<Row>(sql, values)).map(toGrant);
  return {
    byId: (id) => one('WHERE g.id = ?', [id]),
    byAccount: (appId, account) => one('WHERE g.app_id = ? AND g.account = ?', [appId, account]),
    ofApp: (appId) => list(`${GRANT} WHERE g.app_id = ? ORDER BY g.account`, [appId]),
    all: (workspaceId) =>
      workspaceId === undefined
        ? list(`${NAMED} WHERE a.removed_at IS NULL ${BY_NAME}`)
        : list(`${NAMED} WHERE g.workspace_id = ? AND a.removed_at IS NULL ${BY_NAME}`, [workspaceId]),
    authorizedBy: (workspaceId, member) =>
      list(`${NAMED} WHERE g.workspace_id = ? AND g.authorized_by = ? AND g.revoked_at IS NULL ${BY_NAME}`, [
        workspaceId,
        member,
      ]),
    revocationsPending: () => list(`${GRANT} WHERE g.revocation_pending <> 0 ORDER BY g.revoked_at, g.id`),
    async count(workspaceId) {
      const sql = 'SELECT count(*) AS n FROM grants WHERE workspace_id = ? AND revoked_at IS NULL';
      return (await session.get<{ n: number }>(sql, [workspaceId]))?.n ?? 0;
    },
    async intent(grantId) {
      const row = await session.get<IntentRow>(`${INTENT} WHERE grant_id = ?`, [grantId]);
      return row && toIntent(row);
    },
    intents: async () => (await session.all<IntentRow>(`${INTENT} ORDER BY sent_at, grant_id`)).map(toIntent),
  };
}

export function grantWriter(session: Session): GrantWriter {
  return {
    async insert(grant) {
      await refuseTaken(session, grant.appId, grant.account);
      await session.run(
        `INSERT INTO grants (id, app_id, workspace_id, account, kind, stamp, redirect_uri, asked, granted,
           authorized_at, authorized_by, token_version, token_expires_at, refreshable, refreshed_at, needs_reason,
           revoked_at, revocation_pending) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [grant.id, grant.appId, grant.workspaceId, ...changeable(grant)],
      );
    },
    async update(id, change) {
      const row = await session.get<Row>(`${GRANT} WHERE g.id = ?`, [id]);
      if (row === undefined)
        throw new Failure('not_found', `no grant ${id}`, { hint: `${PROGRAM} apps list` });
      const before = toGrant(row);
      const after = { ...before, ...change };
      if (after.account !== before.account) await refuseTaken(session, before.appId, after.account);
      await session.run(
        `UPDATE grants SET account = ?, kind = ?, stamp = ?, redirect_uri = ?, asked = ?, granted = ?,
           authorized_at = ?, authorized_by = ?, token_version = ?, token_expires_at = ?, refreshable = ?,
           refreshed_at = ?, needs_reason = ?, revoked_at = ?, revocation_pending = ? WHERE id = ?`,
        [...changeable(after), id],
      );
    },
    async storeTokens(id, fromVersion, { granted, tokenExpiresAt, refreshable, refreshedAt }) {
      const changed = await session.run(
        `UPDATE grants SET token_version = ?, granted = ?, token_expires_at = ?, refreshable = ?, refreshed_at = ?
         WHERE id = ? AND token_version = ? AND revoked_at IS NULL`,
        [
          ...[fromVersion + 1, scopesText(granted), tokenExpiresAt, refreshable ? 1 : 0, refreshedAt],
          ...[id, fromVersion],
        ],
      );
      return changed > 0;
    },
    async putIntent({ grantId, tokenVersion, sentAt, uncertain }) {
      await session.run(
        `INSERT INTO refresh_intents (grant_id, token_version, sent_at, uncertain) VALUES (?, ?, ?, ?)
         ON CONFLICT (grant_id) DO UPDATE SET token_version = excluded.token_version,
           sent_at = excluded.sent_at, uncertain = excluded.uncertain`,
        [grantId, tokenVersion, sentAt, uncertain ? 1 : 0],
      );
    },
    async removeIntent(grantId) {
      await session.run('DELETE FROM refresh_intents WHERE grant_id = ?', [grantId]);
    },
  };
}

/** In the order of the columns, from `account` on. */
function changeable(grant: Grant): readonly Value[] {
  return [
    ...[grant.account, grant.kind, grant.stamp, grant.redirectUri],
    ...[scopesText(grant.asked), scopesText(grant.granted), grant.authorizedAt, grant.authorizedBy],
    ...[grant.tokenVersion, grant.tokenExpiresAt, grant.refreshable ? 1 : 0, grant.refreshedAt],
    ...[grant.needsReason, grant.revokedAt, grant.revocationPending ? 1 : 0],
  ];
}

async function refuseTaken(session: Session, appId: string, account: string): Promise<void> {
  const taken = 'SELECT 1 FROM grants WHERE app_id = ? AND account = ?';
  if ((await session.get(taken, [appId, account])) === undefined) return;
  throw new Failure('exists', `the app already has a grant of ${account}`, { hint: `${PROGRAM} apps list` });
}

function toGrant(row: Row): Grant {
  const lists = { asked: scopesOf(row.asked), granted: scopesOf(row.granted) };
  const flags = { refreshable: flagOf(row.refreshable), revocationPending: flagOf(row.revocationPending) };
  return shaped<Grant>(`grant ${row.id}`, { ...row, ...lists, ...flags }, GRANT_SHAPE);
}

function toIntent(row: IntentRow): RefreshIntent {
  const what = `the refresh of grant ${row.grantId}`;
  return shaped<RefreshIntent>(what, { ...row, uncertain: flagOf(row.uncertain) }, INTENT_SHAPE);
}

/** Only what this program writes is a flag; anything else stays what it is, and is refused. */
function flagOf(value: number): boolean | number {
  return value === 0 || value === 1 ? value === 1 : value;
}
