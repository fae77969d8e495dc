import type { Context } from '../../context.ts';
import type { BackupHeader } from '../../domain/backup/payload.ts';
import type { RestorePlan } from '../../domain/backup/plan.ts';
import type { SlotRecord } from '../../domain/ports/secrets.ts';
import { commandLine, commandOn } from '../../domain/shell.ts';
import { Failure } from '../../errors.ts';
import { rfc3339 } from '../../terminal/time.ts';
import type { Command } from '../command.ts';
import { UNLOCK } from '../new-slot.ts';
import { YES } from '../options.ts';
import { backupJson, contentOf } from './describe.ts';
import { OPENING, withBackup } from './opening.ts';
import { planJson } from './plan-lines.ts';
import type { MadeHere } from './replacing.ts';
import { restoreAnew } from './restore-anew.ts';
import { restoreOver } from './restore-over.ts';

export const restore: Command = {
  name: 'restore',
  summary: 'put a backup in place of the store, or make the store from it',
  details:
    'On a machine without the store nothing but the backup is needed: a slot is made here. Over a store it goes back in time; what was revoked, disabled or ended since stays so. Open verifiers see it at once.',
  arguments: [{ name: '<file>', about: 'the backup', completes: 'file' }],
  options: [
    ...OPENING,
    { ...UNLOCK, about: `${UNLOCK.about}; over a store only where no slot of this machine opens it` },
    { flags: '--undo-revocations', about: 'let keys verify again that were revoked since the backup' },
    { flags: '--dry-run', about: 'only show what would happen' },
    YES,
  ],
  examples: [
    'backup restore store.age --identity backup.key',
    'backup restore store.age --from-file passphrase.txt --unlock auto',
    'backup restore store.age --identity backup.key --dry-run',
  ],
  async run(context, input) {
    await withBackup(context, input, async (opened) => {
      const make = context.hasStore() ? restoreOver : restoreAnew;
      const restored = await make(context, input, opened).catch((error: unknown) => {
        throw context.hasStore() ? inTheWay(context, error) : error;
      });
      await tell(context, opened.header, restored);
    });
    return undefined;
  },
};

/** Nothing can be carried over from a store that can't be read, so it is not replaced, and not deleted either. */
function inTheWay(context: Context, error: unknown): unknown {
  const unreadable = ['store_damaged', 'store_foreign'];
  if (!(error instanceof Failure) || !unreadable.includes(error.code)) return error;
  const { store } = context.places();
  const away = commandLine('mv', store, `${store}.damaged`);
  return new Failure(error.code, error.message, {
    hint: `to make the store anew, move the file away: ${away}; its -wal too, if it has one; then the same again with --unlock auto`,
    cause: error,
  });
}

/** What came of it, or would. */
export interface Restored {
  /** False for a dry run. */
  readonly done: boolean;
  /** What it meant for the store that was there. */
  readonly plan: RestorePlan | undefined;
  readonly undoRevocations: boolean;
  /** The slot that was made here. */
  readonly made: MadeHere | undefined;
  /** All slots of the restored store. */
  readonly slots: readonly SlotRecord[];
}

async function tell(context: Context, header: BackupHeader, restored: Restored): Promise<void> {
  const { out } = context;
  const { done, plan, made, slots, undoRevocations } = restored;
  if (done) {
    await out.say(`restored ${header.storeId} as of ${rfc3339(header.createdAt)}: ${contentOf(header)}`);
    await out.say(`store      ${context.places().store}`);
    if (made !== undefined) await sayMade(context, made);
    const others = slots.filter(({ id }) => id !== made?.slot.id);
    if (others.length > 0)
      await out.say(`as before  ${others.map(({ name, kind }) => `${name} (${kind})`).join(', ')}`);
    const elsewhere = made === undefined ? [] : others.filter(({ kind }) => kind !== 'passphrase');
    for (const { name, kind } of elsewhere) {
      const needs = kind === 'keychain' ? 'keychain entry' : 'key file';
      const remove = commandOn('slots remove', name);
      await out.say(`${name} needs its own ${needs}; where that is gone: ${remove}`);
    }
    await out.say('next: {keywright} doctor');
  }
  if (out.audience !== 'json') return;
  await out.json({
    restored: done,
    ...backupJson(header),
    slot: made?.slot.name ?? null,
    ...planJson(plan, undoRevocations),
    key_file: made?.keyFile ?? null,
  });
}

async function sayMade({ out }: Context, { slot, keyFile }: MadeHere): Promise<void> {
  const file = keyFile === undefined ? '' : ` with ${keyFile}`;
  await out.say(`unlock     ${slot.name} (${slot.kind})${file}, made here`);
}
