import type { Context } from '../../context.ts';
import type { BackupHeader } from '../../domain/backup/payload.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { SlotRecord } from '../../domain/ports/secrets.ts';
import { rfc3339 } from '../../terminal/time.ts';
import type { Command } from '../command.ts';
import { UNLOCK } from '../new-slot.ts';
import { YES } from '../options.ts';
import { backupJson, contentOf } from './describe.ts';
import { OPENING, withBackup } from './opening.ts';
import type { PlannedKeys } from './plan-lines.ts';
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
      await tell(context, opened.header, await make(context, input, opened));
    });
    return undefined;
  },
};

/** What came of it, or would. */
export interface Restored {
  /** False for a dry run. */
  readonly done: boolean;
  /** What it meant for the store that was there. */
  readonly keys: PlannedKeys | undefined;
  readonly undoRevocations: boolean;
  /** The slot that was made here. */
  readonly slot: SlotRecord | undefined;
  /** All slots of the restored store. */
  readonly slots: readonly SlotRecord[];
}

async function tell(context: Context, header: BackupHeader, restored: Restored): Promise<void> {
  const { out } = context;
  const { done, keys, slot, undoRevocations } = restored;
  if (done) {
    await out.say(`restored ${header.storeId} as of ${rfc3339(header.createdAt)}: ${contentOf(header)}`);
    await out.say(`store      ${context.places().store}`);
    if (slot !== undefined) await out.say(`unlock     ${slot.name} (${slot.kind}), made here`);
    const others = restored.slots
      .filter(({ id }) => id !== slot?.id)
      .map(({ name, kind }) => `${name} (${kind})`);
    if (others.length > 0) await out.say(`as before  ${others.join(', ')}`);
    if (slot !== undefined && restored.slots.some(({ id, kind }) => id !== slot.id && kind !== 'passphrase'))
      await out.say(
        "a slot that needs another machine's keychain or key file doesn't open it here: {keywright} slots remove",
      );
    await out.say('next: {keywright} doctor');
  }
  if (out.audience !== 'json') return;
  const ids = (list: PlannedKeys['lost'] = []) => list.map((key) => publicKey(key));
  await out.json({
    restored: done,
    ...backupJson(header),
    slot: slot?.name ?? null,
    revocations_kept: undoRevocations ? [] : ids(keys?.revoked),
    revocations_undone: undoRevocations ? ids(keys?.revoked) : [],
    kept_disabled: ids(keys?.disabled),
    disabled_for_rotation: ids(keys?.rotated),
    lost: ids(keys?.lost),
  });
}
