import type { Integration } from '../integrations/integration.ts';
import { statusOfIntegration } from '../integrations/integration.ts';
import type { ApiKey } from '../keys/key.ts';
import { allKeys } from '../keys/select.ts';
import type { Head } from '../ports/backup.ts';
import type { SlotRecord } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import { appsGoBack } from './app-goes-back.ts';
import { type Backed, type Fate, fateOf, type WithVersions, withoutDelivery } from './fate.ts';
import { type GoesBack, whatGoesBack } from './goes-back.ts';
import { type GrantPlan, planGrants } from './grants.ts';
import { keyGoesBack, namesIn } from './key-goes-back.ts';

/** A key of the backup that is to be changed before it comes back. */
export interface KeyToKeep {
  /** As it is in the backup. */
  readonly key: ApiKey;
  /** As it is now. */
  readonly now: ApiKey;
  readonly fate: Fate;
}

/** What a restore over a store would undo, lose and bring back. */
export interface RestorePlan extends GrantPlan {
  /** Newest audit entry of the store that would be replaced. */
  readonly head: Head | undefined;
  readonly keys: readonly KeyToKeep[];
  /** Keys that were made after the backup. */
  readonly lost: readonly ApiKey[];
  /** Keys that the store does not have, and has again. */
  readonly back: readonly ApiKey[];
  /** What else is another in the backup. */
  readonly goesBack: readonly GoesBack[];
  /** Nothing was changed since the backup: it ends with the newest entry of the store. */
  readonly unchanged: boolean;
  /** Integrations that are configured in the backup and were disabled or removed since. */
  readonly integrations: readonly Integration[];
  /** Workspaces that were archived since. */
  readonly workspaces: readonly { readonly workspace: Workspace; readonly archivedAt: number }[];
  /** Slots that open the store now and won't any more. */
  readonly slotsLost: readonly SlotRecord[];
  /** Slots that were removed or changed since and would open the store again. */
  readonly slotsBack: readonly SlotRecord[];
  /** Does the slot that opens the store when nothing is said come back as it is now? */
  readonly opensHere: boolean;
}

/** Reads both stores, all of their keys and grants; changes nothing. `now`: ms. */
export async function planRestore(store: Readers, backup: Readers, now: number): Promise<RestorePlan> {
  const head = await store.audit.head();
  const keys: KeyToKeep[] = [];
  const lost: ApiKey[] = [];
  const goesBack: GoesBack[] = [];
  const names = await namesIn(store, backup);
  let both = 0;
  for await (const key of allKeys(store, {}, now)) {
    const before = await backup.keys.byKid(key.kid);
    if (before === undefined) {
      lost.push(key);
      continue;
    }
    const backed = await withDelivery(store, backup, before);
    const fate = fateOf(await withVersions(store, key), backed);
    if (isFate(fate)) keys.push({ key: before, now: key, fate });
    const then = fate.rolledBack === undefined ? before : withoutDelivery(backed, fate.rolledBack).key;
    goesBack.push(...keyGoesBack(key, then, fate, names));
    both += 1;
  }
  const slots = await store.slots.all();
  const backed = await backup.slots.all();
  const primary = await store.slots.primary();
  const grants = await planGrants(store, backup);
  return {
    head: head && { seq: head.seq, hash: head.hash },
    keys,
    lost,
    back: (await backup.keys.count({}, now)) > both ? await missingKeys(store, backup, now) : [],
    goesBack: [
      ...goesBack,
      ...(await whatGoesBack(store, backup)),
      ...(await appsGoBack(store, backup, grants, names)),
    ],
    unchanged: head !== undefined && isHead(head, await backup.audit.head()),
    ...grants,
    integrations: await stoppedIntegrations(store, backup),
    workspaces: await archivedWorkspaces(store, backup),
    slotsLost: slots.filter((slot) => !backed.some((other) => isSame(slot, other))),
    slotsBack: backed.filter((slot) => !slots.some((other) => isSame(slot, other))),
    opensHere: slots.some((slot) => slot.id === primary && backed.some((other) => isSame(slot, other))),
  };
}

async function missingKeys(store: Readers, backup: Readers, now: number): Promise<readonly ApiKey[]> {
  const missing: ApiKey[] = [];
  for await (const key of allKeys(backup, {}, now))
    if ((await store.keys.byKid(key.kid)) === undefined) missing.push(key);
  return missing;
}

function isHead(head: Head, other: Head | undefined): boolean {
  return other !== undefined && head.seq === other.seq && Buffer.compare(head.hash, other.hash) === 0;
}

async function withVersions(store: Readers, key: ApiKey): Promise<WithVersions> {
  return { key, versions: key.olderUntil === null ? [] : await store.keys.versions(key.kid) };
}

async function withDelivery(store: Readers, backup: Readers, key: ApiKey): Promise<Backed> {
  const open = key.olderUntil === null ? undefined : await backup.rotations.open(key.kid);
  const openNow = open === undefined ? undefined : await store.rotations.byId(open.id);
  return { ...(await withVersions(backup, key)), open, openNow };
}

function isFate({ revoked, rolledBack, disable, cutOffs, expiresAt }: Fate): boolean {
  const ends = cutOffs.length > 0 || expiresAt !== undefined;
  return revoked || rolledBack !== undefined || disable !== undefined || ends;
}

async function stoppedIntegrations(store: Readers, backup: Readers): Promise<readonly Integration[]> {
  const stopped: Integration[] = [];
  for (const before of await backup.integrations.all()) {
    if (statusOfIntegration(before) !== 'configured') continue;
    const now = await store.integrations.byId(before.id);
    if (now === undefined || statusOfIntegration(now) === 'disabled') stopped.push(before);
  }
  return stopped;
}

async function archivedWorkspaces(store: Readers, backup: Readers): Promise<RestorePlan['workspaces']> {
  const now = new Map((await store.workspaces.all()).map((one) => [one.id, one.archivedAt]));
  return (await backup.workspaces.all()).flatMap((workspace) => {
    const archivedAt = now.get(workspace.id) ?? null;
    return workspace.archivedAt === null && archivedAt !== null ? [{ workspace, archivedAt }] : [];
  });
}

/** The same way in: a slot that was made anew by a rekey is another one. */
function isSame(one: SlotRecord, other: SlotRecord): boolean {
  return (
    one.id === other.id && one.header === other.header && Buffer.compare(one.wrapped, other.wrapped) === 0
  );
}
