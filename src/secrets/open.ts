import { createSecretKey, type KeyObject } from 'node:crypto';
import { newId } from '../domain/ids.ts';
import type {
  LockedStore,
  OperatorAccess,
  Secrets,
  SlotRecord,
  UnlockSources,
  VerifierAccess,
} from '../domain/ports/secrets.ts';
import type { Clock, Random } from '../domain/ports/system.ts';
import type { Secret } from '../domain/secret.ts';
import { Failure, PROGRAM } from '../errors.ts';
import { type AccessMeans, operatorAccess } from './access.ts';
import { chooseSlots, nothingSaid } from './choose.ts';
import { tokenHasher } from './hasher.ts';
import { KEY_SIZE, type OperatorKeys, operatorKeys, verifierKeys } from './keys.ts';
import { newPepper, openPeppers, sealPepper } from './pepper.ts';
import { damagedSlot } from './slots/header.ts';
import { type KeyFilePlaces, keyFileAtHand, keyFileMeans } from './slots/key-file/slot.ts';
import type { KeychainSetup } from './slots/keychain/call.ts';
import { keychainEntries } from './slots/keychain/entries.ts';
import { keychainMeans } from './slots/keychain/slot.ts';
import { passphraseMeans } from './slots/passphrase/slot.ts';
import type { SlotMeans, Wrapping } from './slots/slot.ts';
import { wrapKey } from './slots/wrap.ts';
import { askingOnce, withoutKeyFile } from './sources.ts';
import { type Unwrapped, unwrap, unwrapFirst, unwrapQuietly } from './unlock.ts';

/** What sealing and unlocking need from the machine. */
export interface SecretsDeps {
  readonly random: Random;
  readonly clock: Clock;
  /** Our user id, which key files must belong to; undefined on Windows. */
  readonly uid: number | undefined;
  /** Where this home's key file is, when it has one. */
  readonly ownKeyFile?: string | undefined;
  /** The program's own folder for key files. */
  readonly ownFolder?: string | undefined;
  readonly keychain: KeychainSetup;
}

/** Slots, sealing and hashing. Nothing is loaded, read or asked before it is needed. */
export function openSecrets(deps: SecretsDeps): Secrets {
  const { random, clock } = deps;
  const keyFiles = { uid: deps.uid, ownKeyFile: deps.ownKeyFile, ownFolder: deps.ownFolder };
  const entries = keychainEntries(deps.keychain, random);
  const keysOf = new WeakMap<OperatorAccess, OperatorKeys>();

  /** The one place that knows all kinds. */
  const means = (slot: Pick<SlotRecord, 'name' | 'kind'>): SlotMeans => {
    switch (slot.kind) {
      case 'keychain':
        return keychainMeans(entries, random);
      case 'passphrase':
        return passphraseMeans(random);
      case 'key-file':
        return keyFileMeans(random, keyFiles);
      default: // A row that was edited, or one from a newer version.
        throw damagedSlot(slot, `there is no kind of slot "${slot.kind}"`);
    }
  };

  const accessMeans: AccessMeans = {
    random,
    newRoot: () => createSecretKey(random(KEY_SIZE)),
    remember: (access, keys) => keysOf.set(access, keys),
    async makeSlot(request, keys, storeId) {
      const wrapping = await means(request).make(request);
      const { name, kind, role } = request;
      const slot = { id: newId('slot', random), name, kind, role, createdAt: clock() };
      return wrapFor(slot, wrapping, keys, storeId, random);
    },
  };

  return {
    create(storeId, now) {
      const keys = operatorKeys(accessMeans.newRoot(), storeId);
      const first = newPepper(random);
      const peppers = { pepper: new Map([[1, first]]), imported: new Map() };
      const at = { number: 1, kind: 'pepper', storeId, createdAt: now } as const;
      return {
        access: operatorAccess({ storeId, slot: undefined, keys, peppers }, accessMeans),
        pepper: sealPepper(keys.pepper, first, at, random),
      };
    },

    adopt(store, root) {
      const keys = operatorKeys(rootKeyOf(root), store.id);
      const peppers = openPeppers(keys.pepper, store.peppers, store.id);
      return operatorAccess({ storeId: store.id, slot: undefined, keys, peppers }, accessMeans);
    },

    async unlockOperator(store, sources) {
      const slots = chooseSlots(store, sources, 'operator');
      const { slot, key } = await unwrapFirst(store, slots, askingOnce(sources), means);
      const keys = operatorKeys(key, store.id);
      const peppers = openPeppers(keys.pepper, store.peppers, store.id);
      return operatorAccess({ storeId: store.id, slot, keys, peppers }, accessMeans);
    },

    async unlockVerifier(store, sources) {
      const quiet = nothingSaid(sources) ? await unwrapQuietly(store, sources, means, keyFiles) : undefined;
      if (quiet) return verifierAccess(store, quiet);
      const slots = chooseSlots(store, sources, 'verifier');
      return verifierAccess(store, await unwrapFirst(store, slots, askingOnce(sources), means));
    },

    async test(store, slot, sources) {
      verifierAccess(store, await unwrap(store, slot, sourcesFor(slot, sources, keyFiles), means));
    },

    async rewrap(store, slot, access, given) {
      const keys = keysOf.get(access);
      if (!keys) throw new Error('the access was not made by these secrets');
      const sources = askingOnce(sourcesFor(slot, given, keyFiles));
      await unwrap(store, slot, sources, means);
      return wrapFor(slot, await means(slot).renew(slot, sources), keys, store.id, random);
    },

    settle: async (old, current) => means(current).settle(old, current),
    discard: async (slot) => means(slot).discard(slot),
    probeKeychain: () => entries.probe(),
  };
}

/** The key of what `exportRoot` wrote, exactly as it would be written again. */
function rootKeyOf(root: Secret): KeyObject {
  const bytes = Buffer.from(root.reveal(), 'base64');
  if (bytes.length !== KEY_SIZE || bytes.toString('base64') !== root.reveal())
    throw new Failure('slot_damaged', 'the root key is damaged', { hint: `${PROGRAM} backup verify FILE` });
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

/** The slot's record: its header, and what its role may have wrapped by its wrapping key. */
function wrapFor(
  slot: Omit<SlotRecord, 'header' | 'wrapped'>,
  { header, key }: Wrapping,
  keys: OperatorKeys,
  storeId: string,
  random: Random,
): SlotRecord {
  const wrapped = slot.role === 'operator' ? keys.root : keys.verifier;
  const record = { ...slot, header };
  return { ...record, wrapped: wrapKey(key, wrapped, record, storeId, random) };
}

function verifierAccess(store: LockedStore, { slot, key }: Unwrapped): VerifierAccess {
  const keys = slot.role === 'verifier' ? verifierKeys(key, store.id) : operatorKeys(key, store.id);
  return { slot, hasher: tokenHasher(openPeppers(keys.pepper, store.peppers, store.id)) };
}

/** For one slot among several: a key file that was named for another doesn't count. */
function sourcesFor(slot: SlotRecord, sources: UnlockSources, where: KeyFilePlaces): UnlockSources {
  const other = slot.kind === 'key-file' && !keyFileAtHand(slot, sources.keyFile, where);
  return other ? withoutKeyFile(sources) : sources;
}
