import type { Context } from '../../context.ts';
import { examineCopy } from '../../domain/backup/examine.ts';
import { prepareCopy } from '../../domain/backup/restore.ts';
import type { StoreCopy } from '../../domain/ports/backup.ts';
import type { SlotRequest } from '../../domain/ports/secrets.ts';
import type { AnchorMark } from '../../domain/ports/system.ts';
import { Failure } from '../../errors.ts';
import { confirm } from '../confirm.ts';
import type { Input } from '../input.ts';
import { primarySlot, type Unlock } from '../new-slot.ts';
import { soundAccess } from './describe.ts';
import type { OpenedBackup } from './opening.ts';
import { makeSlot, remember, sayFindings } from './replacing.ts';
import type { Restored } from './restore.ts';

/**
 * Makes the store from a backup where there is none, with a new slot of this machine. Twenty at once make one: the
 * others meet it and are told `exists`.
 */
export async function restoreAnew(context: Context, input: Input, opened: OpenedBackup): Promise<Restored> {
  const { header, file, backups } = opened;
  const mark = context.anchor().read();
  refuseOther(context, mark, header.storeId);
  const dryRun = input.flag('dryRun');
  const lines = unknownSince(mark, header.entries);
  if (lines.length > 0 && !dryRun) await confirm(context, input, { lines, question: 'restore it?' });
  else for (const line of lines) await context.out.warn(line);
  const request = dryRun
    ? undefined
    : await primarySlot(context, input.text('unlock') as Unlock | undefined, `backup restore ${file}`);
  return backups.copied(opened.database, async (copy) => {
    if (context.hasStore()) throw madeMeanwhile(context);
    const examined = await examineCopy(copy, header, await context.secrets(), context.now());
    const access = soundAccess(examined);
    await sayFindings(context, examined);
    const before = await copy.store.slots.all();
    const base = { plan: undefined, undoRevocations: false };
    if (request === undefined) {
      await context.out.say(`would make the store ${header.storeId} at ${context.places().store}`);
      return { ...base, done: false, made: undefined, slots: before };
    }
    const made = await place(context, opened, { copy, access, request });
    return { ...base, done: true, made, slots: [...before, made.slot] };
  });
}

interface Placing {
  readonly copy: StoreCopy;
  readonly access: ReturnType<typeof soundAccess>;
  readonly request: SlotRequest;
}

async function place(context: Context, { header }: OpenedBackup, { copy, access, request }: Placing) {
  const made = await makeSlot(context, access, request, await copy.store.slots.all());
  const { slot } = made;
  try {
    const by = { access, actor: context.actor(), now: context.now };
    await prepareCopy(copy.store, by, { header, plan: undefined, slot, undoRevocations: false });
    const head = await copy.store.audit.head();
    await copy.place();
    remember(context, header.storeId, head, access);
  } catch (error) {
    // Once the store is there it is in use: what opens it is not taken away again.
    if (!context.hasStore()) await (await context.secrets()).discard(slot).catch(() => undefined);
    throw error;
  }
  return made;
}

function refuseOther(context: Context, mark: AnchorMark | undefined, storeId: string): void {
  if (mark === undefined || mark.storeId === storeId) return;
  const what = `this machine remembers ${mark.storeId} at ${context.places().store}, and the backup is of ${storeId}`;
  throw new Failure('exists', what, {
    hint: 'KEYWRIGHT_HOME=/another/folder {keywright} backup restore …, or give the other up: {keywright} doctor --accept-rollback',
  });
}

/** What a store that is gone knew, and nobody can know any more. */
export function unknownSince(mark: AnchorMark | undefined, entries: number): readonly string[] {
  if (mark === undefined || mark.seq <= entries) return [];
  return [
    `this machine remembers entry ${mark.seq} of the store, and the backup ends with entry ${entries}`,
    'what happened in between is not known here: keys that were revoked then verify again',
  ];
}

function madeMeanwhile(context: Context): Failure {
  return new Failure('exists', `a store was made at ${context.places().store} meanwhile`, {
    hint: '{keywright} slots list',
  });
}
