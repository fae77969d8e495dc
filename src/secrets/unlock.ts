import type { KeyObject } from 'node:crypto';
import type { LockedStore, SlotRecord, UnlockSources } from '../domain/ports/secrets.ts';
import { type ErrorCode, Failure } from '../errors.ts';
import { quietVerifierSlots } from './choose.ts';
import { type KeyFilePlaces, keyFileAtHand } from './slots/key-file/slot.ts';
import { KeychainFailure, type Trouble } from './slots/keychain/trouble.ts';
import type { SlotMeans } from './slots/slot.ts';
import { unwrapKey } from './slots/wrap.ts';
import { withWaysOut } from './ways-out.ts';

/** A slot and the key that it wraps. */
export interface Unwrapped {
  readonly slot: SlotRecord;
  readonly key: KeyObject;
}

/** Failures after which the next slot of the same kind is tried; any other ends the unlocking. */
const TRY_NEXT: readonly ErrorCode[] = ['passphrase_wrong', 'key_file_unusable', 'keychain_entry_missing'];
/** What means that a verifier slot isn't one of this machine, so that an operator's is opened. */
const NOT_AT_HAND: readonly Trouble[] = ['missing', 'absent'];

type Means = (slot: SlotRecord) => SlotMeans;

/** The key that this slot wraps; throws exit-6 failures, those of the keychain with all ways out. */
export async function unwrap(
  store: LockedStore,
  slot: SlotRecord,
  sources: UnlockSources,
  means: Means,
): Promise<Unwrapped> {
  const kind = means(slot);
  const wrapping = await kind.unlock(slot, sources).catch((error: unknown) => {
    throw withWaysOut(error, store);
  });
  const key = unwrapKey(wrapping, slot, store.id);
  if (!key) throw kind.refused(slot);
  return { slot, key };
}

/** The first of `slots`, all of one kind, that opens; throws the first failure when none does. */
export async function unwrapFirst(
  store: LockedStore,
  slots: readonly SlotRecord[],
  sources: UnlockSources,
  means: Means,
): Promise<Unwrapped> {
  let first: unknown;
  for (const slot of slots) {
    try {
      return await unwrap(store, slot, sources, means);
    } catch (error) {
      if (!isOneOf(error, TRY_NEXT)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/**
 * A verifier slot that opens without asking anybody; undefined when this machine has the means of none.
 * Only what isn't there counts as missing. A key file that is open to others or damaged, and a keychain that
 * is locked, declined, too slow or broken, are thrown, for a program must not get an operator's key instead.
 */
export async function unwrapQuietly(
  store: LockedStore,
  sources: UnlockSources,
  means: Means,
  keyFiles: KeyFilePlaces,
): Promise<Unwrapped | undefined> {
  for (const slot of quietVerifierSlots(store)) {
    if (slot.kind === 'key-file' && !keyFileAtHand(slot, undefined, keyFiles)) continue;
    try {
      return await unwrap(store, slot, sources, means);
    } catch (error) {
      if (!(error instanceof KeychainFailure && NOT_AT_HAND.includes(error.trouble))) throw error;
    }
  }
  return undefined;
}

function isOneOf(error: unknown, codes: readonly ErrorCode[]): boolean {
  return error instanceof Failure && codes.includes(error.code);
}
