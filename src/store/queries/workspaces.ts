import type { WorkspaceReader, WorkspaceWriter } from '../../domain/ports/store.ts';
import type { CatalogueScope, Member, Workspace } from '../../domain/workspaces/workspace.ts';
import { Failure, PROGRAM } from '../../errors.ts';
import { readPolicy, writePolicy } from './policies.ts';
import type { Session } from './session.ts';

const WORKSPACE = `SELECT id, slug, name, kind, brand, created_at AS "createdAt", created_by AS "createdBy",
  archived_at AS "archivedAt" FROM workspaces`;
const MEMBERS = `SELECT workspace_id AS "workspaceId", name, role, created_at AS "createdAt"
  FROM members`;
const CATALOGUE = `SELECT workspace_id AS "workspaceId", scope, description
  FROM scope_catalogue WHERE workspace_id = ? ORDER BY scope`;

export function workspaceReader(session: Session): WorkspaceReader {
  return {
    bySlug: (slug) => session.get<Workspace>(`${WORKSPACE} WHERE slug = ?`, [slug]),
    byId: (id) => session.get<Workspace>(`${WORKSPACE} WHERE id = ?`, [id]),
    all: () => session.all<Workspace>(`${WORKSPACE} ORDER BY slug`),
    members: (workspaceId) =>
      session.all<Member>(`${MEMBERS} WHERE workspace_id = ? ORDER BY name`, [workspaceId]),
    membershipsOf: (name) => session.all<Member>(`${MEMBERS} WHERE name = ? ORDER BY workspace_id`, [name]),
    policy: (workspaceId) => readPolicy(session, workspaceId),
    catalogue: (workspaceId) => session.all<CatalogueScope>(CATALOGUE, [workspaceId]),
  };
}

/** `changed` is told of what a verifier may hold in memory. */
export function workspaceWriter(session: Session, changed: () => void): WorkspaceWriter {
  return {
    async insert(workspace) {
      await refuseTaken(session, 'SELECT 1 FROM workspaces WHERE slug = ?', [workspace.slug], {
        message: `a workspace "${workspace.slug}" already exists`,
        hint: `${PROGRAM} workspaces show ${workspace.slug}`,
      });
      const { id, slug, name, kind, brand, createdAt, createdBy, archivedAt } = workspace;
      await session.run(
        `INSERT INTO workspaces (n, id, slug, name, kind, brand, created_at, created_by, archived_at)
         SELECT COALESCE(MAX(n), 0) + 1, ?, ?, ?, ?, ?, ?, ?, ? FROM workspaces`,
        [id, slug, name, kind, brand, createdAt, createdBy, archivedAt],
      );
      changed();
    },
    async rename(id, name) {
      await session.run('UPDATE workspaces SET name = ? WHERE id = ?', [name, id]);
      changed();
    },
    async setArchived(id, at) {
      await session.run('UPDATE workspaces SET archived_at = ? WHERE id = ?', [at, id]);
      changed();
    },
    async addMember({ workspaceId, name, role, createdAt }) {
      await refuseTaken(
        session,
        'SELECT 1 FROM members WHERE workspace_id = ? AND name = ?',
        [workspaceId, name],
        {
          message: `"${name}" is a member already`,
          hint: `${PROGRAM} members list`,
        },
      );
      await session.run('INSERT INTO members (workspace_id, name, role, created_at) VALUES (?, ?, ?, ?)', [
        workspaceId,
        name,
        role,
        createdAt,
      ]);
      changed();
    },
    async setRole(workspaceId, name, role) {
      const sql = 'UPDATE members SET role = ? WHERE workspace_id = ? AND name = ?';
      await session.run(sql, [role, workspaceId, name]);
    },
    async removeMember(workspaceId, name) {
      await session.run('DELETE FROM members WHERE workspace_id = ? AND name = ?', [workspaceId, name]);
    },
    setPolicy: (workspaceId, policy) => writePolicy(session, workspaceId, policy),
    async addScope({ workspaceId, scope, description }) {
      const taken = 'SELECT 1 FROM scope_catalogue WHERE workspace_id = ? AND scope = ?';
      await refuseTaken(session, taken, [workspaceId, scope], {
        message: `${scope} is in the catalogue already`,
        hint: `${PROGRAM} scopes list`,
      });
      await session.run('INSERT INTO scope_catalogue (workspace_id, scope, description) VALUES (?, ?, ?)', [
        workspaceId,
        scope,
        description,
      ]);
    },
    async removeScope(workspaceId, scope) {
      const sql = 'DELETE FROM scope_catalogue WHERE workspace_id = ? AND scope = ?';
      return (await session.run(sql, [workspaceId, scope])) > 0;
    },
  };
}

async function refuseTaken(
  session: Session,
  sql: string,
  params: readonly string[],
  failure: { message: string; hint: string },
): Promise<void> {
  if ((await session.get(sql, params)) === undefined) return;
  throw new Failure('exists', failure.message, { hint: failure.hint });
}
