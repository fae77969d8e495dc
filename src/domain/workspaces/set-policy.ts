import { Failure, PROGRAM } from '../../errors.ts';
import { decide } from '../access/decide.ts';
import type { Ground } from '../access/refusal.ts';
import { requireAllowed } from '../access/require.ts';
import type { Grant } from '../apps/app.ts';
import { markBeyondRules, rulesOf } from '../apps/exceed.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { ApiKey } from '../keys/key.ts';
import { allKeys } from '../keys/select.ts';
import { statusOf } from '../keys/status.ts';
import type { Readers } from '../ports/store.ts';
import { lifeText, type Policy, policyFacts } from './policy.ts';
import type { Workspace } from './workspace.ts';

/** What is to be different; ceilings by role. */
export type PolicyWish = Partial<Omit<Policy, 'ceilings'>> & {
  readonly ceilings?: Partial<Policy['ceilings']>;
};

/** A policy before and after, and the grants of apps that were marked because of it, or are so no more (`needsReason` null). */
export interface PolicyChange {
  readonly before: Policy;
  readonly after: Policy;
  readonly grants: readonly Grant[];
}

/**
 * Changes the workspace's policy. Grants that it allowed before and doesn't any more are marked in the same
 * transaction; those that were marked for what it allows now are not any more.
 * Throws `forbidden`, and `usage` for a default life that the longest life forbids.
 */
export function setPolicy(ledger: Ledger, workspace: Workspace, wish: PolicyWish): Promise<PolicyChange> {
  return change(ledger, async (tx, record) => {
    await requireAllowed(tx, ledger.actor, workspace.id, { kind: 'set-policy' });
    const before = await tx.workspaces.policy(workspace.id);
    const after = { ...before, ...wish, ceilings: { ...before.ceilings, ...wish.ceilings } };
    if (wish.defaultLife !== undefined) refuseTooLong(after);
    const facts = policyFacts(after);
    if (JSON.stringify(facts) === JSON.stringify(policyFacts(before))) return { before, after, grants: [] };
    const rules = await rulesOf(tx, workspace.id);
    await tx.write.workspaces.setPolicy(workspace.id, after);
    record({ action: 'policy.set', target: workspace.id, workspaceId: workspace.id, facts });
    const change = { before: rules, after: { ...rules, policy: after } };
    return { before, after, grants: await markBeyondRules(tx, record, workspace.id, change) };
  });
}

function refuseTooLong({ defaultLife, longestLife }: Policy): void {
  if (longestLife === null || (defaultLife !== null && defaultLife <= longestLife)) return;
  throw new Failure(
    'usage',
    `the default life, ${lifeText(defaultLife)}, is longer than the longest, ${lifeText(longestLife)}`,
    { hint: `${PROGRAM} policy set --longest-life none lifts that limit` },
  );
}

/**
 * How many keys that could have been made by their owner before could not be now: they go on verifying. Reads every key
 * of the workspace.
 */
export async function countExceeding(
  store: Readers,
  workspace: Workspace,
  { before, after }: { before: Policy; after: Policy },
  now: number,
): Promise<number> {
  const members = await store.workspaces.members(workspace.id);
  const roles = new Map(members.map(({ name, role }) => [name, role]));
  const fits = (key: ApiKey, policy: Policy): boolean => {
    // Who may create keys at all says nothing about the keys there are.
    const ground: Ground = {
      slug: workspace.slug,
      policy: { ...policy, createKeys: 'viewer' },
      members: [],
    };
    const { owner, scopes, issuedAt, expiresAt } = key;
    const life = { from: issuedAt, until: expiresAt };
    const standing = { name: owner, role: roles.get(owner) };
    return decide(standing, ground, { kind: 'make-keys', owner, scopes, life }).allow;
  };
  let exceeding = 0;
  for await (const key of allKeys(store, { workspaceId: workspace.id }, now)) {
    if (['revoked', 'expired'].includes(statusOf(key, now))) continue;
    if (!fits(key, after) && fits(key, before)) exceeding += 1;
  }
  return exceeding;
}
