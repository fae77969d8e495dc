import { Failure, PROGRAM } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import type { WorkspaceWish } from '../access/wish.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { Facts } from '../audit/entry.ts';
import { statusOfIntegration } from '../integrations/integration.ts';
import type { KeyChange, Readers, Transaction } from '../ports/store.ts';
import { requireMember } from '../workspaces/members.ts';
import { bindableIntegration } from './bound.ts';
import { keyEntry } from './facts.ts';
import { findKey } from './find.ts';
import type { ApiKey } from './key.ts';
import { statusOf } from './status.ts';

/** What is to be different. */
export type KeyWish = Omit<KeyChange, 'integrationId'> & {
  /** Name or id of the integration it is bound to from now on; null: none. */
  readonly integration?: string | null;
};

/**
 * Changes name, purpose, owner, networks, expiry or integration of one key. Gives back the key as it is now, and
 * whether anything changed. A revoked key can't be changed and an expired one not extended (`wrong_state`, as an
 * integration that isn't configured); a taken name is `exists`, an unknown owner or integration `not_found`, and
 * what role or policy don't allow `forbidden`. An expiry that is sooner holds for superseded secrets, too.
 */
export function updateKey(
  ledger: Ledger,
  which: { text: string; workspaceId: string | undefined },
  wish: KeyWish,
): Promise<{ key: ApiKey; changed: boolean }> {
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const before = await findKey(tx, which.text, which.workspaceId);
    refuse(before, wish, now);
    const asked = await changeOf(tx, before, wish);
    const after: ApiKey = { ...before, ...asked };
    const facts = differences(before, after);
    if (Object.keys(facts).length === 0) return { key: after, changed: false };
    await requireAllowed(tx, ledger.actor, before.workspaceId, wishFor(before, after));
    if (after.integrationId !== before.integrationId) await requireRelease(tx, ledger, before);
    if (after.owner !== before.owner) await requireMember(tx, before.workspaceId, after.owner);
    await tx.write.keys.update(before.kid, asked);
    await endOlderWith(tx, after);
    const key = (await tx.keys.byKid(before.kid)) ?? after;
    record(keyEntry('key.update', key, facts));
    return { key, changed: true };
  });
}

async function changeOf(tx: Readers, key: ApiKey, { integration, ...rest }: KeyWish): Promise<KeyChange> {
  if (integration === undefined) return rest;
  if (integration === null) return { ...rest, integrationId: null };
  return { ...rest, integrationId: (await bindableIntegration(tx, key.workspaceId, integration)).id };
}

/** A key that its integration keeps from verifying would verify elsewhere, and that is for those who enable it to say. */
async function requireRelease(
  tx: Readers,
  { actor }: Pick<Ledger, 'actor'>,
  { workspaceId, integrationId }: ApiKey,
): Promise<void> {
  const integration = integrationId === null ? undefined : await tx.integrations.byId(integrationId);
  if (integration === undefined || statusOfIntegration(integration) === 'configured') return;
  const what = 'the integration of keys that it disables';
  await requireAllowed(tx, actor, workspaceId, { kind: 'manage', what });
}

/** Another name or purpose describes the key; everything else decides who may use it, and until when. */
function wishFor(before: ApiKey, after: ApiKey): WorkspaceWish {
  const { name: key, owner, scopes } = before;
  const onlyDescribed = Object.keys(differences(before, after)).every((fact) => DESCRIBING.has(fact));
  if (onlyDescribed) return { kind: 'describe-key', key, owner };
  const newOwner = after.owner === owner ? undefined : after.owner;
  const life =
    after.expiresAt === before.expiresAt ? undefined : { from: before.issuedAt, until: after.expiresAt };
  return { kind: 'make-keys', key, owner, newOwner, scopes, life };
}

const DESCRIBING: ReadonlySet<string> = new Set(['old_name', 'old_purpose', 'purpose']);

/** Superseded secrets have an expiry of their own: an earlier one of the key is meant for them, too. */
async function endOlderWith(tx: Transaction, { kid, expiresAt, olderUntil }: ApiKey): Promise<void> {
  if (expiresAt === null || olderUntil === null || olderUntil <= expiresAt) return;
  for (const { version, endedAt } of await tx.keys.versions(kid))
    if (endedAt === null) await tx.write.keys.cutOff(kid, version, expiresAt);
}

function refuse(key: ApiKey, wish: KeyWish, now: number): void {
  const status = statusOf(key, now);
  const expired = key.expiresAt !== null && key.expiresAt <= now && wish.expiresAt !== undefined;
  if (status !== 'revoked' && !expired) return;
  const what = status === 'revoked' ? "is revoked and can't be changed" : "has expired and can't be extended";
  throw new Failure('wrong_state', `${key.name} ${what}`, { hint: `${PROGRAM} keys create makes a new one` });
}

/** What the entry says beyond the state: old name, old owner, old expiry …, where they changed. */
function differences(before: ApiKey, after: ApiKey): Facts {
  return {
    ...(before.name === after.name ? {} : { old_name: before.name }),
    ...(before.purpose === after.purpose ? {} : { old_purpose: before.purpose, purpose: after.purpose }),
    ...(before.owner === after.owner ? {} : { old_owner: before.owner, owner: after.owner }),
    ...(before.expiresAt === after.expiresAt ? {} : { old_expires_at: before.expiresAt }),
    ...(before.integrationId === after.integrationId ? {} : { old_integration_id: before.integrationId }),
    ...(before.networks.join() === after.networks.join() ? {} : { old_networks: before.networks }),
  };
}
