import { Failure } from '../../errors.ts';
import type { Grant, RefreshIntent } from '../apps/app.ts';
import { ACCESS_TOKEN, grantEntry, REFRESH_TOKEN } from '../apps/facts.ts';
import { type Held, heldNow } from '../apps/reconnect.ts';
import { eraseTokens, revokeHere } from '../apps/revoke-here.ts';
import type { Record } from '../audit/change.ts';
import type { OperatorAccess, SealedRecord } from '../ports/secrets.ts';
import type { Readers, Transaction } from '../ports/store.ts';

/** A grant that is to come back as it is now and not as it was: a token that was renewed since is a spent one. */
export interface GrantToKeep {
  /** As it is in the backup. */
  readonly before: Grant;
  /** As it is now; undefined: it was removed with its app. */
  readonly now: Grant | undefined;
  /** Its tokens as they are sealed now; none when its app has another client id in the backup, for which they are no good. */
  readonly tokens: readonly SealedRecord[];
  /** A refresh whose outcome nobody knows is not forgotten either. */
  readonly intent: RefreshIntent | undefined;
}

const UNUSABLE = 'a backup was restored that its token could not be put into';

/** What a restore does to grants. */
export interface GrantPlan {
  readonly grants: readonly GrantToKeep[];
  /** Unrevoked ones that were made after the backup: nobody here will know of them. */
  readonly grantsLost: readonly Held[];
  /** Refreshes that were on their way. */
  readonly intents: readonly RefreshIntent[];
}

/** Compares the grants of a store with those of a backup. What can't be read in the store comes back to be authorized again. */
export async function planGrants(store: Readers, backup: Readers): Promise<GrantPlan> {
  const grants: GrantToKeep[] = [];
  for (const before of await everyGrant(backup)) {
    const fresh = { before, now: { ...before, needsReason: UNUSABLE }, tokens: [], intent: undefined };
    const kept = await unlessDamaged(() => compare(store, backup, before), fresh);
    if (kept !== undefined) grants.push(kept);
  }
  const grantsLost = await unlessDamaged(() => lostGrants(store, backup), []);
  return { grants, grantsLost, intents: await intentsNow(store) };
}

/**
 * Throws `changed` when a refresh was begun or given up since the plan was made. The log has no entry of either, so its
 * head doesn't tell; and what is on its way must not be forgotten, or a token that is used up would be sent again.
 */
export async function refuseRefreshing(store: Readers, { intents }: GrantPlan): Promise<void> {
  if (JSON.stringify(await intentsNow(store)) === JSON.stringify(intents)) return;
  throw new Failure('changed', 'a token of an app is being refreshed meanwhile; nothing was restored', {
    hint: 'run it again',
  });
}

function intentsNow(store: Readers): Promise<readonly RefreshIntent[]> {
  return unlessDamaged(() => store.grants.intents(), []);
}

async function compare(store: Readers, backup: Readers, before: Grant): Promise<GrantToKeep | undefined> {
  const now = await store.grants.byId(before.id);
  const [intent, old] = [await store.grants.intent(before.id), await backup.grants.intent(before.id)];
  if (now === undefined ? before.revokedAt !== null : isSame([before, old], [now, intent])) return undefined;
  const sameClient = (await clientId(store, before)) === (await clientId(backup, before));
  return { before, now, tokens: sameClient ? await tokensOf(store, before.id) : [], intent };
}

async function lostGrants(store: Readers, backup: Readers): Promise<readonly Held[]> {
  const lost: Held[] = [];
  for (const { id, revokedAt } of await store.grants.all())
    if (revokedAt === null && (await backup.grants.byId(id)) === undefined)
      lost.push(await heldNow(store, id));
  return lost;
}

/** A store is restored because it is damaged, often enough. */
export async function unlessDamaged<T, Other>(work: () => Promise<T>, otherwise: Other): Promise<T | Other> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && error.code === 'store_damaged') return otherwise;
    throw error;
  }
}

/**
 * Puts the grants of a backup's copy in the state that they are in now. Where the tokens of now are no good in it (the
 * root key was replaced since, or the app has another client id) a living grant needs to be authorized again; one that
 * was removed is revoked.
 */
export async function carryGrants(
  tx: Transaction,
  record: Record,
  { grants }: GrantPlan,
  { access, at }: { access: Pick<OperatorAccess, 'open'>; at: number },
): Promise<void> {
  for (const kept of grants) {
    const { app, grant } = await heldNow(tx, kept.before.id);
    await tx.write.grants.removeIntent(grant.id);
    if (kept.now === undefined) {
      await revokeHere(tx, record, { app, grant, now: at, reason: 'it was removed since the backup' });
      continue;
    }
    const usable = kept.tokens.length > 0 && opens(kept.tokens, access);
    const after = usable ? kept.now : without(kept.now);
    await eraseTokens(tx, grant.id);
    if (usable) for (const one of kept.tokens) await tx.write.slots.putSealed(one);
    if (kept.intent !== undefined) await tx.write.grants.putIntent(kept.intent);
    await tx.write.grants.update(grant.id, after);
    record(grantEntry(actionOf(grant, after), after, app, { reason: 'as it was before the restore' }));
  }
}

/**
 * Is it a living grant that will give out no token, since those of now can't come along? `sameRoot`: the backup has
 * the root key of now.
 */
export function mustReconnect({ now, tokens }: GrantToKeep, sameRoot: boolean): boolean {
  if (now === undefined || now.revokedAt !== null) return false;
  const usable = sameRoot && tokens.length > 0;
  return !usable && (now.needsReason === null || now.needsReason === UNUSABLE);
}

/** A grant whose tokens can't come along. */
function without(now: Grant): Grant {
  if (now.revokedAt !== null) return { ...now, revocationPending: false };
  return { ...now, needsReason: now.needsReason ?? UNUSABLE };
}

function actionOf(before: Grant, after: Grant): string {
  if (before.revokedAt === null && after.revokedAt !== null) return 'grant.revoke';
  return before.needsReason === null && after.needsReason !== null
    ? 'grant.needs-authorization'
    : 'grant.carry';
}

type State = readonly [Grant, RefreshIntent | undefined];

function isSame([before, old]: State, [now, intent]: State): boolean {
  const fields = Object.keys(before) as (keyof Grant)[];
  const same = fields.every((field) => JSON.stringify(before[field]) === JSON.stringify(now[field]));
  return same && old?.sentAt === intent?.sentAt && old?.uncertain === intent?.uncertain;
}

function opens(tokens: readonly SealedRecord[], access: Pick<OperatorAccess, 'open'>): boolean {
  try {
    for (const one of tokens) access.open(one);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

async function tokensOf(store: Readers, grantId: string): Promise<readonly SealedRecord[]> {
  const found = [ACCESS_TOKEN, REFRESH_TOKEN].map((field) => store.slots.sealed(grantId, field));
  return (await Promise.all(found)).filter((one) => one !== undefined);
}

async function clientId(readers: Readers, { appId }: Grant): Promise<string | undefined> {
  return (await readers.apps.byId(appId))?.clientId;
}

/** Those of removed apps, too, which the lists leave out but for their pending revocations. */
async function everyGrant(backup: Readers): Promise<readonly Grant[]> {
  const all = [...(await backup.grants.all()), ...(await backup.grants.revocationsPending())];
  return [...new Map(all.map((grant) => [grant.id, grant])).values()];
}
