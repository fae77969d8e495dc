import { Failure } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { App, Grant } from './app.ts';
import { appEntry } from './facts.ts';
import { findApp, type WhichApp } from './find.ts';
import { changeWish } from './manage.ts';
import { forgetRemoved, revokeHere } from './revoke-here.ts';

/** What a removal did. */
export interface RemovedApp {
  readonly app: App;
  /** Its grants that were not revoked, as they are now. */
  readonly grants: readonly Grant[];
  /** Every grant of it that is still to be taken back at the provider; until then the app is kept for that alone. */
  readonly pending: readonly Grant[];
}

/**
 * Removes an app and revokes its grants here, in one transaction. Its name is free again at once. While a revocation is
 * pending at the provider, app and tokens stay sealed where only that retry finds them (`forgetRemoved`). Needs no
 * unlocked store. With `expect` another number of unrevoked grants is `changed`. Throws `not_found`, `forbidden`.
 */
export function removeApp(
  ledger: Ledger,
  which: WhichApp,
  options: { readonly expect?: number | undefined } = {},
): Promise<RemovedApp> {
  const now = ledger.now();
  return change(
    ledger,
    async (tx, record) => {
      const app = await findApp(tx, which);
      await requireAllowed(tx, ledger.actor, app.workspaceId, changeWish(app));
      const living = (await tx.grants.ofApp(app.id)).filter(({ revokedAt }) => revokedAt === null);
      if (options.expect !== undefined && options.expect !== living.length)
        throw new Failure('changed', `${app.name} has ${living.length} grants by now; nothing was done`, {
          hint: 'run it again',
        });
      const grants: Grant[] = [];
      for (const grant of living)
        grants.push(await revokeHere(tx, record, { app, grant, now, reason: `${app.name} was removed` }));
      const pending = (await tx.grants.ofApp(app.id)).filter((grant) => grant.revocationPending);
      const removed = { ...app, integrationId: null, removedAt: now };
      await tx.write.apps.update(app.id, { integrationId: null, removedAt: now });
      record(appEntry('app.remove', removed, { revoked: grants.length, pending: pending.length }));
      await forgetRemoved(tx, app.id);
      return { app: removed, grants, pending };
    },
    { urgent: true },
  );
}
