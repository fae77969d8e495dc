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

/**
 * Marks the unrevoked grants that `why` gives a reason for; those that are marked already keep theirs. Gives back the
 * marked ones. None of them gives out a token until it was authorized again.
 */
export async function markGrants(
  tx: Transaction,
  record: Record,
  grants: readonly Grant[],
  why: (grant: Grant) => string | undefined,
): Promise<readonly Grant[]> {
  const marked: Grant[] = [];
  for (const grant of grants) {
    const needsReason = grant.revokedAt === null && grant.needsReason === null ? why(grant) : undefined;
    if (needsReason === undefined) continue;
    await tx.write.grants.update(grant.id, { needsReason });
    const after = { ...grant, needsReason };
    const app = await tx.apps.byId(grant.appId);
    const name = app?.name ?? grant.appId;
    record(grantEntry('grant.needs-authorization', after, { name }));
    marked.push(after);
  }
  return marked;
}

/** Marks the grants of a workspace that the rules allowed before and don't any more. */
export async function markBeyondRules(
  tx: Transaction,
  record: Record,
  workspaceId: string,
  { before, after }: { before: Rules; after: Rules },
): Promise<readonly Grant[]> {
  return markGrants(tx, record, await tx.grants.all(workspaceId), (grant) =>
    beyondRules(grant, before) === undefined ? beyondRules(grant, after) : undefined,
  );
}
