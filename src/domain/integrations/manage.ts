import { Failure, PROGRAM } from '../../errors.ts';
import { gateOf, requireAllowed } from '../access/require.ts';
import { change, type Ledger, signatureOf } from '../audit/change.ts';
import type { Facts, NewEntry } from '../audit/entry.ts';
import { newId } from '../ids.ts';
import { allKeys } from '../keys/select.ts';
import type { IntegrationChange, Readers, Transaction } from '../ports/store.ts';
import type { Actor, Random } from '../ports/system.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import { findIntegration } from './find.ts';
import { type Integration, statusOfIntegration } from './integration.ts';

/** What somebody typed for an integration: a name or an id, in a workspace. */
export interface Which {
  readonly workspaceId: string;
  readonly text: string;
}

/** An integration as it is now. */
export interface Changed {
  readonly integration: Integration;
  readonly changed: boolean;
}

/** Only owners and admins manage integrations. */
export const MANAGE = { kind: 'manage', what: 'integrations' } as const;

/** Makes a draft: nothing can be bound to it until it is configured. Throws `exists` when the name is taken. */
export function createIntegration(
  ledger: Ledger,
  random: Random,
  workspace: Workspace,
  wish: Pick<Integration, 'name' | 'purpose' | 'url'>,
): Promise<Integration> {
  const { at: createdAt, actor: createdBy } = signatureOf(ledger);
  return change(ledger, async (tx, record) => {
    await requireAllowed(tx, ledger.actor, workspace.id, MANAGE);
    const integration: Integration = {
      ...{ id: newId('int', random), workspaceId: workspace.id, ...wish },
      ...{ createdAt, createdBy, configuredAt: null, disabledAt: null },
    };
    await tx.write.integrations.insert(integration);
    record(integrationEntry('integration.create', integration));
    return integration;
  });
}

/** Changes name, purpose or URL. Throws `exists` when the name is taken. */
export function updateIntegration(
  ledger: Ledger,
  which: Which,
  wish: Pick<IntegrationChange, 'name' | 'purpose' | 'url'>,
): Promise<Changed> {
  return alter(ledger, which, 'integration.update', async () => wish);
}

/** Makes a draft ready, so that keys can be bound to it, and sets its URL where one is given. A disabled one stays so. */
export function configureIntegration(
  ledger: Ledger,
  which: Which,
  url: string | undefined,
): Promise<Changed> {
  const now = ledger.now();
  return alter(ledger, which, 'integration.configure', async ({ configuredAt }) => ({
    configuredAt: configuredAt ?? now,
    ...(url === undefined ? {} : { url }),
  }));
}

/**
 * None of its keys verifies any more, effective for every verifier when this returns. Needs no unlocked store, as
 * disabling a key doesn't. A draft is refused with `wrong_state`: it has no keys.
 */
export function disableIntegration(ledger: Ledger, which: Which): Promise<Changed> {
  const now = ledger.now();
  return alter(
    ledger,
    which,
    'integration.disable',
    async (before, tx) => {
      await requireDisabling(tx, ledger.actor, before);
      return { disabledAt: before.disabledAt ?? now };
    },
    true,
  );
}

/** Throws what would keep the actor from disabling it. */
export async function requireDisabling(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  integration: Integration,
): Promise<void> {
  await requireAllowed(readers, actor, integration.workspaceId, MANAGE);
  refuseDraft(integration);
}

/** Its keys verify again. That takes the right to enable each of them: `forbidden` names the first that is beyond it. */
export function enableIntegration(ledger: Ledger, which: Which): Promise<Changed> {
  const now = ledger.now();
  return alter(ledger, which, 'integration.enable', async (before, tx) => {
    refuseDraft(before);
    if (before.disabledAt !== null) await requireLiving(tx, ledger, before, now);
    return { disabledAt: null };
  });
}

/** Throws `forbidden` unless the actor may keep every unrevoked key of the integration alive. */
export async function requireLiving(
  readers: Readers,
  ledger: Pick<Ledger, 'actor'>,
  { id, workspaceId }: Integration,
  now: number,
): Promise<void> {
  const gate = await gateOf(readers, ledger.actor, workspaceId);
  for await (const { name, owner, scopes, revokedAt } of allKeys(readers, { integrationId: id }, now))
    if (revokedAt === null) gate({ kind: 'make-keys', key: name, owner, scopes });
}

/** An audit entry about an integration: what it is after the change. */
export function integrationEntry(action: string, integration: Integration, more: Facts = {}): NewEntry {
  const { id, workspaceId, name, purpose, url } = integration;
  const facts = { name, status: statusOfIntegration(integration), url, purpose, ...more };
  return { action, target: id, workspaceId, facts };
}

async function alter(
  ledger: Ledger,
  { workspaceId, text }: Which,
  action: string,
  changeTo: (before: Integration, tx: Transaction) => Promise<IntegrationChange>,
  urgent = false,
): Promise<Changed> {
  return change(
    ledger,
    async (tx, record) => {
      const before = await findIntegration(tx, workspaceId, text);
      await requireAllowed(tx, ledger.actor, workspaceId, MANAGE);
      const wish = await changeTo(before, tx);
      const fields = Object.keys(wish) as (keyof IntegrationChange)[];
      if (fields.every((field) => wish[field] === before[field]))
        return { integration: before, changed: false };
      await tx.write.integrations.update(before.id, wish);
      const integration = { ...before, ...wish };
      const renamed = integration.name === before.name ? {} : { old_name: before.name };
      record(integrationEntry(action, integration, renamed));
      return { integration, changed: true };
    },
    { urgent },
  );
}

function refuseDraft(integration: Integration): void {
  if (statusOfIntegration(integration) !== 'draft') return;
  throw new Failure('wrong_state', `${integration.name} is a draft: it is not in use yet`, {
    hint: `${PROGRAM} integrations configure ${integration.id}, or integrations remove`,
  });
}
