import { Failure } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import type { WorkspaceWish } from '../access/wish.ts';
import { change, type Ledger, type Record } from '../audit/change.ts';
import { keyEntry } from '../keys/facts.ts';
import type { ApiKey } from '../keys/key.ts';
import { expectCount, selectKeys } from '../keys/select.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import { findMember, memberEntry, refuseLastOwner, requireMember } from './members.ts';
import type { Member, Workspace } from './workspace.ts';

/** What is to become of what a removed member owns. */
export type Fate = { readonly reassignTo: string } | 'revoke';

/** A member who is gone, and the keys that were theirs, as they are now. */
export interface Removed {
  readonly member: Member;
  readonly keys: readonly ApiKey[];
}

/** The unrevoked keys that this member answers for, newest first. */
export function holdingsOf(
  store: Readers,
  workspaceId: string,
  owner: string,
  now: number,
): Promise<readonly ApiKey[]> {
  return selectKeys(store, { filter: { workspaceId, owner } }, now);
}

/**
 * Takes somebody out of the workspace and, in the same transaction, gives what they own to another member or revokes
 * it. Throws `usage` when they own something and no fate is given, `changed` when it is another number of keys than
 * `expect`, `wrong_state` for the last owner, `not_found` for an unknown member or heir, and `forbidden`.
 */
export function removeMember(
  ledger: Ledger,
  workspace: Workspace,
  name: string,
  options: { fate?: Fate | undefined; expect?: number | undefined },
): Promise<Removed> {
  const { fate, expect } = options;
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const member = await findMember(tx, workspace.id, name);
    const owned = await holdingsOf(tx, workspace.id, name, now);
    const reassigns = owned.length > 0 && typeof fate === 'object';
    const wish = {
      kind: 'change-member',
      member: name,
      from: member.role,
      to: undefined,
      reassigns,
    } as const;
    await requireAllowed(tx, ledger.actor, workspace.id, wish);
    await refuseLastOwner(tx, workspace, member);
    expectCount(owned.length, expect);
    if (owned.length > 0 && fate === undefined) throw undecided(name, owned);
    const keys = fate === undefined ? [] : await settle({ tx, record, now }, member, owned, fate);
    await tx.write.workspaces.removeMember(workspace.id, name);
    const what = fate === 'revoke' ? { revoked: owned.length } : { reassigned: owned.length };
    record(memberEntry('member.remove', member, { role: member.role, ...(owned.length > 0 ? what : {}) }));
    return { member, keys };
  });
}

/** What has to be allowed for a removal. */
export function removalOf(
  { name, role }: Member,
  owned: readonly ApiKey[],
  fate: Fate | undefined,
): WorkspaceWish {
  const reassigns = owned.length > 0 && typeof fate === 'object';
  return { kind: 'change-member', member: name, from: role, to: undefined, reassigns };
}

/** A `usage` failure: what is to become of these keys has to be said. */
export function undecided(name: string, owned: readonly ApiKey[]): Failure {
  const names = owned.slice(0, MOST_NAMED).map((key) => key.name);
  if (owned.length > MOST_NAMED) names.push(`and ${owned.length - MOST_NAMED} more`);
  const many = owned.length === 1 ? 'one key' : `${owned.length} keys`;
  return new Failure('usage', `${name} owns ${many}: ${names.join(', ')}`, {
    hint: 'say --reassign-to MEMBER or --revoke-owned',
  });
}

const MOST_NAMED = 5;

async function settle(
  { tx, record, now }: { tx: Transaction; record: Record; now: number },
  member: Member,
  owned: readonly ApiKey[],
  fate: Fate,
): Promise<readonly ApiKey[]> {
  const kids = owned.map((key) => key.kid);
  if (fate === 'revoke') {
    const reason = `${member.name} was removed`;
    await tx.write.keys.revoke(kids, now, reason);
    await tx.write.rotations.closeOf(kids, now);
    const revoked = owned.map((key): ApiKey => ({ ...key, revokedAt: now, revokedReason: reason }));
    for (const key of revoked) record(keyEntry('key.revoke', key, { reason }));
    return revoked;
  }
  const owner = await heirOf(tx, member, fate.reassignTo);
  await tx.write.keys.reassign(kids, owner);
  const reassigned = owned.map((key): ApiKey => ({ ...key, owner }));
  for (const key of reassigned) record(keyEntry('key.update', key, { owner, old_owner: member.name }));
  return reassigned;
}

async function heirOf(tx: Transaction, { workspaceId, name }: Member, heir: string): Promise<string> {
  if (heir === name) throw new Failure('usage', `${name} is the one who goes; name another member`);
  return requireMember(tx, workspaceId, heir);
}
