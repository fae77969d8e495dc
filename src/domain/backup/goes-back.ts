import { ROLES } from '../access/roles.ts';
import { type Integration, statusOfIntegration } from '../integrations/integration.ts';
import { coversAll } from '../keys/scopes.ts';
import type { Readers } from '../ports/store.ts';
import { lifeText, type Policy } from '../workspaces/policy.ts';
import type { Role, Workspace } from '../workspaces/workspace.ts';

type Value = string | number | boolean | null | readonly string[];

/** One thing that is another in the backup than it is now, and that a restore puts back. */
export interface GoesBack {
  readonly of: 'key' | 'member' | 'policy' | 'scope' | 'workspace' | 'integration' | 'app' | 'grant';
  /** Slug. */
  readonly workspace: string;
  /** Of what it is: a key's kid, a member's name, a scope, an id; the slug for a policy. */
  readonly id: string;
  readonly name: string;
  /** As in JSON. `there`: whether it exists at all. Times are ms. */
  readonly field: string;
  readonly now: Value;
  readonly then: Value;
  /** Does going back allow more than is allowed now? */
  readonly widens: boolean;
}

/** A field as it is now and in the backup. */
export type Compared = readonly [field: string, now: Value, then: Value, widens: boolean];

/** Those that differ. */
export function differing(
  subject: Pick<GoesBack, 'of' | 'workspace' | 'id' | 'name'>,
  fields: readonly Compared[],
): readonly GoesBack[] {
  return fields
    .filter(([, now, then]) => JSON.stringify(now) !== JSON.stringify(then))
    .map(([field, now, then, widens]) => ({ ...subject, field, now, then, widens }));
}

/** What goes back beside keys and apps: workspaces with their members, policies and scope catalogues, and integrations. */
export async function whatGoesBack(store: Readers, backup: Readers): Promise<readonly GoesBack[]> {
  const found: GoesBack[] = [];
  const [now, then] = [await store.workspaces.all(), await backup.workspaces.all()];
  for (const [one, before] of pairs(now, then, ({ id }) => id)) {
    found.push(...workspaceBack(one, before));
    if (one === undefined || before === undefined) continue;
    found.push(
      ...(await membersBack(store, backup, one)),
      ...policyBack(one, await store.workspaces.policy(one.id), await backup.workspaces.policy(one.id)),
      ...(await catalogueBack(store, backup, one)),
    );
  }
  const slugs = new Map([...then, ...now].map(({ id, slug }) => [id, slug]));
  const integrations = [await store.integrations.all(), await backup.integrations.all()] as const;
  for (const [one, before] of pairs(...integrations, ({ id }) => id))
    found.push(...integrationBack(one, before, slugs));
  return found;
}

function workspaceBack(now: Workspace | undefined, then: Workspace | undefined): readonly GoesBack[] {
  const { id, slug } = (now ?? then) as Workspace;
  const subject = { of: 'workspace', workspace: slug, id, name: slug } as const;
  if (now === undefined || then === undefined)
    return differing(subject, [['there', now !== undefined, then !== undefined, then !== undefined]]);
  const [archived, before] = [now.archivedAt !== null, then.archivedAt !== null];
  return differing(subject, [
    ['name', now.name, then.name, false],
    // What was archived since stays so.
    ['archived', archived && before, before, false],
  ]);
}

async function membersBack(store: Readers, backup: Readers, { id, slug }: Workspace) {
  const [now, then] = [await store.workspaces.members(id), await backup.workspaces.members(id)];
  return pairs(now, then, ({ name }) => name).flatMap(([one, before]) => {
    const name = (one ?? before)?.name ?? '';
    const [role = null, back = null] = [one?.role, before?.role];
    const rank = (of: Role | null): number => (of === null ? -1 : ROLES.indexOf(of));
    const subject = { of: 'member', workspace: slug, id: name, name } as const;
    return differing(subject, [['role', role, back, rank(back) > rank(role)]]);
  });
}

function policyBack({ slug }: Workspace, now: Policy, then: Policy): readonly GoesBack[] {
  const least = (role: Role, other: Role): boolean => ROLES.indexOf(other) < ROLES.indexOf(role);
  const longer = (life: number | null, other: number | null): boolean =>
    life !== null && (other === null || other > life);
  const subject = { of: 'policy', workspace: slug, id: slug, name: slug } as const;
  return differing(subject, [
    ['create_keys', now.createKeys, then.createKeys, least(now.createKeys, then.createKeys)],
    ['connect_apps', now.connectApps, then.connectApps, least(now.connectApps, then.connectApps)],
    [
      'restricted_scopes',
      now.restrictedScopes,
      then.restrictedScopes,
      !coversAll(then.restrictedScopes, now.restrictedScopes),
    ],
    [
      'restricted_provider_scopes',
      now.restrictedProviderScopes,
      then.restrictedProviderScopes,
      // Whole, as they are compared where they are asked for.
      !now.restrictedProviderScopes.every((scope) => then.restrictedProviderScopes.includes(scope)),
    ],
    ...(['admin', 'developer', 'viewer'] as const).map((role): Compared => {
      const [may, might] = [now.ceilings[role], then.ceilings[role]];
      return [`ceiling_${role}`, may, might, !coversAll(may, might)];
    }),
    [
      'default_life',
      lifeText(now.defaultLife),
      lifeText(then.defaultLife),
      longer(now.defaultLife, then.defaultLife),
    ],
    [
      'longest_life',
      limitText(now.longestLife),
      limitText(then.longestLife),
      longer(now.longestLife, then.longestLife),
    ],
  ]);
}

function limitText(life: number | null): string | null {
  return life === null ? null : lifeText(life);
}

/** A catalogue without entries is none: then every scope may be granted. */
async function catalogueBack(store: Readers, backup: Readers, { id, slug }: Workspace) {
  const [now, then] = [await store.workspaces.catalogue(id), await backup.workspaces.catalogue(id)];
  const lifted = then.length === 0;
  return pairs(now, then, ({ scope }) => scope).flatMap(([one, before]) => {
    const scope = (one ?? before)?.scope ?? '';
    const subject = { of: 'scope', workspace: slug, id: scope, name: scope } as const;
    if (one !== undefined && before !== undefined)
      return differing(subject, [['description', one.description, before.description, false]]);
    const widens = before === undefined ? lifted : now.length > 0;
    return differing(subject, [['there', one !== undefined, before !== undefined, widens]]);
  });
}

function integrationBack(
  now: Integration | undefined,
  then: Integration | undefined,
  slugs: ReadonlyMap<string, string>,
): readonly GoesBack[] {
  const { id, name, workspaceId } = (now ?? then) as Integration;
  const subject = { of: 'integration', workspace: slugs.get(workspaceId) ?? '', id, name } as const;
  if (now === undefined || then === undefined)
    return differing(subject, [['there', now !== undefined, then !== undefined, false]]);
  const [status, before] = [statusOfIntegration(now), statusOfIntegration(then)];
  // What was disabled since stays so.
  const kept = status === 'disabled' && before === 'configured';
  return differing(subject, [
    ['status', kept ? before : status, before, false],
    ['name', now.name, then.name, false],
    ['url', now.url, then.url, false],
    ['purpose', now.purpose, then.purpose, false],
  ]);
}

/** Each of either list with its like in the other. */
export function pairs<T>(
  now: readonly T[],
  then: readonly T[],
  nameOf: (one: T) => string,
): readonly (readonly [now: T | undefined, then: T | undefined])[] {
  const before = new Map(then.map((one) => [nameOf(one), one]));
  const known = new Set(now.map(nameOf));
  return [
    ...now.map((one) => [one, before.get(nameOf(one))] as const),
    ...then.filter((one) => !known.has(nameOf(one))).map((one) => [undefined, one] as const),
  ];
}
