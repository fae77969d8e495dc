import type { Record } from '../audit/change.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import type { App, Grant } from './app.ts';
import { ACCESS_TOKEN, grantEntry, REFRESH_TOKEN } from './facts.ts';

/**
 * Takes a grant back here, in the caller's transaction, so that no token of it is given out once that commits. Its
 * tokens stay sealed while they are to be taken back at the provider, too (`revocationPending`); where nothing can be
 * sent there they are erased. Needs no unlocked store. A revoked one stays as it is.
 */
export async function revokeHere(
  tx: Transaction,
  record: Record,
  { app, grant, now, reason }: { app: App; grant: Grant; now: number; reason?: string | undefined },
): Promise<Grant> {
  if (grant.revokedAt !== null) return grant;
  const revocationPending = takesRevocation(app) && (await holdsTokens(tx, grant.id));
  const change = { revokedAt: now, revocationPending, needsReason: null };
  await tx.write.grants.update(grant.id, change);
  await tx.write.grants.removeIntent(grant.id);
  if (!revocationPending) await eraseTokens(tx, grant.id);
  const after = { ...grant, ...change };
  record(grantEntry('grant.revoke', after, app, reason === undefined ? {} : { reason }));
  return after;
}

/** Erases every token of a grant: when it was taken back at its provider, or never can be. */
export async function eraseTokens(tx: Transaction, grantId: string): Promise<void> {
  for (const field of [ACCESS_TOKEN, REFRESH_TOKEN]) await tx.write.slots.removeSealed(grantId, field);
}

/**
 * Drops a removed app with its grants once nothing is pending at its provider any more; gives back whether it did. To
 * be called in the transaction that settles a revocation.
 */
export async function forgetRemoved(tx: Transaction, appId: string): Promise<boolean> {
  const app = await tx.apps.byId(appId);
  if (app === undefined || app.removedAt === null) return false;
  const grants = await tx.grants.ofApp(appId);
  if (grants.some(({ revocationPending }) => revocationPending)) return false;
  await tx.write.apps.remove(appId);
  return true;
}

/** A built-in provider may have a way of its own that isn't among the server's facts; whoever asks it finds out. */
function takesRevocation({ provider, server }: App): boolean {
  return provider !== null || server.revocationEndpoint !== null;
}

async function holdsTokens(readers: Pick<Readers, 'slots'>, grantId: string): Promise<boolean> {
  for (const field of [ACCESS_TOKEN, REFRESH_TOKEN])
    if ((await readers.slots.sealed(grantId, field)) !== undefined) return true;
  return false;
}
