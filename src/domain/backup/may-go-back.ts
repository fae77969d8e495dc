import { requireAllowed } from '../access/require.ts';
import type { Readers } from '../ports/store.ts';
import type { Actor } from '../ports/system.ts';

/**
 * Throws `forbidden` unless the actor is owner of every workspace of the store, archived ones included: a restore sets
 * roles and policies, and those are an owner's to set. `besides`: only of those that this one doesn't have, which
 * would come back with the roles that they had.
 */
export async function requireGoingBack(
  store: Readers,
  actor: Pick<Actor, 'name'>,
  besides?: Readers,
): Promise<void> {
  for (const { id } of await store.workspaces.all()) {
    if ((await besides?.workspaces.byId(id)) === undefined)
      await requireAllowed(store, actor, id, { kind: 'go-back' });
  }
}
