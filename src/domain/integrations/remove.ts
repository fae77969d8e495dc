import { Failure } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { appEntry } from '../apps/facts.ts';
import { change, type Ledger, type Record } from '../audit/change.ts';
import { keyEntry } from '../keys/facts.ts';
import type { ApiKey } from '../keys/key.ts';
import { allKeys } from '../keys/select.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import { findIntegration } from './find.ts';
import { type Integration, statusOfIntegration } from './integration.ts';
import { integrationEntry, MANAGE, requireLiving, type Which } from './manage.ts';

/** What becomes of the keys of an integration that is removed. */
export type Fate = 'revoke' | 'keep';

/** What a removal did. */
export interface Removed {
  readonly integration: Integration;
  /** Its unrevoked keys as they are now. */
  readonly keys: readonly ApiKey[];
}

/** Its keys, revoked ones included, newest first. */
export async function keysOf(
  readers: Readers,
  integration: Integration,
  now: number,
): Promise<readonly ApiKey[]> {
  const keys: ApiKey[] = [];
  for await (const key of allKeys(readers, { integrationId: integration.id }, now)) keys.push(key);
  return keys;
}

/**
 * Removes an integration in one transaction with what becomes of its keys. Its apps are bound to none. Kept keys are bound to none from then
 * on; if it wasn't configured they did not verify, and are disabled so that none comes back to life by this.
 * Without a fate an integration with unrevoked keys is refused (`usage`); with `expect` another number of them is
 * `changed`.
 */
export function removeIntegration(
  ledger: Ledger,
  which: Which,
  options: { readonly fate?: Fate | undefined; readonly expect?: number | undefined },
): Promise<Removed> {
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const integration = await findIntegration(tx, which.workspaceId, which.text);
    await requireRemoving(tx, ledger, integration, options.fate, now);
    const all = await keysOf(tx, integration, now);
    const live = all.filter((key) => key.revokedAt === null);
    if (options.expect !== undefined && options.expect !== live.length)
      throw new Failure('changed', `${bound(live.length)} to ${integration.name} by now; nothing was done`, {
        hint: 'run it again',
      });
    const fate = fateOf(options.fate, integration, live.length);
    await tx.write.keys.bind(kidsOf(all), null);
    const reason = `its integration ${integration.name} was removed`;
    if (fate === 'revoke') {
      await tx.write.keys.revoke(kidsOf(live), now, reason);
      await tx.write.rotations.closeOf(kidsOf(live), now);
    }
    const pausing = fate === 'disable' ? live.filter((key) => key.disabledAt === null) : [];
    if (pausing.length > 0) await tx.write.keys.setDisabled(kidsOf(pausing), now);
    const keys: ApiKey[] = [];
    for (const key of all) {
      const step = key.revokedAt === null ? stepOf(fate, key, now, reason) : { action: 'key.update' };
      const after = { ...key, integrationId: null, ...step.after };
      record(keyEntry(step.action, after, { reason }));
      if (key.revokedAt === null) keys.push(after);
    }
    await unbindApps(tx, record, integration, reason);
    await tx.write.integrations.remove(integration.id);
    record(integrationEntry('integration.remove', integration, { keys: live.length }));
    return { integration, keys };
  });
}

/** Throws `forbidden` unless the actor may remove it with this fate of its keys, as far as that is said. */
export async function requireRemoving(
  readers: Readers,
  ledger: Pick<Ledger, 'actor'>,
  integration: Integration,
  fate: Fate | undefined,
  now: number,
): Promise<void> {
  await requireAllowed(readers, ledger.actor, integration.workspaceId, MANAGE);
  if (fate === 'keep' && statusOfIntegration(integration) === 'configured')
    await requireLiving(readers, ledger, integration, now);
}

/** Its apps stay connected, bound to none. */
async function unbindApps(
  tx: Transaction,
  record: Record,
  { id, workspaceId }: Integration,
  reason: string,
): Promise<void> {
  const bound = (await tx.apps.all(workspaceId)).filter((app) => app.integrationId === id);
  for (const app of bound) {
    await tx.write.apps.update(app.id, { integrationId: null });
    record(appEntry('app.unbind', { ...app, integrationId: null }, { reason }));
  }
}

function fateOf(fate: Fate | undefined, integration: Integration, keys: number): Fate | 'disable' {
  if (fate === undefined && keys > 0) throw fateMissing(integration.name, keys);
  if (fate === 'revoke') return fate;
  return statusOfIntegration(integration) === 'configured' ? 'keep' : 'disable';
}

/** The failure that asks what is to become of the keys. */
export function fateMissing(name: string, keys: number): Failure {
  return new Failure('usage', `${bound(keys)} to ${name}, and there is nobody to ask what becomes of them`, {
    hint: 'say --revoke-keys or --keep-keys',
  });
}

const bound = (keys: number): string => (keys === 1 ? 'one key is bound' : `${keys} keys are bound`);

function stepOf(
  fate: Fate | 'disable',
  key: ApiKey,
  now: number,
  reason: string,
): { readonly action: string; readonly after?: Partial<ApiKey> } {
  if (fate === 'revoke') return { action: 'key.revoke', after: { revokedAt: now, revokedReason: reason } };
  if (fate === 'keep' || key.disabledAt !== null) return { action: 'key.update' };
  return { action: 'key.disable', after: { disabledAt: now } };
}

const kidsOf = (keys: readonly ApiKey[]): readonly string[] => keys.map(({ kid }) => kid);
