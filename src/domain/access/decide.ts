import { coversAll } from '../keys/scopes.ts';
import { lifeText } from '../workspaces/policy.ts';
import type { Role } from '../workspaces/workspace.ts';
import { overlaps } from './overlap.ts';
import {
  type Ground,
  lacks,
  namesOf,
  type Person,
  type Refusal,
  ruled,
  type Standing,
  stranger,
} from './refusal.ts';
import { atLeast, manages, withArticle } from './roles.ts';
import type { MakeKeys, ManageStore, Wish, WorkspaceWish } from './wish.ts';

/** Yes, or why not. */
export type Decision = { readonly allow: true } | Refusal;

const ALLOW: Decision = { allow: true };

/**
 * May this person do this here? The one place that decides it, for every use case. On one machine that is a
 * guard-rail for people, not a boundary against them. Changing nothing is open to all and asks nobody.
 */
export function decide(actor: Standing, ground: Ground, wish: Wish): Decision {
  if (wish.kind === 'stop-keys' && wish.withSecret === true) return ALLOW;
  if (wish.kind === 'manage-store') return storeWide(actor, ground, wish);
  const { name, role } = actor;
  if (role === undefined) return stranger(name, ground);
  return forMember({ name, role }, ground, wish);
}

function forMember(actor: Person, ground: Ground, wish: WorkspaceWish): Decision {
  const { role, name } = actor;
  const { policy } = ground;
  switch (wish.kind) {
    case 'stop-keys':
      return wish.owner === name || manages(role) ? ALLOW : othersToStop(actor, ground, wish);
    case 'describe-key':
      return (
        needs(actor, ground, policy.createKeys, 'creating and changing keys') ??
        ownKey(actor, ground, wish) ??
        ALLOW
      );
    case 'make-keys':
      return makeKeys(actor, ground, wish);
    case 'manage':
      return needs(actor, ground, 'admin', `changing ${wish.what}`) ?? ALLOW;
    case 'archive-workspace':
      return needs(actor, ground, 'owner', 'archiving a workspace') ?? ALLOW;
    case 'go-back':
      return needs(actor, ground, 'owner', 'going back to a backup') ?? ALLOW;
    case 'set-policy':
      return needs(actor, ground, 'owner', 'setting the policy') ?? ALLOW;
    case 'connect-apps':
      return needs(actor, ground, policy.connectApps, 'connecting apps') ?? ALLOW;
    case 'change-app':
      return (
        needs(actor, ground, policy.connectApps, 'connecting apps') ?? ownApp(actor, ground, wish) ?? ALLOW
      );
    case 'use-apps':
      return needs(actor, ground, 'developer', 'using the tokens of apps') ?? ALLOW;
    case 'revoke-grant':
      return ownGrant(actor, ground, wish, wish.app, 'revoking it') ?? ALLOW;
    case 'renew-grant':
      return ownGrant(actor, ground, wish, `${wish.app} ${wish.account}`, 'authorizing it again') ?? ALLOW;
    case 'change-member':
      return changeMember(actor, ground, wish);
  }
}

function makeKeys(actor: Person, ground: Ground, wish: MakeKeys): Decision {
  return (
    needs(actor, ground, ground.policy.createKeys, 'creating and changing keys') ??
    ownKey(actor, ground, wish) ??
    handOver(actor, ground, wish) ??
    beyondCeiling(actor, ground, wish.scopes) ??
    restricted(actor, ground, wish.scopes) ??
    tooLong(ground, wish) ??
    ALLOW
  );
}

/** A key that was given away would not be found when its giver leaves, so that takes somebody who answers for all. */
function handOver(actor: Person, ground: Ground, { newOwner }: MakeKeys): Decision | undefined {
  if (newOwner === undefined || newOwner === actor.name || manages(actor.role)) return undefined;
  return lacks(actor, ground, 'admin', `giving keys to ${newOwner}`);
}

function ownKey(
  actor: Person,
  ground: Ground,
  wish: { key?: string | undefined; owner: string },
): Decision | undefined {
  return wish.owner === actor.name || manages(actor.role) ? undefined : others(actor, ground, wish);
}

function ownApp(
  actor: Person,
  ground: Ground,
  { app, owner }: { app: string; owner: string },
): Decision | undefined {
  if (owner === actor.name || manages(actor.role)) return undefined;
  return lacks(actor, ground, 'admin', `${app} was registered by ${owner}: changing it`);
}

function ownGrant(
  actor: Person,
  ground: Ground,
  { authorizedBy }: { authorizedBy: string },
  grant: string,
  doing: string,
): Decision | undefined {
  if (authorizedBy === actor.name || manages(actor.role)) return undefined;
  return lacks(actor, ground, 'admin', `${grant} was authorized by ${authorizedBy}: ${doing}`);
}

function others(actor: Person, ground: Ground, wish: { key?: string | undefined; owner: string }): Refusal {
  const { key, owner } = wish;
  const what = key === undefined ? `a key for ${owner}` : `${key} belongs to ${owner}: acting on it`;
  return lacks(actor, ground, 'admin', what);
}

/** As `others`; a leak is stopped by whoever finds it. */
function othersToStop(actor: Person, ground: Ground, wish: { key: string; owner: string }): Decision {
  const { reason } = others(actor, ground, wish);
  const hint = `${namesOf(ground, 'admin', wish.owner)} can do it; whoever holds its secret key, too: --from-stdin`;
  return { allow: false, reason, hint };
}

function beyondCeiling(actor: Person, ground: Ground, scopes: readonly string[]): Decision | undefined {
  if (actor.role === 'owner') return undefined;
  const ceiling = ground.policy.ceilings[actor.role];
  const beyond = scopes.find((scope) => !coversAll(ceiling, [scope]));
  if (beyond === undefined) return undefined;
  const most = ceiling.length === 0 ? 'nothing' : `at most ${ceiling.join(' ')}`;
  return ruled(ground, `${withArticle(actor.role)} of ${ground.slug} may grant ${most}, not ${beyond}`);
}

function restricted(actor: Person, ground: Ground, scopes: readonly string[]): Decision | undefined {
  if (manages(actor.role)) return undefined;
  for (const scope of scopes) {
    const rule = ground.policy.restrictedScopes.find((pattern) => overlaps(scope, pattern));
    if (rule === undefined) continue;
    const what = scope === rule ? `${scope} is a scope that` : `${scope} reaches ${rule}, which`;
    return ruled(ground, `${what} only admins and owners of ${ground.slug} may grant`);
  }
  return undefined;
}

function tooLong(ground: Ground, { life }: MakeKeys): Decision | undefined {
  const longest = ground.policy.longestLife;
  if (longest === null || life === undefined) return undefined;
  if (life.until !== null && life.until - life.from <= longest) return undefined;
  const what = life.until === null ? 'one that never expires is longer' : 'this expiry lies beyond';
  const most = `a key of ${ground.slug} lives ${lifeText(longest)} at most from the issue of its secret`;
  return ruled(ground, `${most}, and ${what}`);
}

function changeMember(
  actor: Person,
  ground: Ground,
  wish: Extract<Wish, { kind: 'change-member' }>,
): Decision {
  const leaves = wish.member === actor.name && wish.to === undefined;
  if (leaves && wish.reassigns !== true) return ALLOW;
  if (leaves) return needs(actor, ground, 'admin', 'giving keys to others') ?? ALLOW;
  // Admins are made and unmade by owners, so that no admin shuts out another, or makes one more.
  const top = [wish.from, wish.to].some((role) => role !== undefined && manages(role));
  const what = top ? 'making or changing owners and admins' : 'changing members';
  return needs(actor, ground, top ? 'owner' : 'admin', what) ?? ALLOW;
}

function storeWide(actor: Standing, ground: Ground, { what }: ManageStore): Decision {
  if (actor.role !== undefined && manages(actor.role)) return ALLOW;
  const reason = `${what} take an owner or admin of some workspace, and ${actor.name} is none`;
  return { allow: false, reason, hint: `${namesOf(ground, 'admin')} can do it; --actor says who you are` };
}

function needs(actor: Person, ground: Ground, least: Role, what: string): Decision | undefined {
  return atLeast(actor.role, least) ? undefined : lacks(actor, ground, least, what);
}
