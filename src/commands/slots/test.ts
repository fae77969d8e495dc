import { unlockNow } from '../../domain/slots/locked-store.ts';
import { slotIn } from '../../domain/slots/manage.ts';
import type { Command } from '../command.ts';
import { slotJson } from './describe.ts';

export const test: Command = {
  name: 'test',
  summary: 'open a slot and check what it holds',
  arguments: [{ name: '[slot]', about: 'its name or id (default: the primary one)', completes: 'slot' }],
  examples: ['slots test', 'slots test recovery'],
  async run(context, input) {
    const store = await context.store();
    const secrets = await context.secrets();
    const { slot, primary } = await unlockNow(store, async (locked) => {
      const slot = slotIn(locked.slots, input.args[0] ?? locked.primarySlot);
      await secrets.test(locked, slot, context.sources);
      return { slot, primary: slot.id === locked.primarySlot };
    });
    await context.out.say(`${slot.name} opens this store (${slot.kind}, ${slot.role})`);
    if (context.out.audience !== 'table') await context.out.value(slot.name, slotJson({ slot, primary }));
    return undefined;
  },
};
