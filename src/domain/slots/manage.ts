import { Failure, PROGRAM } from '../../errors.ts';
import { requireStoreAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import { notFound } from '../nearest.ts';
import type { OperatorAccess, Secrets, SlotRecord, SlotRequest } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import type { Actor } from '../ports/system.ts';
import { slotEntry } from '../setup/initialise.ts';
import { refuseRefreshing } from './refreshing.ts';

/** The slot of this name or id; throws `not_found` with the nearest name. */
export async function findSlot(store: Readers, text: string): Promise<SlotRecord> {
  return slotIn(await store.slots.all(), text);
}

/** The one of these of this name or id; throws `not_found` with the nearest name. */
export function slotIn(slots: readonly SlotRecord[], text: string): SlotRecord {
  const found =
    slots.find((slot) => slot.id === text) ?? slots.find((slot) => slot.name === text.normalize('NFC'));
  if (found !== undefined) return found;
  const names = slots.map((slot) => slot.name);
  throw notFound(`no slot "${text}"`, text, names, `${PROGRAM} slots list`);
}

/** Adds a way to unlock the store. Throws `exists` for a taken name and `forbidden`; nothing is left outside then. */
export async function addSlot(
  ledger: Ledger,
  access: OperatorAccess,
  secrets: Secrets,
  request: SlotRequest,
): Promise<SlotRecord> {
  await requireStoreAllowed(ledger.store, ledger.actor, 'slots');
  await refuseTaken(ledger.store, request.name);
  const slot = await access.addSlot(request);
  try {
    await change(ledger, async (tx, record) => {
      await requireStoreAllowed(tx, ledger.actor, 'slots');
      await refuseTaken(tx, request.name);
      await tx.write.slots.insert(slot);
      record(slotEntry('slot.add', slot));
    });
  } catch (error) {
    await secrets.discard(slot);
    throw error;
  }
  return slot;
}

/**
 * Takes a slot away, first from the store, then what it has outside. The last operator slot stays:
 * `wrong_state`. Throws `forbidden`, and `busy` while a token is being refreshed. When the primary one goes, the oldest
 * operator slot left becomes primary. The slot is gone even when the keychain entry or key file can't be removed: `left`
 * says why that stayed.
 */
export async function removeSlot(
  ledger: Ledger,
  secrets: Secrets,
  text: string,
): Promise<{ slot: SlotRecord; left: string | undefined }> {
  const slot = await change(ledger, async (tx, record) => {
    const { slot: found, heir } = await removable(tx, ledger.actor, text);
    await refuseRefreshing(tx, ledger.now(), `${PROGRAM} slots remove ${found.id}`);
    await tx.write.slots.remove(found.id);
    if (found.id === (await tx.slots.primary()) && heir !== undefined)
      await tx.write.slots.setPrimary(heir.id);
    record(slotEntry('slot.remove', found));
    return found;
  });
  const left = await secrets.discard(slot).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof Failure) return error.message;
      throw error;
    },
  );
  return { slot, left };
}

/** The slot that `removeSlot` takes away, and the operator slot that comes after it; throws as that does. */
export async function removable(
  readers: Readers,
  actor: Pick<Actor, 'name'>,
  text: string,
): Promise<{ readonly slot: SlotRecord; readonly heir: SlotRecord | undefined }> {
  await requireStoreAllowed(readers, actor, 'slots');
  const slot = await findSlot(readers, text);
  const heir = (await readers.slots.all()).find(({ role, id }) => role === 'operator' && id !== slot.id);
  if (slot.role !== 'operator' || heir !== undefined) return { slot, heir };
  const message = `${slot.name} is the last operator slot: without it nothing opens this store`;
  throw new Failure('wrong_state', message, {
    hint: `add another one first: ${PROGRAM} slots add --kind passphrase`,
  });
}

async function refuseTaken(store: Readers, name: string): Promise<void> {
  if (!(await store.slots.all()).some((slot) => slot.name === name)) return;
  throw new Failure('exists', `there is a slot called ${name} already`, {
    hint: `call the new one something else with --name; ${PROGRAM} slots list`,
  });
}
