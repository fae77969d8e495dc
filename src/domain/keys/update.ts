import { Failure, PROGRAM } from '../../errors.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { Facts } from '../audit/entry.ts';
import type { KeyChange } from '../ports/store.ts';
import { requireMember } from '../workspaces/members.ts';
import { keyEntry } from './facts.ts';
import { findKey } from './find.ts';
import type { ApiKey } from './key.ts';
import { statusOf } from './status.ts';

/**
 * Changes name, purpose, owner, networks or expiry of one key. Gives back the key as it is now, and
 * whether anything changed. A revoked key can't be changed and an expired one not extended
 * (`wrong_state`); a taken name is `exists`, an unknown owner `not_found`.
 */
export function updateKey(
  ledger: Ledger,
  which: { text: string; workspaceId: string | undefined },
  wish: KeyChange,
): Promise<{ key: ApiKey; changed: boolean }> {
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const before = await findKey(tx, which.text, which.workspaceId);
    refuse(before, wish, now);
    if (wish.owner !== undefined) await requireMember(tx, before.workspaceId, wish.owner);
    const key: ApiKey = { ...before, ...wish };
    const facts = differences(before, key);
    if (Object.keys(facts).length === 0) return { key, changed: false };
    await tx.write.keys.update(key.kid, wish);
    record(keyEntry('key.update', key, facts));
    return { key, changed: true };
  });
}

function refuse(key: ApiKey, wish: KeyChange, now: number): void {
  const status = statusOf(key, now);
  const expired = key.expiresAt !== null && key.expiresAt <= now && wish.expiresAt !== undefined;
  if (status !== 'revoked' && !expired) return;
  const what = status === 'revoked' ? "is revoked and can't be changed" : "has expired and can't be extended";
  throw new Failure('wrong_state', `${key.name} ${what}`, { hint: `${PROGRAM} keys create makes a new one` });
}

/** What the entry says beyond the state: old name, old owner, old expiry, where they changed. */
function differences(before: ApiKey, after: ApiKey): Facts {
  return {
    ...(before.name === after.name ? {} : { old_name: before.name }),
    ...(before.purpose === after.purpose ? {} : { old_purpose: before.purpose, purpose: after.purpose }),
    ...(before.owner === after.owner ? {} : { old_owner: before.owner, owner: after.owner }),
    ...(before.expiresAt === after.expiresAt ? {} : { old_expires_at: before.expiresAt }),
    ...(before.networks.join() === after.networks.join() ? {} : { old_networks: before.networks }),
  };
}
