import { Failure, PROGRAM } from '../../errors.ts';
import type { AuditReader, StoreIdentity } from '../ports/store.ts';
import type { AnchorMark } from '../ports/system.ts';
import { sameBytes } from './chain.ts';

/**
 * Compares a store with what this machine remembers of it. Behind the store, or no memory: undefined.
 * Another store, or one that lacks an entry this machine has seen: the exit-11 failure. Read the anchor
 * before the store, or a change in between looks like a rollback.
 */
export async function compareAnchor(
  mark: AnchorMark | undefined,
  store: { readonly identity: StoreIdentity; readonly audit: AuditReader },
): Promise<Failure | undefined> {
  if (mark === undefined) return undefined;
  const hint = `put the right one back, or go on with this one: ${PROGRAM} doctor --accept-rollback`;
  if (mark.storeId !== store.identity.id) {
    return new Failure('store_foreign', 'this is another store than the one this machine knows here', {
      hint,
    });
  }
  const entry = await store.audit.bySeq(mark.seq);
  if (entry !== undefined && sameBytes(entry.hash, mark.head)) return undefined;
  const head = (await store.audit.head())?.seq ?? 0;
  const what =
    head < mark.seq
      ? `it ends with entry ${head}, and entry ${mark.seq} was there before`
      : `entry ${mark.seq} is another one than before`;
  return new Failure('store_rolled_back', `the store was rolled back: ${what}`, { hint });
}
