import { createSecretKey, type KeyObject } from 'node:crypto';
import { newId } from '../domain/ids.ts';
import type {
  LockedStore,
  OperatorAccess,
  Secrets,
  SlotKind,
  SlotRecord,
  SlotRequest,
  UnlockSources,
  VerifierAccess,
} from '../domain/ports/secrets.ts';
import type { Clock, Random } from '../domain/ports/system.ts';
import type { Secret } from '../domain/secret.ts';
import { type ErrorCode, Failure } from '../errors.ts';
import { type AccessMeans, operatorAccess } from './access.ts';
import { chooseSlots, nothingSaid, quietVerifierSlots } from './choose.ts';
import { tokenHasher } from './hasher.ts';
import { KEY_SIZE, type OperatorKeys, operatorKeys, verifierKeys } from './keys.ts';
import { newPepper, openPeppers, sealPepper } from './pepper.ts';
import { keyFileAtHand, keyFileMeans } from './slots/key-file/slot.ts';
import type { KeychainSetup } from './slots/keychain/call.ts';
import { keychainEntries } from './slots/keychain/entries.ts';
import { keychainMeans } from './slots/keychain/slot.ts';
import { passphraseMeans } from './slots/passphrase/slot.ts';
import type { SlotMeans } from './slots/slot.ts';
import { unwrapKey, wrapKey } from './slots/wrap.ts';
import { withWaysOut } from './ways-out.ts';

/** What sealing and unlocking need from the machine. */
export interface SecretsDeps {
  readonly random: Random;
  readonly clock: Clock;
  /** Our user id, which key files must belong to; undefined on Windows. */
  readonly uid: number | undefined;
  readonly keychain: KeychainSetup;
}

/** Failures after which the next slot of the same kind is tried; any other ends the unlocking. */
const TRY_NEXT: readonly ErrorCode[] = ['passphrase_wrong', 'key_file_unusable', 'keychain_entry_missing'];
/** Failures that mean that a verifier slot isn't usable on this machine, so that an operator's is. */
const NOT_AT_HAND: readonly ErrorCode[] = ['keychain_entry_missing', 'keychain_unavailable'];

/** Slots, sealing and hashing. Nothing is loaded, read or asked before it is needed. */
export function openSecrets({ random, clock, uid, keychain }: SecretsDeps): Secrets {
  const entries = keychainEntries(keychain, random);
  const keysOf = new WeakMap<OperatorAccess, OperatorKeys>();

  /** The one place that knows all kinds. */
  function means(kind: SlotKind): SlotMeans {
    switch (kind) {
      case 'keychain':
        return keychainMeans(entries, random);
      case 'passphrase':
        return passphraseMeans(random);
      case 'key-file':
        return keyFileMeans(random, uid);
    }
  }

  const accessMeans: AccessMeans = {
    random,
    newRoot: () => createSecretKey(random(KEY_SIZE)),
    remember: (access, keys) => keysOf.set(access, keys),
    async makeSlot(request, keys, storeId) {
      const { name, kind, role } = request;
      const { header, key } = await means(kind).make(request);
      const slot = { id: newId('slot', random), name, kind, role, header, createdAt: clock() };
      return { ...slot, wrapped: wrapKey(key, wrappedBy(slot, keys), slot, storeId, random) };
    },
  };

  async function unwrap(store: LockedStore, slot: SlotRecord, sources: UnlockSources): Promise<KeyObject> {
    const kind = means(slot.kind);
    const wrapping = await kind.unlock(slot, sources).catch((error: unknown) => {
      throw withWaysOut(error, store);
    });
    const key = unwrapKey(wrapping, slot, store.id);
    if (!key) throw kind.refused(slot);
    return key;
  }

  /** A key file that was named for another slot doesn't count for this one. */
  function forSlot(slot: SlotRecord, sources: UnlockSources): UnlockSources {
    const other = slot.kind === 'key-file' && !keyFileAtHand(slot, sources.keyFile, uid);
    return other ? withoutKeyFile(sources) : sources;
  }

  /** The first of `slots`, all of one kind, that opens; the first failure when none does. */
  async function openFirst(
    store: LockedStore,
    slots: readonly SlotRecord[],
    sources: UnlockSources,
  ): Promise<{ slot: SlotRecord; key: KeyObject }> {
    let first: unknown;
    for (const slot of slots) {
      try {
        return { slot, key: await unwrap(store, slot, sources) };
      } catch (error) {
        if (!isOneOf(error, TRY_NEXT)) throw error;
        first ??= error;
      }
    }
    throw first;
  }

  function verifierAccess(store: LockedStore, slot: SlotRecord, key: KeyObject): VerifierAccess {
    const keys = slot.role === 'verifier' ? verifierKeys(key, store.id) : operatorKeys(key, store.id);
    return { slot, hasher: tokenHasher(openPeppers(keys.pepper, store.peppers, store.id)) };
  }

  /** By a verifier slot that needs nobody; undefined when there is none on this machine. */
  async function openQuietly(
    store: LockedStore,
    sources: UnlockSources,
  ): Promise<VerifierAccess | undefined> {
    for (const slot of quietVerifierSlots(store)) {
      if (slot.kind === 'key-file' && !keyFileAtHand(slot, undefined, uid)) continue;
      try {
        return verifierAccess(store, slot, await unwrap(store, slot, sources));
      } catch (error) {
        if (!isOneOf(error, NOT_AT_HAND)) throw error;
      }
    }
    return undefined;
  }

  return {
    create(storeId, now) {
      const keys = operatorKeys(accessMeans.newRoot(), storeId);
      const first = newPepper(random);
      const access = operatorAccess(
        { storeId, slot: undefined, keys, peppers: new Map([[1, first]]) },
        accessMeans,
      );
      return {
        access,
        pepper: sealPepper(keys.pepper, first, { number: 1, storeId, createdAt: now }, random),
      };
    },

    async unlockOperator(store, given) {
      const { slot, key } = await openFirst(store, chooseSlots(store, given, 'operator'), askingOnce(given));
      const keys = operatorKeys(key, store.id);
      const peppers = openPeppers(keys.pepper, store.peppers, store.id);
      return operatorAccess({ storeId: store.id, slot, keys, peppers }, accessMeans);
    },

    async unlockVerifier(store, given) {
      const quiet = nothingSaid(given) ? await openQuietly(store, given) : undefined;
      if (quiet) return quiet;
      const { slot, key } = await openFirst(store, chooseSlots(store, given, 'verifier'), askingOnce(given));
      return verifierAccess(store, slot, key);
    },

    async test(store, slot, sources) {
      verifierAccess(store, slot, await unwrap(store, slot, forSlot(slot, sources)));
    },

    async rewrap(store, slot, access, given) {
      const keys = keysOf.get(access);
      if (!keys) throw new Error('the access was not made by these secrets');
      const sources = askingOnce(forSlot(slot, given));
      await unwrap(store, slot, sources);
      const { header, key } = await means(slot.kind).renew(slot, sources);
      const renewed = { ...slot, header };
      return { ...renewed, wrapped: wrapKey(key, wrappedBy(slot, keys), renewed, store.id, random) };
    },

    settle: (old, current) => means(current.kind).settle(old, current),
    discard: (slot) => means(slot.kind).discard(slot),
    probeKeychain: () => entries.probe(),
  };
}

function wrappedBy({ role }: Pick<SlotRequest, 'role'>, keys: OperatorKeys): KeyObject {
  return role === 'operator' ? keys.root : keys.verifier;
}

/** The same sources, but a passphrase is asked for once and then used again. */
function askingOnce(sources: UnlockSources): UnlockSources {
  let asked: Promise<Secret> | undefined;
  const { slot, keyFile, passphraseGiven } = sources;
  return {
    slot,
    keyFile,
    passphraseGiven,
    passphrase(slotName) {
      asked ??= sources.passphrase(slotName);
      return asked;
    },
  };
}

function withoutKeyFile(sources: UnlockSources): UnlockSources {
  const { slot, passphraseGiven } = sources;
  return { slot, passphraseGiven, passphrase: (slotName) => sources.passphrase(slotName) };
}

function isOneOf(error: unknown, codes: readonly ErrorCode[]): boolean {
  return error instanceof Failure && codes.includes(error.code);
}
