import { Failure } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import type { WorkspaceWish } from '../access/wish.ts';
import type { App } from '../apps/app.ts';
import { beyondRules, markGrants, rulesOf } from '../apps/exceed.ts';
import { appEntry, grantEntry } from '../apps/facts.ts';
import { type Held, heldNow, nameOf } from '../apps/reconnect.ts';
import { revokeHere } from '../apps/revoke-here.ts';
import { change, type Ledger, type Record } from '../audit/change.ts';
import type { Facts } from '../audit/entry.ts';
import { keyEntry } from '../keys/facts.ts';
import type { ApiKey } from '../keys/key.ts';
import { selectKeys } from '../keys/select.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import { findMember, memberEntry, refuseLastOwner, requireMember } from './members.ts';
import type { Member, Workspace } from './workspace.ts';

/** What is to become of what a removed member owns. */
export type Fate = { readonly reassignTo: string } | 'revoke';

/** What somebody answers for in a workspace. */
export interface Holdings {
  /** Unrevoked keys, newest first. */
  readonly keys: readonly ApiKey[];
  /** Unrevoked grants of apps that they authorized, by app and account. */
  readonly grants: readonly Held[];
  /** Apps that they registered, and so may change; revoking leaves them, for those who manage the workspace. */
  readonly apps: readonly App[];
}

/** A member who is gone, and what was theirs, as it is now. */
export interface Removed extends Holdings {
  readonly member: Member;
}

/** What this member answers for. */
export async function holdingsOf(
  store: Readers,
  workspaceId: string,
  owner: string,
  now: number,
): Promise<Holdings> {
  const grants = await store.grants.authorizedBy(workspaceId, owner);
  return {
    keys: await selectKeys(store, { filter: { workspaceId, owner } }, now),
    grants: await Promise.all(grants.map(({ id }) => heldNow(store, id))),
    apps: (await store.apps.all(workspaceId)).filter(({ createdBy }) => createdBy === owner),
  };
}

/** How many things something must become of. */
export function sizeOf({ keys, grants }: Holdings): number {
  return keys.length + grants.length;
}

/**
 * Takes somebody out of the workspace and, in the same transaction, gives what they own to another member or revokes
 * it; apps that they registered go to that member, or stay; grants are revoked here, and at their providers by who settles pending ones. Throws `usage` when they own
 * something and no fate is given, `changed` when it is another number of things than `expect`, `wrong_state` for the last owner, `not_found` for an unknown member or heir, and `forbidden`.
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
    await requireAllowed(tx, ledger.actor, workspace.id, removalOf(member, owned, fate));
    await refuseLastOwner(tx, workspace, member);
    if (expect !== undefined && sizeOf(owned) !== expect) throw ownsOther(name, owned);
    if (sizeOf(owned) > 0 && fate === undefined) throw undecided(name, owned);
    const settled = fate === undefined ? owned : await settle({ tx, record, now }, member, owned, fate);
    await tx.write.workspaces.removeMember(workspace.id, name);
    record(memberEntry('member.remove', member, { role: member.role, ...settledFacts(owned, fate) }));
    return { member, ...settled };
  });
}

function settledFacts({ keys, grants, apps }: Holdings, fate: Fate | undefined): Facts {
  const [done, ofGrants] =
    fate === 'revoke' ? ['revoked', 'revoked_grants'] : ['reassigned', 'reassigned_grants'];
  return {
    ...(keys.length > 0 ? { [done]: keys.length } : {}),
    ...(grants.length > 0 ? { [ofGrants]: grants.length } : {}),
    ...(apps.length > 0 && typeof fate === 'object' ? { reassigned_apps: apps.length } : {}),
  };
}

/** What has to be allowed for a removal. */
export function removalOf({ name, role }: Member, owned: Holdings, fate: Fate | undefined): WorkspaceWish {
  const reassigns = sizeOf(owned) + owned.apps.length > 0 && typeof fate === 'object';
  return { kind: 'change-member', member: name, from: role, to: undefined, reassigns };
}

/** A `usage` failure: what is to become of these has to be said. */
export function undecided(name: string, owned: Holdings): Failure {
  return new Failure('usage', `${name} owns ${told(owned)}`, {
    hint: 'say --reassign-to MEMBER or --revoke-owned',
  });
}

function ownsOther(name: string, owned: Holdings): Failure {
  const what = sizeOf(owned) === 0 ? 'nothing' : told(owned);
  return new Failure('changed', `${name} owns ${what} by now; nothing was done`, {
    hint: 'look at it with --dry-run, then run it again',
  });
}

function told({ keys, grants }: Holdings): string {
  const of = (names: readonly string[], one: string): readonly string[] => {
    if (names.length === 0) return [];
    const more = names.length > MOST_NAMED ? [`and ${names.length - MOST_NAMED} more`] : [];
    const many = names.length === 1 ? `one ${one}` : `${names.length} ${one}s`;
    return [`${many}: ${[...names.slice(0, MOST_NAMED), ...more].join(', ')}`];
  };
  const parts = [
    ...of(
      keys.map((key) => key.name),
      'key',
    ),
    ...of(grants.map(nameOf), 'grant'),
  ];
  return parts.join('; ');
}

const MOST_NAMED = 5;

interface Settling {
  readonly tx: Transaction;
  readonly record: Record;
  readonly now: number;
}

async function settle(
  { tx, record, now }: Settling,
  member: Member,
  owned: Holdings,
  fate: Fate,
): Promise<Holdings> {
  if (fate === 'revoke') return revokeAll({ tx, record, now }, member, owned);
  const owner = await heirOf(tx, member, fate.reassignTo);
  const kids = owned.keys.map((key) => key.kid);
  await tx.write.keys.reassign(kids, owner);
  const keys = owned.keys.map((key): ApiKey => ({ ...key, owner }));
  for (const key of keys) record(keyEntry('key.update', key, { owner, old_owner: member.name }));
  const grants: Held[] = [];
  for (const { app, grant } of owned.grants) {
    await tx.write.grants.update(grant.id, { authorizedBy: owner });
    const after = { ...grant, authorizedBy: owner };
    record(grantEntry('grant.reassign', after, app, { old_authorized_by: member.name }));
    grants.push({ app, grant: after });
  }
  const apps = owned.apps.map((app): App => ({ ...app, createdBy: owner }));
  for (const app of apps) {
    await tx.write.apps.update(app.id, { createdBy: owner });
    record(appEntry('app.reassign', app, { created_by: owner, old_created_by: member.name }));
  }
  return { keys, grants: await markBeyondHeir(tx, record, member, grants), apps };
}

async function revokeAll({ tx, record, now }: Settling, member: Member, owned: Holdings): Promise<Holdings> {
  const reason = `${member.name} was removed`;
  const kids = owned.keys.map((key) => key.kid);
  await tx.write.keys.revoke(kids, now, reason);
  await tx.write.rotations.closeOf(kids, now);
  const keys = owned.keys.map((key): ApiKey => ({ ...key, revokedAt: now, revokedReason: reason }));
  for (const key of keys) record(keyEntry('key.revoke', key, { reason }));
  const grants: Held[] = [];
  for (const { app, grant } of owned.grants)
    grants.push({ app, grant: await revokeHere(tx, record, { app, grant, now, reason }) });
  return { keys, grants, apps: owned.apps };
}

/** What the heir could not have authorized needs to be authorized again, by somebody who may; what they could doesn't. */
async function markBeyondHeir(
  tx: Transaction,
  record: Record,
  { workspaceId, name }: Member,
  grants: readonly Held[],
): Promise<readonly Held[]> {
  const rules = await rulesOf(tx, workspaceId);
  const all = grants.map(({ grant }) => grant);
  await markGrants(tx, record, all, {
    before: (grant) => beyondRules({ ...grant, authorizedBy: name }, rules),
    after: (grant) => beyondRules(grant, rules),
  });
  return Promise.all(all.map(({ id }) => heldNow(tx, id)));
}

async function heirOf(tx: Transaction, { workspaceId, name }: Member, heir: string): Promise<string> {
  if (heir === name) throw new Failure('usage', `${name} is the one who goes; name another member`);
  return requireMember(tx, workspaceId, heir);
}
