import { Failure, PROGRAM } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { Facts } from '../audit/entry.ts';
import { keyEntry } from '../keys/facts.ts';
import type { ApiKey } from '../keys/key.ts';
import { publicKey } from '../keys/token.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import type { Actor } from '../ports/system.ts';
import { factsOf, keyNow, SEALED_FIELD } from './issue.ts';
import { cutOffFor } from './plan.ts';
import { isOpen, type Rotation } from './rotation.ts';
import { refuseExpired } from './ways-out.ts';

/** A rotation and its key, after a transaction. */
export interface Journalled {
  readonly key: ApiKey;
  readonly rotation: Rotation;
}

/** What whoever takes up a delivery asks for beyond what it was begun with. */
export interface Terms {
  /** To be seen working from now on, by whoever finishes it. */
  readonly check: boolean;
  /** The old version is to live on for no longer than this, ms. */
  readonly graceMs: number;
}

/**
 * Takes up an open delivery: on record, since its secret is about to be opened again. `terms` may make it stricter,
 * for good. Throws `forbidden` for who may not rotate the key, `wrong_state` when the delivery is no longer open or
 * its new version has expired.
 */
export function resume(ledger: Ledger, { id, kid }: Rotation, terms?: Terms): Promise<Journalled> {
  return change(ledger, async (tx, record) => {
    const key = await keyNow(tx, kid);
    const found = await tx.rotations.byId(id);
    if (found === undefined || !isOpen(found)) throw closedMeanwhile(key, found);
    await requireGoingOn(tx, ledger.actor, { key, rotation: found }, ledger.now());
    const rotation = { ...found, ...stricter(found, terms) };
    if (rotation.check !== found.check || rotation.graceMs !== found.graceMs)
      await tx.write.rotations.amend(id, rotation);
    record(keyEntry('rotation.resume', key, { ...factsOf(rotation), grace_ms: rotation.graceMs }));
    return { key, rotation };
  });
}

/** Throws what would keep the actor from taking up this open delivery. */
export async function requireGoingOn(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  { key, rotation }: Journalled,
  now: number,
): Promise<void> {
  const { name, owner, scopes } = key;
  await requireAllowed(readers, actor, key.workspaceId, { kind: 'make-keys', key: name, owner, scopes });
  await refuseExpired(readers, key, rotation, now);
}

function stricter(begun: Terms, asked: Terms = begun): Terms {
  return { check: begun.check || asked.check, graceMs: Math.min(begun.graceMs, asked.graceMs) };
}

/** The secret reached the command that it was for. Delivering again what was delivered is on record, too. */
export function markDelivered(ledger: Ledger, rotation: Rotation): Promise<Journalled> {
  return advance(ledger, rotation, 'delivered', async (tx, now) => {
    await tx.write.keys.markShown(rotation.kid, rotation.toVersion, now);
    return {};
  });
}

/** The new secret was seen to work where it is used, at the given attempt. */
export function markChecked(ledger: Ledger, rotation: Rotation, tries: number): Promise<Journalled> {
  return advance(ledger, rotation, 'checked', async () => ({ tries }));
}

/**
 * Gives the old version its cut-off and erases the sealed secret: the delivery is over. Throws `wrong_state` when the
 * new version has expired meanwhile.
 */
export function finishDelivery(ledger: Ledger, rotation: Rotation): Promise<Journalled> {
  const { kid, fromVersion, graceMs } = rotation;
  return advance(ledger, rotation, 'finished', async (tx, now) => {
    await refuseExpired(tx, await keyNow(tx, kid), rotation, now);
    const old = (await tx.keys.versions(kid)).find(({ version }) => version === fromVersion);
    await tx.write.keys.cutOff(kid, fromVersion, cutOffFor(old?.expiresAt ?? null, graceMs, now));
    if (graceMs === 0) await tx.write.keys.endVersions(kid, now);
    await tx.write.slots.removeSealed(rotation.id, SEALED_FIELD);
    return { grace_ms: graceMs };
  });
}

const ACTIONS = {
  delivered: 'rotation.deliver',
  checked: 'rotation.check',
  finished: 'rotation.finish',
} as const;

/** One step of the journal, with what else it changes; refused when the key was revoked or the rotation went on elsewhere. */
function advance(
  ledger: Ledger,
  rotation: Rotation,
  to: keyof typeof ACTIONS,
  also: (tx: Transaction, now: number) => Promise<Facts>,
): Promise<Journalled> {
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const { id, kid, state } = rotation;
    const before = await keyNow(tx, kid);
    const moved = before.revokedAt === null && (await tx.write.rotations.advance(id, state, to, now));
    if (!moved) throw closedMeanwhile(before, await tx.rotations.byId(id));
    const facts = await also(tx, now);
    const key = await keyNow(tx, kid);
    const after: Rotation = { ...rotation, state: to, updatedAt: now };
    record(keyEntry(ACTIONS[to], key, { ...factsOf(after), ...facts }));
    return { key, rotation: after };
  });
}

/** Why an open delivery can't go on: what became of it while nobody looked. */
export function closedMeanwhile(key: ApiKey, rotation: Rotation | undefined): Failure {
  const hint = `${PROGRAM} keys show ${publicKey(key)}`;
  if (key.revokedAt !== null)
    return new Failure('wrong_state', `${key.name} was revoked meanwhile; none of its versions verifies`, {
      hint,
    });
  if (rotation?.state === 'rolled-back') {
    const { toVersion } = rotation;
    return new Failure('changed', `${key.name} was rolled back meanwhile; version ${toVersion} has ended`, {
      hint,
    });
  }
  return new Failure('changed', `the rotation of ${key.name} went on elsewhere meanwhile`, { hint });
}
