import type { Command } from '../command.ts';
import { slotColumns, slotJson } from './describe.ts';

export const list: Command = {
  name: 'list',
  alias: 'ls',
  summary: 'list the ways to unlock the store',
  examples: ['slots list'],
  async run(context) {
    const store = await context.store();
    const primary = await store.slots.primary();
    const items = (await store.slots.all()).map((slot) => ({ slot, primary: slot.id === primary }));
    await context.out.list({
      key: 'slots',
      columns: slotColumns(context.now()),
      tableColumns: ['SLOT', 'KIND', 'ROLE', 'PRIMARY', 'CREATED'],
      json: slotJson,
      pages: (async function* () {
        yield { items, next: null };
      })(),
    });
    return undefined;
  },
};
