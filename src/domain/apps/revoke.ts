import { Failure } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { change, type Ledger, type Record } from '../audit/change.ts';
import type { Authorization, RevocationOutcome } from '../ports/authorization.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Transaction } from '../ports/store.ts';
import type { App, Grant } from './app.ts';
import { editedApp } from './bound.ts';
import { grantEntry } from './facts.ts';
import { clientOf, openTokens } from './held-tokens.ts';
import { type Held, heldNow } from './reconnect.ts';
import { aloneWithTokens } from './refresh.ts';
import { eraseTokens, forgetRemoved, revokeHere } from './revoke-here.ts';
import { hasEnded } from './status.ts';

/** What taking a grant back at its provider needs. */
export interface TakingBack {
  readonly ledger: Ledger;
  readonly access: Pick<OperatorAccess, 'open'>;
  authorization(): Promise<Authorization>;
}

/**
 * How a revocation stands at the provider. `pending`: the next `revoke` or `doctor --fix` tries again. `unsupported`:
 * the provider has no way, the person does it on its page. `none`: nothing is left to take back.
 */
export type AtProvider =
  | RevocationOutcome
  | { readonly kind: 'none' }
  | { readonly kind: 'pending'; readonly failure: Failure };

/**
 * Revokes a grant here, at once: when this returns, no token of it is given out any more. Needs no unlocked store and
 * goes through on a full disk. Revoking what is revoked is a success (`already`). Then `finishRevocation` takes it
 * back at the provider. Throws `forbidden`, `not_found`.
 */
export function revokeGrant(
  ledger: Ledger,
  grantId: string,
  reason?: string | undefined,
): Promise<Held & { readonly already: boolean }> {
  const now = ledger.now();
  return change(
    ledger,
    async (tx, record) => {
      const { app, grant } = await heldNow(tx, grantId);
      const { authorizedBy } = grant;
      await requireAllowed(tx, ledger.actor, app.workspaceId, {
        kind: 'revoke-grant',
        app: app.name,
        authorizedBy,
      });
      const after = await revokeHere(tx, record, { app, grant, now, reason });
      return { app, grant: after, already: grant.revokedAt !== null };
    },
    { urgent: true },
  );
}

/**
 * Takes a revoked grant back at its provider (RFC 7009, or its own way) and erases its tokens then. Under the lock of
 * its tokens: what a refresh on its way brings is what has to be taken back. Never throws for the provider's sake: a
 * revocation that can't be done now stays `pending`.
 */
export async function finishRevocation(taking: TakingBack, grantId: string): Promise<AtProvider> {
  const { store } = taking.ledger;
  try {
    return await aloneWithTokens(store, grantId, () => takeBack(taking, grantId));
  } catch (error) {
    if (error instanceof Failure && PASSING.has(error.code)) return pending(error);
    throw error;
  }
}

const PASSING: ReadonlySet<string> = new Set([
  ...['provider_unreachable', 'provider_failed', 'authorization_mismatch', 'busy'],
]);

/**
 * Gives a pending revocation up: its provider is gone for good, or knows the client no more. The tokens are erased here
 * and live there until they end. Needs no unlocked store. Does nothing for a grant that has none pending.
 */
export function giveUpRevocation(ledger: Ledger, grantId: string): Promise<void> {
  return change(
    ledger,
    async (tx, record) => {
      const { app, grant } = await heldNow(tx, grantId);
      if (!grant.revocationPending) return;
      const { authorizedBy } = grant;
      const wish = { kind: 'revoke-grant', app: app.name, authorizedBy } as const;
      await requireAllowed(tx, ledger.actor, app.workspaceId, wish);
      await endPending(tx, record, { app, grant }, { action: 'grant.revocation-given-up' });
    },
    { urgent: true },
  );
}

/** A revocation that was tried again. */
export interface Retried extends Held {
  readonly outcome: AtProvider;
}

/**
 * Tries every pending revocation of the store again, the oldest first; for `doctor --fix`. Nothing is asked for an app
 * that was edited. One that can't be tried at all stays `pending`, and doesn't keep the others from being.
 */
export async function retryPending(
  taking: TakingBack,
  isEdited: (app: App) => boolean,
): Promise<readonly Retried[]> {
  const { store } = taking.ledger;
  const retried: Retried[] = [];
  for (const grant of await store.grants.revocationsPending()) {
    const app = await store.apps.byId(grant.appId);
    if (app === undefined) continue;
    const outcome = isEdited(app) ? pending(editedApp(app.name)) : await tried(taking, grant.id);
    retried.push({ app, grant, outcome });
  }
  return retried;
}

async function tried(taking: TakingBack, grantId: string): Promise<AtProvider> {
  try {
    return await finishRevocation(taking, grantId);
  } catch (error) {
    if (error instanceof Failure) return pending(error);
    throw error;
  }
}

function pending(failure: Failure): AtProvider {
  return { kind: 'pending', failure };
}

async function takeBack({ ledger, access, authorization }: TakingBack, grantId: string): Promise<AtProvider> {
  const { store } = ledger;
  // Removed with its app by whoever finished it before.
  if ((await store.grants.byId(grantId)) === undefined) return { kind: 'none' };
  const { app, grant } = await heldNow(store, grantId);
  if (!grant.revocationPending) return { kind: 'none' };
  const outcome = await askProvider({ ledger, access, authorization }, { app, grant });
  await settle(ledger, grant, outcome.kind);
  return outcome;
}

async function askProvider(
  { ledger, access, authorization }: TakingBack,
  { app, grant }: Held,
): Promise<AtProvider> {
  const { store } = ledger;
  if (hasEnded(grant, ledger.now())) return { kind: 'none' };
  const tokens = await openTokens(store, access, { app, grant });
  if (tokens.accessToken === undefined && tokens.refreshToken === undefined) return { kind: 'none' };
  return (await authorization()).revoke(await clientOf(store, access, app), tokens);
}

/** The tokens have served their purpose, unless the grant was authorized again meanwhile. */
function settle(ledger: Ledger, { id, tokenVersion }: Grant, outcome: AtProvider['kind']): Promise<void> {
  return change(
    ledger,
    async (tx, record) => {
      const { app, grant } = await heldNow(tx, id);
      if (!grant.revocationPending || grant.tokenVersion !== tokenVersion) return;
      await endPending(tx, record, { app, grant }, { action: 'grant.revoked-at-provider', outcome });
    },
    { urgent: true },
  );
}

async function endPending(
  tx: Transaction,
  record: Record,
  { app, grant }: Held,
  { action, ...facts }: { readonly action: string; readonly outcome?: string },
): Promise<void> {
  await tx.write.grants.update(grant.id, { revocationPending: false });
  await eraseTokens(tx, grant.id);
  record(grantEntry(action, { ...grant, revocationPending: false }, app, facts));
  await forgetRemoved(tx, app.id);
}
