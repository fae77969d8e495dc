import { change, type Ledger, type Record } from '../audit/change.ts';
import { integrationEntry } from '../integrations/manage.ts';
import { keyEntry } from '../keys/facts.ts';
import type { OperatorAccess, SlotRecord } from '../ports/secrets.ts';
import type { Store, Transaction } from '../ports/store.ts';
import type { Actor, Anchor, Clock } from '../ports/system.ts';
import { factsOf, keyNow, SEALED_FIELD } from '../rotations/issue.ts';
import type { Rotation } from '../rotations/rotation.ts';
import { slotEntry } from '../setup/initialise.ts';
import { withoutDelivery } from './fate.ts';
import { carryGrants } from './grants.ts';
import type { BackupHeader } from './payload.ts';
import type { KeyToKeep, RestorePlan } from './plan.ts';

/** What becomes of a backup before it is put in place. */
export interface RestoreWish {
  readonly header: BackupHeader;
  /** Undefined where there is no store to be replaced. */
  readonly plan: RestorePlan | undefined;
  /** A slot that was made on this machine; it becomes the primary one. */
  readonly slot: SlotRecord | undefined;
  /** Let keys verify again that were revoked since the backup. */
  readonly undoRevocations: boolean;
}

/**
 * Carries into a backup's own copy what must outlive it: revocations, pauses, cut-offs, the tokens of apps. In one transaction, and
 * before anybody sees the copy, so that an undone revocation never holds for a moment.
 */
export async function prepareCopy(
  copy: Store,
  by: { access: OperatorAccess; actor: Actor; now: Clock },
  wish: RestoreWish,
): Promise<void> {
  const { actor, now } = by;
  const ledger: Ledger = {
    ...{ store: copy, anchor: NO_ANCHOR, actor, now },
    sealer: by.access.audit,
    anchorFailed: () => undefined,
  };
  const at = now();
  await change(ledger, async (tx, record) => {
    record(restoreEntry(wish));
    if (wish.slot !== undefined) {
      await tx.write.slots.insert(wish.slot);
      await tx.write.slots.setPrimary(wish.slot.id);
      record(slotEntry('slot.add', wish.slot));
    }
    if (wish.plan !== undefined) {
      await carryOver(tx, record, { plan: wish.plan, at, undo: wish.undoRevocations });
      await carryGrants(tx, record, wish.plan, { access: by.access, at });
    }
  });
}

async function carryOver(
  tx: Transaction,
  record: Record,
  { plan, at, undo }: { plan: RestorePlan; at: number; undo: boolean },
): Promise<void> {
  for (const { workspace, archivedAt } of plan.workspaces) {
    await tx.write.workspaces.setArchived(workspace.id, archivedAt);
    const { id, slug } = workspace;
    record({ action: 'workspace.archive', target: id, workspaceId: id, facts: { slug, archived: true } });
  }
  for (const integration of plan.integrations) {
    await tx.write.integrations.update(integration.id, { disabledAt: at });
    record(integrationEntry('integration.disable', { ...integration, disabledAt: at }));
  }
  for (const kept of plan.keys) {
    if (kept.fate.revoked && !undo) await revoke(tx, record, kept, at);
    else await curb(tx, record, kept, at);
  }
}

/** With the time and reason that it was revoked with. */
async function revoke(tx: Transaction, record: Record, { key, now }: KeyToKeep, at: number): Promise<void> {
  const { revokedAt, revokedReason: reason } = now;
  await tx.write.keys.revoke([key.kid], revokedAt ?? at, reason);
  await tx.write.rotations.closeOf([key.kid], at);
  const facts = reason === null ? {} : { reason };
  record(keyEntry('key.revoke', { ...key, revokedAt: revokedAt ?? at, revokedReason: reason }, facts));
}

async function curb(tx: Transaction, record: Record, kept: KeyToKeep, at: number): Promise<void> {
  const { key, fate } = kept;
  if (fate.rolledBack !== undefined) await takeBack(tx, record, fate.rolledBack, at);
  if (fate.cutOffs.length > 0) await endOlder(tx, record, kept, at);
  if (fate.expiresAt !== undefined) {
    const { expiresAt } = await keyNow(tx, key.kid);
    await tx.write.keys.update(key.kid, { expiresAt: fate.expiresAt });
    record(keyEntry('key.update', await keyNow(tx, key.kid), { old_expires_at: expiresAt }));
  }
  if (fate.disable === undefined || key.disabledAt !== null || key.revokedAt !== null) return;
  await tx.write.keys.setDisabled([key.kid], at);
  record(keyEntry('key.disable', await keyNow(tx, key.kid)));
}

/** A delivery that was taken back since is over, and what it was to deliver has ended. */
async function takeBack(tx: Transaction, record: Record, rotation: Rotation, at: number): Promise<void> {
  const { id, kid, fromVersion, toVersion, state } = rotation;
  const before = { key: await keyNow(tx, kid), versions: await tx.keys.versions(kid) };
  const { expiresAt } = withoutDelivery(before, rotation).key;
  await tx.write.keys.restoreVersion(kid, toVersion, fromVersion, { at, expiresAt });
  await tx.write.rotations.advance(id, state, 'rolled-back', at);
  await tx.write.slots.removeSealed(id, SEALED_FIELD);
  const facts = { ...factsOf(rotation), rolled_back_version: toVersion };
  record(keyEntry('rotation.rollback', await keyNow(tx, kid), facts));
}

/** The older versions keep the ends that they were given; a delivery that gave one of them its end is over. */
async function endOlder(
  tx: Transaction,
  record: Record,
  { key: { kid }, now, fate: { cutOffs } }: KeyToKeep,
  at: number,
): Promise<void> {
  for (const { version, at: end } of cutOffs) await tx.write.keys.cutOff(kid, version, end);
  const outright = new Set(cutOffs.filter((one) => one.outright).map(({ version }) => version));
  const living = (await tx.keys.versions(kid)).filter(({ endedAt }) => endedAt === null);
  if (living.every(({ version }) => outright.has(version))) await tx.write.keys.endVersions(kid, at);
  const open = await tx.rotations.open(kid);
  if (open !== undefined && cutOffs.some(({ version }) => version === open.fromVersion)) {
    await tx.write.rotations.advance(open.id, open.state, 'finished', at);
    await tx.write.slots.removeSealed(open.id, SEALED_FIELD);
    if (now.version === open.toVersion && now.shownAt !== null)
      await tx.write.keys.markShown(kid, now.version, now.shownAt);
  }
  const versions = cutOffs.map(({ version }) => String(version));
  record(keyEntry('rotation.finish', await keyNow(tx, kid), { ended_versions: versions }));
}

function restoreEntry({ header, plan, undoRevocations }: RestoreWish): Parameters<Record>[0] {
  const revoked = plan?.keys.filter(({ fate }) => fate.revoked).length ?? 0;
  const facts = {
    backup_made: header.createdAt,
    backup_entries: header.entries,
    replaced_seq: plan?.head?.seq ?? null,
    keys_lost: plan?.lost.length ?? 0,
    grants_lost: plan?.grantsLost.length ?? 0,
    revocations_kept: undoRevocations ? 0 : revoked,
    revocations_undone: undoRevocations ? revoked : 0,
  };
  return { action: 'store.restore', target: header.storeId, workspaceId: null, facts };
}

/** A copy is nothing that this machine remembers before it is in its place. */
const NO_ANCHOR: Anchor = {
  read: () => undefined,
  tampered: () => false,
  raise: () => undefined,
  reset: () => undefined,
  path: '',
};
