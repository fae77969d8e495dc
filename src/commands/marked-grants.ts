import type { Context } from '../context.ts';
import type { Grant } from '../domain/apps/app.ts';
import { heldNow, nameOf } from '../domain/apps/reconnect.ts';
import type { Readers } from '../domain/ports/store.ts';

/** Says of each grant that a change marked why it must be authorized again, and of each that it freed that it works. */
export async function tellMarked(context: Context, store: Readers, grants: readonly Grant[]): Promise<void> {
  for (const { id, needsReason } of grants) {
    const held = await heldNow(store, id);
    if (needsReason === null) await context.out.say(`${nameOf(held)} is allowed again`);
    else await context.out.warn(`${nameOf(held)} must be authorized again: ${needsReason}`);
  }
}
