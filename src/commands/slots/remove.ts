import type { SlotRecord } from '../../domain/ports/secrets.ts';
import { findSlot, removable, removeSlot } from '../../domain/slots/manage.ts';
import type { Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { DRY_RUN, YES } from '../options.ts';
import { slotJson } from './describe.ts';

export const remove: Command = {
  name: 'remove',
  summary: 'take away a way to unlock the store',
  details:
    'Whoever copied what the slot needs and the database can still open that copy: slots rekey is the answer to that.',
  arguments: [{ name: '<slot>', about: 'its name or id', completes: 'slot' }],
  options: [DRY_RUN, YES],
  examples: ['slots remove old-laptop'],
  async run(context, input) {
    const store = await context.store();
    // Nobody is asked about what would be refused afterwards.
    const { slot } = await removable(store, context.actor(), input.args[0] ?? '');
    const primary = slot.id === (await store.slots.primary());
    const effect = `${slot.name} (${slot.kind}, ${slot.role}) will not open this store any more`;
    if (input.flag('dryRun')) {
      await context.out.say(effect);
    } else {
      await confirm(context, input, { lines: [effect], question: `remove ${slot.name}?` });
      const ledger = await context.ledger('unlocked');
      const { left } = await removeSlot(ledger, await context.secrets(), slot.id);
      await context.out.say(`removed ${slot.name}`);
      if (left !== undefined) await context.out.warn(leftBehind(slot, left));
      const heir = primary ? await findSlot(store, await store.slots.primary()) : undefined;
      if (heir !== undefined) await context.out.say(`${heir.name} (${heir.kind}) is the primary slot now`);
    }
    if (context.out.audience !== 'table') await context.out.value(slot.name, slotJson({ slot, primary }));
    return undefined;
  },
};

/** What stayed outside of the store, and what it is good for. */
function leftBehind({ kind }: SlotRecord, why: string): string {
  const what = kind === 'keychain' ? 'keychain entry' : 'key file';
  return `note: its ${what} is still there (${why}); it opens only copies of the store from before now`;
}
