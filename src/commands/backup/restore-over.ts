import type { Context } from '../../context.ts';
import { examineCopy } from '../../domain/backup/examine.ts';
import { refuseRefreshing } from '../../domain/backup/grants.ts';
import { requireGoingBack } from '../../domain/backup/may-go-back.ts';
import { planRestore, type RestorePlan } from '../../domain/backup/plan.ts';
import { prepareCopy } from '../../domain/backup/restore.ts';
import type { StoreCopy } from '../../domain/ports/backup.ts';
import type { OperatorAccess, SlotRecord } from '../../domain/ports/secrets.ts';
import type { Store } from '../../domain/ports/store.ts';
import { lockedStore } from '../../domain/slots/locked-store.ts';
import { EXIT, Failure } from '../../errors.ts';
import { confirm } from '../confirm.ts';
import type { Input } from '../input.ts';
import { primarySlot, type Unlock } from '../new-slot.ts';
import { soundAccess } from './describe.ts';
import type { OpenedBackup } from './opening.ts';
import { planLines } from './plan-lines.ts';
import { type MadeHere, makeSlot, remember, sayFindings } from './replacing.ts';
import type { Restored } from './restore.ts';
import { unknownSince } from './restore-anew.ts';

/** From so many keys on, comparing them takes seconds. */
const MANY = 50_000;

/**
 * Takes a store back to a backup of it. What must not come back is carried into the backup's copy first, and then
 * its pages take the place of the store's in one step; a change that is made meanwhile stops it with `changed`.
 */
export async function restoreOver(context: Context, input: Input, opened: OpenedBackup): Promise<Restored> {
  const { header, backups } = opened;
  const mark = context.anchor().read();
  const store = await context.store({ unchecked: true });
  if (store.identity.id !== header.storeId) throw otherStore(context, store.identity.id, header.storeId);
  await requireGoingBack(store, context.actor());
  const undoRevocations = input.flag('undoRevocations');
  return backups.copied(opened.database, async (copy) => {
    const examined = await examineCopy(copy, header, await context.secrets(), context.now());
    const access = soundAccess(examined);
    await requireGoingBack(copy.store, context.actor(), store);
    await sayFindings(context, examined);
    if (header.keys > MANY) context.out.notice.show('comparing the keys with the backup');
    const plan = await planRestore(store, copy.store, context.now());
    const lines = [
      ...planLines(plan, header.entries, undoRevocations),
      ...unknownSince(mark?.storeId === header.storeId ? mark : undefined, plan.head?.seq ?? 0),
    ];
    const before = await copy.store.slots.all();
    const base = { plan, undoRevocations, slots: before };
    if (input.flag('dryRun')) {
      for (const line of lines) await context.out.say(line);
      return { ...base, done: false, made: undefined };
    }
    await confirm(context, input, { lines, question: 'go back to the backup?' });
    if (input.flag('yes')) for (const line of lines) await context.out.say(line);
    const made = await newSlot(context, input, { store, copy, access, plan });
    await replace(context, opened, { store, copy, access, plan, slot: made?.slot, undoRevocations });
    return { ...base, done: true, made, slots: made === undefined ? before : [...before, made.slot] };
  });
}

interface Replacing {
  readonly store: Store;
  readonly copy: StoreCopy;
  readonly access: OperatorAccess;
  readonly plan: RestorePlan;
  readonly slot: SlotRecord | undefined;
  readonly undoRevocations: boolean;
}

async function replace(context: Context, { header }: OpenedBackup, replacing: Replacing): Promise<void> {
  const { store, copy, access, plan, slot, undoRevocations } = replacing;
  try {
    const by = { access, actor: context.actor(), now: context.now };
    await prepareCopy(copy.store, by, { header, plan, slot, undoRevocations });
    const head = await copy.store.audit.head();
    await refuseRefreshing(store, plan);
    await copy.replace(plan.head);
    remember(context, header.storeId, head, access);
  } catch (error) {
    if (slot !== undefined) await giveUp(context, store, slot);
    throw error;
  }
}

/**
 * Takes the slot's key away, unless the store has the slot by now: what reported an error may have replaced it all the
 * same, and then it opens with this.
 */
async function giveUp(context: Context, store: Store, slot: SlotRecord): Promise<void> {
  const stored = await store.slots.all().catch(() => undefined);
  if (stored === undefined || stored.some(({ id }) => id === slot.id)) return;
  await (await context.secrets()).discard(slot).catch(() => undefined);
}

/** A slot of this machine, unless the one that opens the store now also opens what takes its place. */
async function newSlot(
  context: Context,
  input: Input,
  { store, copy, access, plan }: { store: Store; copy: StoreCopy; access: OperatorAccess; plan: RestorePlan },
): Promise<MadeHere | undefined> {
  const said = input.text('unlock') as Unlock | undefined;
  const primary = await primaryOf(store);
  if (said === undefined && plan.opensHere && primary !== undefined && (await opens(context, copy, primary)))
    return undefined;
  const request = await primarySlot(context, said ?? primary?.kind, 'backup restore FILE');
  return makeSlot(context, access, request, await copy.store.slots.all());
}

async function primaryOf(store: Store): Promise<SlotRecord | undefined> {
  const id = await store.slots.primary();
  return (await store.slots.all()).find((slot) => slot.id === id);
}

/** What needs nobody to answer is tried; a passphrase is only in somebody's head, where it still is. */
async function opens(context: Context, copy: StoreCopy, slot: SlotRecord): Promise<boolean> {
  if (slot.kind === 'passphrase') return true;
  try {
    await (await context.secrets()).test(await lockedStore(copy.store), slot, context.sources);
    return true;
  } catch (error) {
    if (error instanceof Failure && error.exitCode === EXIT.locked) return false;
    throw error;
  }
}

function otherStore(context: Context, there: string, backed: string): Failure {
  const what = `${context.places().store} is another store, ${there}; the backup is of ${backed}`;
  return new Failure('exists', what, {
    hint: 'KEYWRIGHT_HOME=/another/folder {keywright} backup restore …',
  });
}
