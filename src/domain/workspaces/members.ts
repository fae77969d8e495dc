import { Failure, PROGRAM } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import type { Grant } from '../apps/app.ts';
import { markBeyondRules, rulesOf } from '../apps/exceed.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { NewEntry } from '../audit/entry.ts';
import { notFound } from '../nearest.ts';
import type { Readers } from '../ports/store.ts';
import { commandOn } from '../shell.ts';
import type { Member, Role, Workspace } from './workspace.ts';

/** The member's name when there is such a member of the workspace; else throws `not_found` with the nearest. */
export async function requireMember(store: Readers, workspaceId: string, name: string): Promise<string> {
  return (await findMember(store, workspaceId, name)).name;
}

/** The member of this name; throws `not_found` with the nearest. */
export async function findMember(store: Readers, workspaceId: string, name: string): Promise<Member> {
  const members = await store.workspaces.members(workspaceId);
  const found = members.find((member) => member.name === name);
  if (found !== undefined) return found;
  const names = members.map((member) => member.name);
  throw notFound(`no member "${name}" in this workspace`, name, names, `the members are ${names.join(', ')}`);
}

/**
 * Refuses an owner to filter keys by who is no member, in this workspace or in any, and owns no key there: mistyped it
 * fits nothing, which reads as if all were done. Throws `not_found` with the nearest member.
 */
export async function requireOwner(
  store: Readers,
  workspaceId: string | undefined,
  owner: string,
  now: number,
): Promise<void> {
  const ids = workspaceId === undefined ? (await store.workspaces.all()).map(({ id }) => id) : [workspaceId];
  const members = (await Promise.all(ids.map((id) => store.workspaces.members(id)))).flat();
  const names = [...new Set(members.map(({ name }) => name))];
  if (names.includes(owner)) return;
  const within = workspaceId === undefined ? {} : { workspaceId };
  const { items, next } = await store.keys.page({ ...within, owner }, { limit: 1 }, now);
  if (items.length > 0 || next !== null) return;
  throw notFound(`no member "${owner}", and no key of theirs`, owner, names, `${PROGRAM} members list`);
}

/** Makes somebody a member. Throws `exists` for one who is, and `forbidden`. */
export function addMember(ledger: Ledger, workspace: Workspace, name: string, role: Role): Promise<Member> {
  const createdAt = ledger.now();
  return change(ledger, async (tx, record) => {
    const wish = { kind: 'change-member', member: name, from: undefined, to: role } as const;
    await requireAllowed(tx, ledger.actor, workspace.id, wish);
    const members = await tx.workspaces.members(workspace.id);
    const already = members.find((member) => member.name === name);
    if (already !== undefined) {
      throw new Failure('exists', `${name} is ${already.role} of ${workspace.slug} already`, {
        hint: commandOn('members update', name, '--role', 'ROLE', '-w', workspace.slug),
      });
    }
    const member = { workspaceId: workspace.id, name, role, createdAt };
    await tx.write.workspaces.addMember(member);
    record(memberEntry('member.add', member, { role }));
    return member;
  });
}

/**
 * Gives a member another role. Says whether anything changed, and which grants of theirs need to be authorized again,
 * since they could not have authorized them in the new one, or no more, since they could (`needsReason` null). Throws `not_found`, `forbidden`, and `wrong_state` for the
 * last owner.
 */
export function setRole(
  ledger: Ledger,
  workspace: Workspace,
  name: string,
  role: Role,
): Promise<{ member: Member; changed: boolean; grants: readonly Grant[] }> {
  return change(ledger, async (tx, record) => {
    const before = await findMember(tx, workspace.id, name);
    if (before.role === role) return { member: before, changed: false, grants: [] };
    const wish = { kind: 'change-member', member: name, from: before.role, to: role } as const;
    await requireAllowed(tx, ledger.actor, workspace.id, wish);
    await refuseLastOwner(tx, workspace, before);
    const rules = await rulesOf(tx, workspace.id);
    await tx.write.workspaces.setRole(workspace.id, name, role);
    const member = { ...before, role };
    record(memberEntry('member.update', member, { role, old_role: before.role }));
    const after = await rulesOf(tx, workspace.id);
    const grants = await markBeyondRules(tx, record, workspace.id, { before: rules, after });
    return { member, changed: true, grants };
  });
}

/** Throws `wrong_state` when without this member nobody would own the workspace. */
export async function refuseLastOwner(
  store: Readers,
  workspace: Workspace,
  { name, role }: Member,
): Promise<void> {
  if (role !== 'owner') return;
  const members = await store.workspaces.members(workspace.id);
  if (members.some((member) => member.role === 'owner' && member.name !== name)) return;
  throw new Failure('wrong_state', `${name} is the last owner of ${workspace.slug}`, {
    hint: `make somebody else an owner first: ${PROGRAM} members update NAME --role owner -w ${workspace.slug}`,
  });
}

/** An audit entry about a member of a workspace. */
export function memberEntry(
  action: string,
  { workspaceId, name }: Member,
  facts: NewEntry['facts'],
): NewEntry {
  return { action, target: workspaceId, workspaceId, facts: { member: name, ...facts } };
}
