import { Failure, PROGRAM } from '../../errors.ts';
import { requireStoreAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import { checkChain } from '../audit/check.ts';
import { compareAnchor } from '../audit/compare-anchor.ts';
import type { AuditEntry } from '../audit/entry.ts';
import type {
  AuditSealer,
  OperatorAccess,
  SealedRecord,
  Secrets,
  SlotRecord,
  UnlockSources,
} from '../ports/secrets.ts';
import type { AuditReader, Readers, Transaction } from '../ports/store.ts';
import { slotEntry } from '../setup/initialise.ts';
import { lockedIn } from './locked-store.ts';
import { refuseRefreshing } from './refreshing.ts';

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
 * One transaction swaps all of it: until then the old slots open the store, afterwards the new ones. One
 * rekey at a time, and each unlocks the store when it is its turn: the one before took the old keys away. Throws
 * `forbidden`, and as unlocking does.
 */
export async function rekey(
  ledger: Ledger,
  parts: { secrets: Secrets; sources: UnlockSources },
  confirm: (plan: RekeyPlan) => Promise<void>,
): Promise<RekeyPlan> {
  return ledger.store.exclusively('rekey', () => rekeyAlone(ledger, parts, confirm));
}

async function rekeyAlone(
  ledger: Ledger,
  parts: Parameters<typeof rekey>[1],
  confirm: (plan: RekeyPlan) => Promise<void>,
): Promise<RekeyPlan> {
  const { store } = ledger;
  await requireStoreAllowed(store, ledger.actor, 'slots');
  const { generation, locked, sealed } = await store.readTogether(async (readers) => ({
    generation: await readers.slots.generation(),
    locked: await lockedIn(store, readers),
    sealed: await readers.slots.allSealed(),
  }));
  const access = await parts.secrets.unlockOperator(locked, parts.sources);
  const next = access.rekey({ peppers: locked.peppers, sealed }, ledger.now());
  const made: { old: SlotRecord; current: SlotRecord }[] = [];
  const dropped: { slot: SlotRecord; reason: string }[] = [];
  try {
    for (const slot of locked.slots) {
      try {
        made.push({
          old: slot,
          current: await parts.secrets.rewrap(locked, slot, next.access, parts.sources),
        });
      } catch (error) {
        if (!(error instanceof Failure) || slot.id === access.slot.id || error.code === 'cancelled')
          throw error;
        dropped.push({ slot, reason: error.message });
      }
    }
    await confirm({ kept: made.map((pair) => pair.current), dropped });
    await change({ ...ledger, sealer: next.access.audit, unlockedBy: access.slot }, (tx, record) =>
      swap(tx, record, ledger, { generation, sealed, before: access.audit, next, made, dropped }),
    );
  } catch (error) {
    await undo(store, parts.secrets, made);
    throw error;
  }
  // It is done by now. An old key that can't be taken away opens nothing any more.
  for (const { old, current } of made) await parts.secrets.settle(old, current).catch(() => undefined);
  for (const { slot } of dropped) await parts.secrets.discard(slot).catch(() => undefined);
  return { kept: made.map((pair) => pair.current), dropped };
}

/** Towards what the store really holds: a commit that reported an error may have been made all the same. */
async function undo(store: Readers, secrets: Secrets, made: Swap['made']): Promise<void> {
  const stored = await store.slots.all().catch(() => undefined);
  if (stored === undefined) return; // both keys stay where they are, and either opens what is there
  for (const { old, current } of made) {
    const isNew = stored.some((slot) => slot.id === current.id && slot.header === current.header);
    await (isNew ? secrets.settle(old, current) : secrets.settle(current, old)).catch(() => undefined);
  }
}

type Recorder = (entry: ReturnType<typeof slotEntry>) => void;

/** What `swap` puts in place of what. */
interface Swap {
  /** The store's generation when the new keys were made. */
  readonly generation: number;
  /** What was sealed then; refreshed tokens and secrets that are delivered change it without the generation. */
  readonly sealed: readonly SealedRecord[];
  readonly before: AuditSealer;
  readonly next: ReturnType<OperatorAccess['rekey']>;
  readonly made: readonly { readonly old: SlotRecord; readonly current: SlotRecord }[];
  readonly dropped: readonly { readonly slot: SlotRecord }[];
}

async function swap(
  tx: Transaction,
  record: Recorder,
  ledger: Ledger,
  { generation, sealed, before, next, made, dropped }: Swap,
): Promise<void> {
  await requireStoreAllowed(tx, ledger.actor, 'slots');
  const isSame = sameSealed(sealed, await tx.slots.allSealed());
  if ((await tx.slots.generation()) !== generation || !isSame) {
    throw new Failure('changed', 'slots, peppers or sealed secrets changed meanwhile; nothing was done', {
      hint: `${PROGRAM} slots rekey`,
    });
  }
  await refuseRefreshing(tx, ledger.now(), `${PROGRAM} slots rekey`);
  const rolledBack = await compareAnchor(ledger.anchor.read(), {
    identity: ledger.store.identity,
    audit: tx.audit,
  });
  if (rolledBack !== undefined) throw rolledBack;
  for (const { current } of made) await tx.write.slots.replace(current);
  for (const { slot } of dropped) await tx.write.slots.remove(slot.id);
  const primary = await tx.slots.primary();
  const heir = made.find(({ current }) => current.role === 'operator')?.current;
  if (dropped.some(({ slot }) => slot.id === primary) && heir !== undefined)
    await tx.write.slots.setPrimary(heir.id);
  for (const pepper of next.peppers) await tx.write.slots.putPepper(pepper);
  for (const one of next.sealed) await tx.write.slots.putSealed(one);
  await sealLogAgain(tx, before, next.access.audit);
  for (const { slot } of dropped) record(slotEntry('slot.remove', slot));
  const facts = {
    kept: made.map(({ current }) => current.name),
    dropped: dropped.map(({ slot }) => slot.name),
  };
  record({ action: 'store.rekey', target: made[0]?.current.id ?? 'store', workspaceId: null, facts });
  forgetMacs(ledger, await tx.audit.head());
}

function sameSealed(before: readonly SealedRecord[], now: readonly SealedRecord[]): boolean {
  return (
    before.length === now.length &&
    before.every((one, n) => {
      const other = now[n];
      const isSame =
        one.record === other?.record && one.field === other.field && one.version === other.version;
      return isSame && Buffer.compare(one.sealed, other.sealed) === 0;
    })
  );
}

/**
 * A mark with a MAC by the old key would look edited under the new one. So the anchor is put, without a MAC, at the
 * head that it was just compared with; the commit then raises it with the new one. Killed in between, it is honest.
 */
function forgetMacs({ anchor, store, anchorFailed }: Ledger, head: AuditEntry | undefined): void {
  if (head === undefined) return;
  try {
    anchor.reset({ storeId: store.identity.id, seq: head.seq, head: head.hash });
  } catch (error) {
    anchorFailed(error);
  }
}

/** The old seals are checked one last time: what was edited is not to be vouched for by the new key. */
async function sealLogAgain(tx: Transaction, before: AuditSealer, after: AuditSealer): Promise<void> {
  const resealing: Pick<AuditReader, 'from'> = {
    async from(seq, limit) {
      const page = await tx.audit.from(seq, limit);
      const sealed = page.filter((entry) => entry.seal !== null);
      await tx.write.reseal(
        sealed.map((entry) => ({ seq: entry.seq, seal: after.seal(entry.seq, entry.hash) })),
      );
      return page;
    },
  };
  const { bad } = await checkChain(resealing, before, undefined);
  if (bad === null) return;
  throw new Failure(
    'wrong_state',
    `the audit log is wrong from entry ${bad.seq} on: ${bad.reason}; nothing was done`,
    {
      hint: `${PROGRAM} audit verify`,
    },
  );
}
