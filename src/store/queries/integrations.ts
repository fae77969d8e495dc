import type { Integration } from '../../domain/integrations/integration.ts';
import type { IntegrationReader, IntegrationWriter } from '../../domain/ports/store.ts';
import { commandOn } from '../../domain/shell.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import type { Session, Value } from './session.ts';

const INTEGRATION = `SELECT id, workspace_id AS "workspaceId", name, purpose, url, created_at AS "createdAt",
  created_by AS "createdBy", configured_at AS "configuredAt", disabled_at AS "disabledAt" FROM integrations`;

export function integrationReader(session: Session): IntegrationReader {
  return {
    byId: (id) => session.get<Integration>(`${INTEGRATION} WHERE id = ?`, [id]),
    byName: (workspaceId, name) =>
      session.get<Integration>(`${INTEGRATION} WHERE workspace_id = ? AND name = ?`, [workspaceId, name]),
    all: (workspaceId) =>
      workspaceId === undefined
        ? session.all<Integration>(`${INTEGRATION} ORDER BY name, id`)
        : session.all<Integration>(`${INTEGRATION} WHERE workspace_id = ? ORDER BY name`, [workspaceId]),
  };
}

/** `changed` is told of what a verifier may hold in memory. */
export function integrationWriter(session: Session, changed: () => void): IntegrationWriter {
  return {
    async insert({ id, workspaceId, name, purpose, url, createdAt, createdBy, configuredAt, disabledAt }) {
      await refuseTaken(session, workspaceId, name);
      await session.run(
        `INSERT INTO integrations (id, workspace_id, name, purpose, url, created_at, created_by, configured_at,
           disabled_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [id, workspaceId, name, purpose, url, createdAt, createdBy, configuredAt, disabledAt],
      );
      changed();
    },
    async update(id, change) {
      const before = await session.get<Integration>(`${INTEGRATION} WHERE id = ?`, [id]);
      if (before === undefined)
        throw new Failure('not_found', `no integration ${id}`, { hint: `${PROGRAM} integrations list` });
      const after = { ...before, ...change };
      if (after.name !== before.name) await refuseTaken(session, before.workspaceId, after.name);
      const values: readonly Value[] = [after.name, after.purpose, after.url, after.configuredAt];
      await session.run(
        'UPDATE integrations SET name = ?, purpose = ?, url = ?, configured_at = ?, disabled_at = ? WHERE id = ?',
        [...values, after.disabledAt, id],
      );
      changed();
    },
    async remove(id) {
      await session.run('DELETE FROM integrations WHERE id = ?', [id]);
      changed();
    },
  };
}

async function refuseTaken(session: Session, workspaceId: string, name: string): Promise<void> {
  const taken = 'SELECT 1 FROM integrations WHERE workspace_id = ? AND name = ?';
  if ((await session.get(taken, [workspaceId, name])) === undefined) return;
  throw new Failure('exists', `the workspace already has an integration "${name}"`, {
    hint: commandOn('integrations show', name),
  });
}
