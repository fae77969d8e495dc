import { Failure } from '../../errors.ts';
import { requireStoreAllowed } from '../access/require.ts';
import type { ApiKey } from '../keys/key.ts';
import { allKeys } from '../keys/select.ts';
import type { Readers, Store } from '../ports/store.ts';
import type { AnchorMark } from '../ports/system.ts';
import { GENESIS, sameBytes } from './chain.ts';
import { change, type Ledger } from './change.ts';
import { compareAnchor } from './compare-anchor.ts';
import type { AuditEntry } from './entry.ts';

/** A store that is not what this machine remembers, as it is shown before somebody decides to go on with it. */
export interface Rollback {
  /** What this machine remembers. */
  readonly mark: AnchorMark;
  readonly problem: Failure;
  /** The newest entry of the store. */
  readonly head: AuditEntry | undefined;
  /** Those that verify with this store, and may have been revoked since. */
  readonly keys: readonly ApiKey[];
}

/** Undefined when the store is what this machine remembers. `mark` is read before the store. */
export function rollbackOf(
  store: Store,
  mark: AnchorMark | undefined,
  now: number,
): Promise<Rollback | undefined> {
  return store.readTogether(async (readers) => {
    const problem = await compareAnchor(mark, { identity: store.identity, audit: readers.audit });
    if (problem === undefined || mark === undefined) return undefined;
    const keys: ApiKey[] = [];
    for (const status of ['active', 'rotating'] as const)
      for await (const key of allKeys(readers, { status }, now)) keys.push(key);
    return { mark, problem, head: await readers.audit.head(), keys };
  });
}

/**
 * Goes on with a store as it was `shown`: an audit entry, and the anchor begins anew from there. Throws `forbidden`,
 * and `changed` when store or memory are other ones by now; nothing is done then.
 */
export async function acceptRollback(ledger: Ledger, shown: Rollback): Promise<void> {
  const { store, anchor, sealer } = ledger;
  await change(ledger, async (tx, record) => {
    await requireStoreAllowed(tx, ledger.actor, 'rollbacks');
    await refuseOther(tx, anchor.read(), shown);
    const facts = { remembered_store: shown.mark.storeId, remembered_seq: shown.mark.seq };
    record({ action: 'store.accept-rollback', target: store.identity.id, workspaceId: null, facts });
  });
  const head = await store.audit.head();
  if (head === undefined) return;
  const mark = { storeId: store.identity.id, seq: head.seq, head: head.hash };
  anchor.reset(mark, sealer && ((body) => sealer.anchorMac(body)));
}

async function refuseOther(tx: Readers, mark: AnchorMark | undefined, shown: Rollback): Promise<void> {
  const head = await tx.audit.head();
  const isSame =
    sameBytes(head?.hash ?? GENESIS, shown.head?.hash ?? GENESIS) &&
    mark?.storeId === shown.mark.storeId &&
    mark.seq === shown.mark.seq &&
    sameBytes(mark.head, shown.mark.head);
  if (isSame) return;
  throw new Failure('changed', 'the store changed meanwhile; nothing was accepted', { hint: 'run it again' });
}
