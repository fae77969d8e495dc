import type { Store, Transaction } from '../../src/domain/ports/store.ts';

/** The store with some of its methods replaced; each may call the store's own. */
export function changedStore(
  store: Store,
  change: Partial<Pick<Store, 'write' | 'exclusively' | 'readTogether'>>,
): Store {
  const { keys, rotations, integrations, apps, grants, workspaces, audit, slots, identity } = store;
  return {
    ...{ keys, rotations, integrations, apps, grants, workspaces, audit, slots, identity },
    write: (work, options) => store.write(work, options),
    readTogether: (work) => store.readTogether(work),
    exclusively: (name, work, options) => store.exclusively(name, work, options),
    recordUsage: (batch) => store.recordUsage(batch),
    verifiers: () => store.verifiers(),
    close: () => store.close(),
    ...change,
  };
}

/** The store with some writes of its transactions replaced. */
export function changedWrites(
  store: Store,
  change: (write: Transaction['write']) => Transaction['write'],
): Store {
  return changedStore(store, {
    write: (work, options) => store.write((tx) => work({ ...tx, write: change(tx.write) }), options),
  });
}
