import { chain } from '../audit/chain.ts';
import { signatureOf } from '../audit/change.ts';
import type { NewEntry } from '../audit/entry.ts';
import { SIGNING_KEY } from '../audit/export.ts';
import { newId } from '../ids.ts';
import type { OperatorAccess, Secrets, SlotRecord, SlotRequest } from '../ports/secrets.ts';
import type { StoreSeed } from '../ports/store.ts';
import type { Actor, Clock, Random } from '../ports/system.ts';
import { Secret } from '../secret.ts';
import { type NewWorkspace, newWorkspace } from '../workspaces/manage.ts';

/** What `init` was told or asked. */
export interface InitRequest {
  readonly workspace: NewWorkspace;
  /** The slot that opens the store when nothing is said. */
  readonly primary: SlotRequest;
  /** A second way in, for the day the first is gone. */
  readonly recovery: SlotRequest | undefined;
}

export interface InitParts {
  readonly secrets: Secrets;
  readonly random: Random;
  readonly now: Clock;
  readonly actor: Actor;
}

/**
 * Everything that a new store begins with: root key, slots (their outside parts are made now: a
 * keychain entry written and read back, a key file), a pepper, a workspace with its owner, and the
 * first audit entries. Takes back what it made outside when it fails.
 */
export async function seedStore(
  parts: InitParts,
  request: InitRequest,
): Promise<{ seed: StoreSeed; access: OperatorAccess }> {
  const now = parts.now();
  const storeId = newId('store', parts.random);
  const { access, pepper } = parts.secrets.create(storeId, now);
  const slots: SlotRecord[] = [];
  const undo = async (): Promise<void> => {
    for (const slot of slots) await parts.secrets.discard(slot);
  };
  try {
    slots.push(await access.addSlot(request.primary));
    if (request.recovery !== undefined) slots.push(await access.addSlot(request.recovery));
  } catch (error) {
    await undo().catch(() => undefined);
    throw error;
  }
  const { workspace, owner } = newWorkspace(request.workspace, {
    random: parts.random,
    actor: parts.actor.name,
    now,
  });
  const signingSeed = new Secret(Buffer.from(parts.random(32)).toString('base64'));
  const entries = firstEntries(storeId, slots, workspace, owner.name);
  const seed: StoreSeed = {
    identity: { id: storeId, createdAt: now, primarySlot: (slots[0] as SlotRecord).id },
    workspace,
    owner,
    slots,
    peppers: [pepper],
    sealed: [access.seal(signingSeed, SIGNING_KEY)],
    audit: chain(undefined, entries, signatureOf({ actor: parts.actor, now: () => now }), access.audit),
    undo,
  };
  return { seed, access };
}

function firstEntries(
  storeId: string,
  slots: readonly SlotRecord[],
  workspace: StoreSeed['workspace'],
  owner: string,
): readonly NewEntry[] {
  const { slug, name, kind, brand } = workspace;
  return [
    { action: 'store.create', target: storeId, workspaceId: null, facts: {} },
    ...slots.map((slot) => slotEntry('slot.add', slot)),
    {
      action: 'workspace.create',
      target: workspace.id,
      workspaceId: workspace.id,
      facts: { slug, name, kind, brand, owner },
    },
  ];
}

/** An audit entry about a slot: what it is, never what it holds. */
export function slotEntry(action: string, slot: SlotRecord): NewEntry {
  return {
    action,
    target: slot.id,
    workspaceId: null,
    facts: { name: slot.name, kind: slot.kind, role: slot.role },
  };
}
