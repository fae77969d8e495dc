import { atLeast, manages } from '../access/roles.ts';
import type { Record } from '../audit/change.ts';
import type { Transaction } from '../ports/store.ts';
import type { Policy } from '../workspaces/policy.ts';
import type { Role } from '../workspaces/workspace.ts';
import type { Grant } from './app.ts';
import { grantEntry } from './facts.ts';
import { type AnswerHabits, compareScopes, readScopes } from './scopes.ts';

/** What a workspace allows, and who is what in it. */
export interface Rules {
  readonly policy: Policy;
  readonly roles: ReadonlyMap<string, Role>;
}

/** The rules of a workspace as they are now. */
export async function rulesOf(tx: Pick<Transaction, 'workspaces'>, workspaceId: string): Promise<Rules> {
  const members = await tx.workspaces.members(workspaceId);
  return {
    policy: await tx.workspaces.policy(workspaceId),
    roles: new Map(members.map(({ name, role }) => [name, role])),
  };
}

/**
 * Why the rules would not allow this grant to who answers for it; undefined when they do. What it was asked for counts
 * beside what was granted, since a refresh may bring either.
 */
export function beyondRules(
  grant: Pick<Grant, 'asked' | 'granted' | 'authorizedBy'>,
  { policy, roles }: Rules,
): string | undefined {
  const { authorizedBy, asked, granted } = grant;
  const role = roles.get(authorizedBy);
  if (role === undefined) return `${authorizedBy} is no member any more`;
  if (!atLeast(role, policy.connectApps))
    return `connecting apps takes ${policy.connectApps} at least, and ${authorizedBy} is ${role}`;
  if (manages(role)) return undefined;
  const scope = [...asked, ...granted].find((one) => policy.restrictedProviderScopes.includes(one));
  return scope === undefined ? undefined : `it has ${scope}, which the policy leaves to owners and admins`;
}

/**
 * Why a grant goes beyond an allowlist (null: nothing does); undefined when it doesn't. `habits` tell what the provider
 * calls otherwise in its answers, and what it never lists there.
 */
export function beyondAllowlist(
  { asked, granted }: Pick<Grant, 'asked' | 'granted'>,
  allowlist: readonly string[] | null,
  habits: AnswerHabits,
): string | undefined {
  if (allowlist === null) return undefined;
  const unsaid = asked.filter((scope) => habits.unsaid?.includes(scope));
  const { added } = compareScopes(readScopes(allowlist), readScopes(granted), habits);
  const scope = [...added, ...unsaid].find((one) => !allowlist.includes(one));
  return scope === undefined ? undefined : `it has ${scope}, which is not in this app's allowlist`;
}

/** Why a grant may not be used, as far as that is for the rules to say; undefined: it may. */
type Why = (grant: Grant) => string | undefined;

/** The same before a change and after it. */
export interface WhyChange {
  readonly before: Why;
  readonly after: Why;
}

/**
 * Marks the unrevoked grants that a change gives a reason for: none of them gives out a token until it was authorized
 * again. Those that have the reason of before get the one of after, or are rid of it; any other reason stays. Gives back
 * those that may be used no more, and those that may be used again (`needsReason` null).
 */
export async function markGrants(
  tx: Transaction,
  record: Record,
  grants: readonly Grant[],
  { before, after }: WhyChange,
): Promise<readonly Grant[]> {
  const changed: Grant[] = [];
  for (const grant of grants) {
    if (grant.revokedAt !== null) continue;
    const needsReason = reasonAfter(grant, before(grant), after(grant));
    if (needsReason === grant.needsReason) continue;
    await tx.write.grants.update(grant.id, { needsReason });
    const now = { ...grant, needsReason };
    const app = await tx.apps.byId(grant.appId);
    const name = app?.name ?? grant.appId;
    record(
      grantEntry(needsReason === null ? 'grant.allowed-again' : 'grant.needs-authorization', now, { name }),
    );
    if (needsReason === null || grant.needsReason === null) changed.push(now);
  }
  return changed;
}

function reasonAfter(
  { needsReason }: Grant,
  before: string | undefined,
  after: string | undefined,
): string | null {
  const isOther = needsReason !== null && needsReason !== before;
  return before === after || isOther ? needsReason : (after ?? null);
}

/** Marks the grants of a workspace by what its rules allowed before and allow now. */
export async function markBeyondRules(
  tx: Transaction,
  record: Record,
  workspaceId: string,
  { before, after }: { before: Rules; after: Rules },
): Promise<readonly Grant[]> {
  return markGrants(tx, record, await tx.grants.all(workspaceId), {
    before: (grant) => beyondRules(grant, before),
    after: (grant) => beyondRules(grant, after),
  });
}
