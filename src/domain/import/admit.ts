import { Failure } from '../../errors.ts';
import { gateOf } from '../access/require.ts';
import type { Readers } from '../ports/store.ts';
import type { Actor } from '../ports/system.ts';
import { defaultLifeOf } from '../workspaces/policy.ts';
import { type BadRows, badRows } from './bad-rows.ts';
import type { Candidate } from './candidate.ts';

/**
 * Holds the candidates against policy, members and catalogue as they are now; gives back when those expire that
 * don't say it. Throws `usage` for owners and scopes that there aren't, and `forbidden` for what the actor may not
 * grant, each naming the first ten rows.
 */
export async function admit(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  workspaceId: string,
  candidates: readonly Candidate[],
  now: number,
): Promise<{ readonly usualExpiry: number | null }> {
  const life = defaultLifeOf(await readers.workspaces.policy(workspaceId));
  const usualExpiry = life === null ? null : now + life;
  const bad = badRows();
  await findUnknown(readers, workspaceId, candidates, bad);
  bad.refuse('usage');
  const gate = await gateOf(readers, actor, workspaceId);
  const until = (expiresAt: number | null | undefined) => (expiresAt === undefined ? usualExpiry : expiresAt);
  refuseForbidden(candidates, ({ owner, scopes, expiresAt }) =>
    gate({ kind: 'make-keys', owner, scopes, life: { from: now, until: until(expiresAt) } }),
  );
  return { usualExpiry };
}

/** Owners who are no members, and scopes that a catalogue doesn't have. */
async function findUnknown(
  readers: Readers,
  workspaceId: string,
  candidates: readonly Candidate[],
  bad: BadRows,
): Promise<void> {
  const members = new Set((await readers.workspaces.members(workspaceId)).map(({ name }) => name));
  const catalogue = new Set((await readers.workspaces.catalogue(workspaceId)).map(({ scope }) => scope));
  const listed = (scope: string) => catalogue.size === 0 || scope.includes('*') || catalogue.has(scope);
  for (const { line, owner, ownerSaid, scopes } of candidates) {
    const unlisted = scopes.find((scope) => !listed(scope));
    // Whether the actor is a member is for the policy to say.
    if (ownerSaid && !members.has(owner)) bad.add({ line, field: 'owner', reason: `no member "${owner}"` });
    else if (unlisted !== undefined)
      bad.add({ line, field: 'scopes', reason: `${unlisted} is not in the catalogue` });
  }
}

/** As for keys that are created one by one; what is asked for many rows alike is decided once. */
function refuseForbidden(candidates: readonly Candidate[], ask: (candidate: Candidate) => void): void {
  const refused = badRows();
  const decided = new Map<string, Failure | undefined>();
  let hint: string | undefined;
  for (const candidate of candidates) {
    const { line, owner, scopes, expiresAt } = candidate;
    const asked = `${owner}\n${scopes.join(' ')}\n${expiresAt}`;
    if (!decided.has(asked))
      decided.set(
        asked,
        refusalOf(() => ask(candidate)),
      );
    const failure = decided.get(asked);
    if (failure === undefined) continue;
    hint ??= failure.hint;
    refused.add({ line, reason: failure.message });
  }
  refused.refuse('forbidden', hint);
}

function refusalOf(ask: () => void): Failure | undefined {
  try {
    ask();
    return undefined;
  } catch (error) {
    if (error instanceof Failure && error.code === 'forbidden') return error;
    throw error;
  }
}
