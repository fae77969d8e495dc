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
      await removeSlot(await context.ledger('unlocked'), await context.secrets(), slot.id);
      await context.out.say(`removed ${slot.name}`);
      const heir = primary ? await findSlot(store, await store.slots.primary()) : undefined;
      if (heir !== undefined) await context.out.say(`${heir.name} (${heir.kind}) is the primary slot now`);
    }
    if (context.out.audience !== 'table') await context.out.value(slot.name, slotJson({ slot, primary }));
    return undefined;
  },
};
