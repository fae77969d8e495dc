import { lockedStore } from '../../domain/slots/locked-store.ts';
import { findSlot } from '../../domain/slots/manage.ts';
import type { Command } from '../command.ts';
import { slotJson } from './describe.ts';

export const test: Command = {
  name: 'test',
  summary: 'open a slot and check what it holds',
  arguments: [{ name: '[slot]', about: 'its name or id (default: the primary one)', completes: 'slot' }],
  examples: ['slots test', 'slots test recovery'],
  async run(context, input) {
    const store = await context.store();
    const primary = await store.slots.primary();
    const slot = await findSlot(store, input.args[0] ?? primary);
    await (await context.secrets()).test(await lockedStore(store), slot, context.sources);
    await context.out.say(`${slot.name} opens this store (${slot.kind}, ${slot.role})`);
    if (context.out.audience !== 'table')
      await context.out.value(slot.name, slotJson({ slot, primary: slot.id === primary }));
    return undefined;
  },
};
