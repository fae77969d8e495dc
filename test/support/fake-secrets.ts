import type {
  AuditSealer,
  OperatorAccess,
  SealedPepper,
  Secrets,
  SlotRecord,
  SlotRequest,
} from '../../src/domain/ports/secrets.ts';
import { Secret } from '../../src/domain/secret.ts';
import { seedStore } from '../../src/domain/setup/initialise.ts';
import { Failure } from '../../src/errors.ts';
import { someSlot } from '../contracts/samples.ts';
import { fakeAnchor, fakeHasher, fakeRandom, fakeSealer } from './fake-ledger.ts';
import { memoryStore } from './memory-store.ts';

/** Secrets without cryptography that keep book of what exists outside the database. */
export interface FakeSecrets extends Secrets {
  /** Headers of the slots whose outside part (keychain entry, key file) exists. */
  readonly outside: Set<string>;
  /** Names of slots that can't be made or opened, with what that throws. */
  readonly broken: Map<string, Error>;
  /** The access that a slot opens, by its header. */
  operator(slot: SlotRecord): OperatorAccess;
}

/** Sealed under a root key that is a number: opens under that one alone. */
const sealedUnder = (root: number, text: string): Uint8Array => Buffer.from(`${root}:${text}`);

function opened(root: number, sealed: Uint8Array): string {
  const [under, ...text] = Buffer.from(sealed).toString().split(':');
  if (under !== String(root))
    throw new Failure('slot_damaged', `sealed under root key ${under}, not ${root}`);
  return text.join(':');
}

/** Root keys count up from 1, so that a test can tell which one something is sealed under. */
export function fakeSecrets(): FakeSecrets {
  const outside = new Set<string>();
  const broken = new Map<string, Error>();
  const roots = new WeakMap<OperatorAccess, number>();
  let made = 0;

  const headerOf = (root: number): string => {
    const header = `root ${root} entry ${++made}`;
    outside.add(header);
    return header;
  };
  const refuse = (name: string): void => {
    const error = broken.get(name);
    if (error !== undefined) throw error;
  };
  const accessTo = (root: number, first?: SlotRecord): OperatorAccess => {
    let slot = first;
    const audit: AuditSealer = fakeSealer(`root ${root}`);
    const access: OperatorAccess = {
      get slot() {
        return slot ?? someSlot();
      },
      hasher: fakeHasher({ 1: 'one' }),
      audit,
      seal: (plaintext, at) => ({ ...at, sealed: sealedUnder(root, plaintext.reveal()) }),
      open: ({ sealed }) => new Secret(opened(root, sealed)),
      async addSlot(request: SlotRequest) {
        refuse(request.name);
        const { name, kind, role } = request;
        const added = someSlot({ name, kind, role, header: headerOf(root) });
        slot ??= added;
        return added;
      },
      sealImported: (key, now) => ({
        number: 2,
        kind: 'imported',
        sealed: sealedUnder(root, Buffer.from(key).toString('hex')),
        createdAt: now,
      }),
      exportRoot: () => new Secret(String(root)),
      rekey(from, now) {
        const next = root + 1;
        const again = (sealed: Uint8Array): Uint8Array => sealedUnder(next, opened(root, sealed));
        const peppers = from.peppers.map(
          (pepper): SealedPepper => ({ ...pepper, sealed: again(pepper.sealed) }),
        );
        const fresh: SealedPepper = {
          number: Math.max(0, ...peppers.map(({ number }) => number)) + 1,
          kind: 'pepper',
          sealed: sealedUnder(next, 'fresh pepper'),
          createdAt: now,
        };
        return {
          access: accessTo(next, slot),
          peppers: [...peppers, fresh],
          sealed: from.sealed.map((record) => ({ ...record, sealed: again(record.sealed) })),
        };
      },
    };
    roots.set(access, root);
    return access;
  };

  const unlock = async (slot: SlotRecord | undefined): Promise<OperatorAccess> => {
    if (slot === undefined || !outside.has(slot.header))
      throw new Failure('keychain_entry_missing', 'it is gone');
    return accessTo(Number(slot.header.split(' ')[1]), slot);
  };
  return {
    outside,
    broken,
    operator: (slot) => accessTo(Number(slot.header.split(' ')[1]), slot),
    create: (_, now) => ({
      access: accessTo(1),
      pepper: { number: 1, kind: 'pepper', sealed: sealedUnder(1, 'pepper 1'), createdAt: now },
    }),
    adopt: (_, root) => accessTo(Number(root.reveal())),
    unlockOperator: (store, sources) =>
      unlock(store.slots.find(({ id }) => id === (sources.slot ?? store.primarySlot))),
    unlockVerifier: (store) => unlock(store.slots.find(({ id }) => id === store.primarySlot)),
    test: async (_, slot) => void (await unlock(slot)),
    async rewrap(_, slot, access) {
      refuse(slot.name);
      return { ...slot, header: headerOf(roots.get(access) ?? 0), wrapped: new Uint8Array(60) };
    },
    settle: async (old, current) => void (old.header !== current.header && outside.delete(old.header)),
    async discard(slot) {
      refuse(`discard ${slot.name}`);
      outside.delete(slot.header);
    },
    probeKeychain: async () => 'works',
  };
}

/** What a test asks for to get an operator's slot of this name. */
export const operator = (name: string) => ({ name, kind: 'keychain', role: 'operator' }) as const;

export type SlotDesk = Awaited<ReturnType<typeof openSlotDesk>>;

/** A store with the one operator slot `keychain`, made by fake secrets, and what changes to it need. */
export async function openSlotDesk() {
  const secrets = fakeSecrets();
  const actor = { name: 'ana', from: 'OS user', osUser: 'ana' } as const;
  const workspace = { slug: 'acme', name: 'Acme', kind: 'company', brand: 'kw' } as const;
  const { seed, access } = await seedStore(
    { secrets, random: fakeRandom(), now: () => 1000, actor },
    { workspace, primary: operator('keychain'), recovery: undefined },
  );
  const store = memoryStore(seed);
  const anchor = fakeAnchor();
  const anchorFailures: unknown[] = [];
  const ledger = {
    store,
    anchor,
    actor,
    now: () => 2000,
    sealer: access.audit,
    anchorFailed: (error: unknown) => void anchorFailures.push(error),
  };
  /** Headers of all slots in the store: what should exist outside, and nothing else. */
  const needed = async () => new Set((await store.slots.all()).map(({ header }) => header));
  return { secrets, access, store, anchor, ledger, anchorFailures, needed };
}
