import type { Context } from '../context.ts';
import type { SlotRecord } from '../domain/ports/secrets.ts';
import type { Store } from '../domain/ports/store.ts';
import { lockedStore } from '../domain/slots/locked-store.ts';
import { Failure } from '../errors.ts';

/**
 * What is wrong with the key file of this slot: missing, open to others, of another store. undefined when it opens the
 * store, and for other kinds of slots, which ask somebody.
 */
export async function keyFileTrouble(
  context: Context,
  store: Store,
  slot: SlotRecord | undefined,
): Promise<Failure | undefined> {
  if (slot?.kind !== 'key-file') return undefined;
  try {
    await (await context.secrets()).test(await lockedStore(store), slot, context.sources);
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
