import type { Ledger } from '../../src/domain/audit/change.ts';
import { createKey, type NewKey } from '../../src/domain/keys/create.ts';
import type { ApiKey } from '../../src/domain/keys/key.ts';
import type { Policy } from '../../src/domain/workspaces/policy.ts';
import { DEFAULT_POLICY } from '../../src/domain/workspaces/policy.ts';
import type { Role } from '../../src/domain/workspaces/workspace.ts';
import { type Desk, openDesk } from './fake-ledger.ts';

/** Who is in the workspace acme besides ana, its owner. */
const TEAM = { adi: 'admin', ben: 'developer', dee: 'developer', vic: 'viewer' } as const;

export interface Team extends Desk {
  /** The ledger as this person has it; `eve` and others who are in no team, too. */
  as(name: string): Ledger;
  lockedAs(name: string): Ledger;
  /** Makes a key as ana and gives it to `owner`. */
  keyOf(owner: string, change?: Partial<NewKey>): Promise<ApiKey>;
  policy(change: Partial<Policy>): Promise<void>;
}

/** A desk with a team, another one for each test. */
export async function openTeam(): Promise<Team> {
  const desk = openDesk();
  const { workspace, store } = desk;
  const join = Object.entries(TEAM) as [string, Role][];
  await store.write(async (tx) => {
    for (const [name, role] of join)
      await tx.write.workspaces.addMember({ workspaceId: workspace.id, name, role, createdAt: 1 });
  });
  const actor = (name: string) => ({ name, from: '--actor', osUser: name }) as const;
  return {
    ...desk,
    as: (name) => ({ ...desk.ledger, actor: actor(name) }),
    lockedAs: (name) => ({ ...desk.locked, actor: actor(name) }),
    async keyOf(owner, change = {}) {
      const wish = { workspace, scopes: ['orders:read'], mode: 'live', networks: [], ...change } as const;
      return (await createKey(desk.ledger, desk.means, { ...wish, owner })).key;
    },
    policy: (change) =>
      store.write((tx) => tx.write.workspaces.setPolicy(workspace.id, { ...DEFAULT_POLICY, ...change })),
  };
}
