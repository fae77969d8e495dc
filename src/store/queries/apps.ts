import type { AppReader, AppWriter } from '../../domain/ports/apps.ts';
import { commandOn } from '../../domain/shell.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import { APP, type AppRow, toApp } from './app-row.ts';
import type { Session, Value } from './session.ts';
import { scopesText } from './shape.ts';

const LIVE = 'removed_at IS NULL';

export function appReader(session: Session): AppReader {
  const one = async (clause: string, values: readonly Value[]) => {
    const row = await session.get<AppRow>(`${APP} ${clause}`, values);
    return row && toApp(row);
  };
  return {
    byId: (id) => one('WHERE id = ?', [id]),
    byName: (workspaceId, name) =>
      one(`WHERE workspace_id = ? AND name = ? AND ${LIVE}`, [workspaceId, name]),
    async all(workspaceId) {
      const rows =
        workspaceId === undefined
          ? await session.all<AppRow>(`${APP} WHERE ${LIVE} ORDER BY name, id`)
          : await session.all<AppRow>(`${APP} WHERE workspace_id = ? AND ${LIVE} ORDER BY name`, [
              workspaceId,
            ]);
      return rows.map(toApp);
    },
  };
}

export function appWriter(session: Session): AppWriter {
  return {
    async insert(app) {
      await refuseTaken(session, app.workspaceId, app.name);
      const { id, workspaceId, name, provider, resource, server, clientId, clientAuth, registration } = app;
      await session.run(
        `INSERT INTO apps (id, workspace_id, name, provider, resource, server, client_id, client_auth,
           registration, allowlist, redirect_port, integration_id, created_at, created_by, removed_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          ...[id, workspaceId, name, provider, resource, JSON.stringify(server), clientId, clientAuth],
          ...[registration, listOf(app.allowlist), app.redirectPort, app.integrationId],
          ...[app.createdAt, app.createdBy, app.removedAt],
        ],
      );
    },
    async update(id, change) {
      const row = await session.get<AppRow>(`${APP} WHERE id = ?`, [id]);
      if (row === undefined) throw new Failure('not_found', `no app ${id}`, { hint: `${PROGRAM} apps list` });
      const before = toApp(row);
      const after = { ...before, ...change };
      if (after.name !== before.name) await refuseTaken(session, before.workspaceId, after.name);
      await session.run(
        `UPDATE apps SET name = ?, client_id = ?, client_auth = ?, allowlist = ?, redirect_port = ?,
           integration_id = ?, removed_at = ? WHERE id = ?`,
        [
          ...[after.name, after.clientId, after.clientAuth, listOf(after.allowlist)],
          ...[after.redirectPort, after.integrationId, after.removedAt, id],
        ],
      );
    },
    async remove(id) {
      const grants = 'SELECT id FROM grants WHERE app_id = ?';
      await session.run(`DELETE FROM sealed WHERE record = ? OR record IN (${grants})`, [id, id]);
      await session.run(`DELETE FROM refresh_intents WHERE grant_id IN (${grants})`, [id]);
      await session.run('DELETE FROM grants WHERE app_id = ?', [id]);
      await session.run('DELETE FROM apps WHERE id = ?', [id]);
    },
  };
}

const listOf = (scopes: readonly string[] | null): string | null =>
  scopes === null ? null : scopesText(scopes);

async function refuseTaken(session: Session, workspaceId: string, name: string): Promise<void> {
  const taken = `SELECT 1 FROM apps WHERE workspace_id = ? AND name = ? AND ${LIVE}`;
  if ((await session.get(taken, [workspaceId, name])) === undefined) return;
  throw new Failure('exists', `the workspace already has an app "${name}"`, {
    hint: commandOn('apps show', name),
  });
}
