import { Failure } from '../../errors.ts';
import type { Readers } from '../ports/store.ts';
import type { Actor } from '../ports/system.ts';
import { DEFAULT_POLICY } from '../workspaces/policy.ts';
import type { Member } from '../workspaces/workspace.ts';
import { decide } from './decide.ts';
import type { Ground, Standing } from './refusal.ts';
import { manages, ROLES } from './roles.ts';
import type { ManageStore, Wish, WorkspaceWish } from './wish.ts';

/** Throws `forbidden`, with the reason, unless the wish is allowed. */
export type Gate = (wish: WorkspaceWish) => void;

/**
 * What the actor may do in a workspace, as it is now, for many wishes at once. Made inside the transaction that
 * acts on them, so that a role that was taken away counts at once. Needs no unlocked store.
 */
export async function gateOf(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  workspaceId: string,
): Promise<Gate> {
  const members = await readers.workspaces.members(workspaceId);
  const ground: Ground = {
    slug: (await readers.workspaces.byId(workspaceId))?.slug ?? workspaceId,
    policy: await readers.workspaces.policy(workspaceId),
    members,
  };
  const role = members.find(({ name }) => name === actor.name)?.role;
  return (wish) => refuse({ name: actor.name, role }, ground, wish);
}

/** Throws `forbidden`, with the reason, unless the actor may do this in the workspace; see `gateOf`. */
export async function requireAllowed(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  workspaceId: string,
  wish: WorkspaceWish,
): Promise<void> {
  (await gateOf(readers, actor, workspaceId))(wish);
}

/** Throws `forbidden` unless the actor is owner or admin of a workspace of the store that isn't archived. */
export async function requireStoreAllowed(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  what: ManageStore['what'],
): Promise<void> {
  const open = (await readers.workspaces.all()).filter(({ archivedAt }) => archivedAt === null);
  const members: Member[] = [];
  for (const { id } of open) members.push(...(await readers.workspaces.members(id)));
  const own = members.filter(({ name }) => name === actor.name).map(({ role }) => role);
  const role = ROLES.findLast((one) => own.includes(one));
  const ground = {
    slug: undefined,
    policy: DEFAULT_POLICY,
    members: eachOnce(members.filter((one) => manages(one.role))),
  };
  refuse({ name: actor.name, role }, ground, { kind: 'manage-store', what });
}

function eachOnce(members: readonly Member[]): readonly Member[] {
  return [...new Map(members.map((member) => [member.name, member])).values()];
}

function refuse(actor: Standing, ground: Ground, wish: Wish): void {
  const decision = decide(actor, ground, wish);
  if (!decision.allow) throw new Failure('forbidden', decision.reason, { hint: decision.hint });
}
