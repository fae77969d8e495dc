import { Failure, PROGRAM } from '../../errors.ts';
import { change, type Ledger } from '../audit/change.ts';
import { notFound } from '../nearest.ts';
import type { OperatorAccess, Secrets, SlotRecord, SlotRequest, UnlockSources } from '../ports/secrets.ts';
import type { Readers, Store } from '../ports/store.ts';
import { slotEntry } from '../setup/initialise.ts';

/** The slot of this name or id; throws `not_found` with the nearest name. */
export async function findSlot(store: Readers, text: string): Promise<SlotRecord> {
  const slots = await store.slots.all();
  const found =
    slots.find((slot) => slot.id === text) ?? slots.find((slot) => slot.name === text.normalize('NFC'));
  if (found !== undefined) return found;
  const names = slots.map((slot) => slot.name);
  throw notFound(`no slot "${text}"`, text, names, `${PROGRAM} slots list`);
}

/** Adds a way to unlock the store. Throws `exists` for a taken name; nothing is left outside then. */
export async function addSlot(
  ledger: Ledger,
  access: OperatorAccess,
  secrets: Secrets,
  request: SlotRequest,
): Promise<SlotRecord> {
  await refuseTaken(ledger.store, request.name);
  const slot = await access.addSlot(request);
  try {
    await change(ledger, async (tx, record) => {
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
 * `wrong_state`. When the primary one goes, the oldest operator slot left becomes primary.
 */
export async function removeSlot(ledger: Ledger, secrets: Secrets, text: string): Promise<SlotRecord> {
  const slot = await change(ledger, async (tx, record) => {
    const found = await findSlot(tx, text);
    const heir = (await tx.slots.all()).find((other) => other.role === 'operator' && other.id !== found.id);
    if (found.role === 'operator' && heir === undefined) {
      throw new Failure(
        'wrong_state',
        `${found.name} is the last operator slot: without it nothing opens this store`,
        {
          hint: `add another one first: ${PROGRAM} slots add --kind passphrase`,
        },
      );
    }
    await tx.write.slots.remove(found.id);
    if (found.id === (await tx.slots.primary()) && heir !== undefined)
      await tx.write.slots.setPrimary(heir.id);
    record(slotEntry('slot.remove', found));
    return found;
  });
  await secrets.discard(slot);
  return slot;
}

/** What a new root key does to each slot. */
export interface RekeyPlan {
  /** Slots that the caller could open and that open the store afterwards, too. */
  readonly kept: readonly SlotRecord[];
  /** Slots that could not be opened now, with the reason; they are dropped. */
  readonly dropped: readonly { readonly slot: SlotRecord; readonly reason: string }[];
}

/**
 * A new root key, everything sealed again under it, and a new pepper. Each slot is opened (`sources`
 * asks for what it needs) and wrapped anew; what can't be opened is shown to `confirm` and dropped.
 * One transaction swaps all of it: until then the old slots open the store, afterwards the new ones.
 */
export async function rekey(
  ledger: Ledger,
  parts: { access: OperatorAccess; secrets: Secrets; sources: UnlockSources },
  confirm: (plan: RekeyPlan) => Promise<void>,
): Promise<RekeyPlan> {
  const { store } = ledger;
  const generation = await store.slots.generation();
  const slots = await store.slots.all();
  const from = { peppers: await store.slots.peppers(), sealed: await store.slots.allSealed() };
  const next = parts.access.rekey(from, ledger.now());
  const made: { old: SlotRecord; current: SlotRecord }[] = [];
  const dropped: { slot: SlotRecord; reason: string }[] = [];
  const locked = { ...(await lockedStore(store)), slots };
  try {
    for (const slot of slots) {
      try {
        made.push({
          old: slot,
          current: await parts.secrets.rewrap(locked, slot, next.access, parts.sources),
        });
      } catch (error) {
        if (!(error instanceof Failure) || slot.id === parts.access.slot.id || error.code === 'cancelled')
          throw error;
        dropped.push({ slot, reason: error.message });
      }
    }
    await confirm({ kept: made.map((pair) => pair.current), dropped });
    await change({ ...ledger, sealer: next.access.audit }, (tx, record) =>
      swap(tx, record, generation, next, made, dropped),
    );
  } catch (error) {
    for (const { old, current } of made) await parts.secrets.settle(current, old).catch(() => undefined);
    throw error;
  }
  for (const { old, current } of made) await parts.secrets.settle(old, current);
  for (const { slot } of dropped) await parts.secrets.discard(slot).catch(() => undefined);
  return { kept: made.map((pair) => pair.current), dropped };
}

/** What of a store is needed to unlock it. */
export async function lockedStore(store: Store): Promise<Parameters<Secrets['unlockOperator']>[0]> {
  return {
    id: store.identity.id,
    primarySlot: await store.slots.primary(),
    slots: await store.slots.all(),
    peppers: await store.slots.peppers(),
  };
}

async function swap(
  tx: Parameters<Parameters<Store['write']>[0]>[0],
  record: (entry: ReturnType<typeof slotEntry>) => void,
  generation: number,
  next: ReturnType<OperatorAccess['rekey']>,
  made: readonly { old: SlotRecord; current: SlotRecord }[],
  dropped: readonly { slot: SlotRecord }[],
): Promise<void> {
  if ((await tx.slots.generation()) !== generation) {
    throw new Failure('changed', 'slots or peppers changed meanwhile; nothing was done', {
      hint: `${PROGRAM} slots rekey`,
    });
  }
  for (const { current } of made) await tx.write.slots.replace(current);
  for (const { slot } of dropped) await tx.write.slots.remove(slot.id);
  const primary = await tx.slots.primary();
  const heir = made.find(({ current }) => current.role === 'operator')?.current;
  if (dropped.some(({ slot }) => slot.id === primary) && heir !== undefined)
    await tx.write.slots.setPrimary(heir.id);
  for (const pepper of next.peppers) await tx.write.slots.putPepper(pepper);
  for (const sealed of next.sealed) await tx.write.slots.putSealed(sealed);
  for (const { slot } of dropped) record(slotEntry('slot.remove', slot));
  record({
    action: 'store.rekey',
    target: made[0]?.current.id ?? 'store',
    workspaceId: null,
    facts: { kept: made.map(({ current }) => current.name), dropped: dropped.map(({ slot }) => slot.name) },
  });
}

async function refuseTaken(store: Readers, name: string): Promise<void> {
  if (!(await store.slots.all()).some((slot) => slot.name === name)) return;
  throw new Failure('exists', `there is a slot called ${name} already`, { hint: `${PROGRAM} slots list` });
}
