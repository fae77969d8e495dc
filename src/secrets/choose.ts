import type { LockedStore, SlotKind, SlotRecord, SlotRole, UnlockSources } from '../domain/ports/secrets.ts';
import { flagLine } from '../domain/shell.ts';
import { Failure, PROGRAM } from '../errors.ts';

type Said = Pick<UnlockSources, 'slot' | 'keyFile' | 'passphraseGiven'>;

/**
 * The slots to try, all of one kind, in order; at least one. What was said decides: a slot by id, name
 * or kind, else a key file, else a passphrase, else nothing, which means the primary slot. `need` is
 * what must come out: the root key (`operator` slots), or the verifier key, which both give.
 * Throws `not_found` for an unknown slot, `locked` for one that can't give what is needed.
 */
export function chooseSlots(store: LockedStore, said: Said, need: SlotRole): readonly SlotRecord[] {
  if (said.slot !== undefined) return named(store, said.slot, need);
  if (said.keyFile !== undefined) {
    return ofKind(
      store,
      'key-file',
      need,
      'key_file_unusable',
      'a key file was given, but no slot of this store',
    );
  }
  if (said.passphraseGiven) {
    return ofKind(
      store,
      'passphrase',
      need,
      'passphrase_wrong',
      'a passphrase was given, but no slot of this store',
    );
  }
  const primary = store.slots.find((slot) => slot.id === store.primarySlot);
  if (primary) return fitting([primary], need);
  throw new Failure('slot_damaged', 'the primary slot of the store is gone', {
    hint: others(store),
  });
}

/** Verifier slots that may open without asking anybody, key files first; for when nothing was said. */
export function quietVerifierSlots(store: LockedStore): readonly SlotRecord[] {
  const verifiers = store.slots.filter((slot) => slot.role === 'verifier');
  return [
    ...verifiers.filter(({ kind }) => kind === 'key-file'),
    ...verifiers.filter(({ kind }) => kind === 'keychain'),
  ];
}

/** Was nothing said about how to unlock? */
export function nothingSaid(said: Said): boolean {
  return said.slot === undefined && said.keyFile === undefined && !said.passphraseGiven;
}

function named(store: LockedStore, wanted: string, need: SlotRole): readonly SlotRecord[] {
  const one = store.slots.find(({ id }) => id === wanted) ?? store.slots.find(({ name }) => name === wanted);
  if (one) return fitting([one], need);
  const all = store.slots.filter(({ kind }) => kind === wanted);
  if (all.length > 0) return fitting(byPreference(all, store, need), need);
  const names = store.slots.map(({ name, kind }) => `${name} (${kind})`).join(', ');
  throw new Failure('not_found', `no slot "${wanted}"; there are ${names}`, { hint: others(store) });
}

function ofKind(
  store: LockedStore,
  kind: SlotKind,
  need: SlotRole,
  code: 'key_file_unusable' | 'passphrase_wrong',
  message: string,
): readonly SlotRecord[] {
  const all = store.slots.filter((slot) => slot.kind === kind);
  if (all.length > 0) return fitting(byPreference(all, store, need), need);
  throw new Failure(code, `${message} is opened by one`, { hint: others(store) });
}

/** Verifier slots first where they are enough, then the primary, then the oldest. */
function byPreference(
  slots: readonly SlotRecord[],
  store: LockedStore,
  need: SlotRole,
): readonly SlotRecord[] {
  const rank = ({ id, role }: SlotRecord): number =>
    need === 'verifier' && role === 'verifier' ? 0 : id === store.primarySlot ? 1 : 2;
  return slots.toSorted((one, other) => rank(one) - rank(other) || one.createdAt - other.createdAt);
}

function fitting(slots: readonly SlotRecord[], need: SlotRole): readonly SlotRecord[] {
  const fit = slots.filter(({ role }) => need === 'verifier' || role === 'operator');
  if (fit.length > 0) return fit;
  const names = slots.map(({ name }) => name).join(', ');
  throw new Failure('locked', `slot ${names} can only verify keys; this needs an operator's slot`, {
    hint: `${PROGRAM} … --slot NAME; ${PROGRAM} slots list shows them`,
  });
}

/** The slots that could be chosen. Without one nothing opens this store any more. */
function others({ slots }: LockedStore): string {
  const operators = slots
    .filter(({ role }) => role === 'operator')
    .map(({ name }) => `${PROGRAM} … ${flagLine('--slot', name)}`);
  return operators.length > 0
    ? `choose a slot: ${operators.join(', or ')}`
    : `put a backup in its place: ${PROGRAM} backup restore FILE`;
}
