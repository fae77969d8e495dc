import { DEFAULT_POLICY, type Policy } from '../../domain/workspaces/policy.ts';
import type { Role } from '../../domain/workspaces/workspace.ts';
import type { Session } from './session.ts';

const POLICY = `SELECT create_keys AS "createKeys", connect_apps AS "connectApps", restricted,
  restricted_provider AS "restrictedProvider",
  ceiling_admin AS admin, ceiling_developer AS developer, ceiling_viewer AS viewer,
  default_life AS "defaultLife", longest_life AS "longestLife" FROM policies WHERE workspace_id = ?`;

interface Row {
  readonly createKeys: Role;
  readonly connectApps: Role;
  readonly restricted: string;
  readonly restrictedProvider: string;
  readonly admin: string;
  readonly developer: string;
  readonly viewer: string;
  readonly defaultLife: number | null;
  readonly longestLife: number | null;
}

/** The workspace's policy, or the default one. */
export async function readPolicy(session: Session, workspaceId: string): Promise<Policy> {
  const row = await session.get<Row>(POLICY, [workspaceId]);
  if (row === undefined) return DEFAULT_POLICY;
  const { createKeys, connectApps, restricted, admin, developer, viewer, defaultLife, longestLife } = row;
  return {
    ...{ createKeys, connectApps, defaultLife, longestLife },
    restrictedScopes: split(restricted),
    restrictedProviderScopes: split(row.restrictedProvider),
    ceilings: { admin: split(admin), developer: split(developer), viewer: split(viewer) },
  };
}

export async function writePolicy(session: Session, workspaceId: string, policy: Policy): Promise<void> {
  const {
    createKeys,
    connectApps,
    restrictedScopes,
    restrictedProviderScopes,
    ceilings,
    defaultLife,
    longestLife,
  } = policy;
  const { admin, developer, viewer } = ceilings;
  const lists = [restrictedScopes, restrictedProviderScopes, admin, developer, viewer].map((scopes) =>
    scopes.join(' '),
  );
  await session.run(
    `INSERT INTO policies (workspace_id, create_keys, connect_apps, restricted, restricted_provider, ceiling_admin, ceiling_developer,
       ceiling_viewer, default_life, longest_life) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (workspace_id) DO UPDATE SET create_keys = excluded.create_keys,
       connect_apps = excluded.connect_apps, restricted = excluded.restricted,
       restricted_provider = excluded.restricted_provider,
       ceiling_admin = excluded.ceiling_admin, ceiling_developer = excluded.ceiling_developer,
       ceiling_viewer = excluded.ceiling_viewer, default_life = excluded.default_life,
       longest_life = excluded.longest_life`,
    [workspaceId, createKeys, connectApps, ...lists, defaultLife, longestLife],
  );
}

function split(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}
