import type { Renewing } from '../../src/domain/apps/refresh.ts';
import type { Authorization } from '../../src/domain/ports/authorization.ts';
import { changedStore } from './changed-store.ts';

/** What a process that was killed throws here; nobody sees it there. */
export class Dead extends Error {}

/** A process that dies at the given one of its calls to store and provider: between two of them, nothing happens. */
export interface Mortal {
  readonly renewing: Renewing;
  /** Where it died; undefined: it lived. */
  readonly diedAt: () => string | undefined;
}

/**
 * Counts the calls to store and provider, two for each: before it, and after it took effect. From call `last` on
 * nothing takes effect any more; its locks are free, as when the kernel frees them.
 */
export function mortal(renewing: Renewing, last: number): Mortal {
  let calls = 0;
  let diedAt: string | undefined;
  const live = (where: string): void => {
    calls += 1;
    if (calls >= last) diedAt ??= where;
    if (diedAt !== undefined) throw new Dead(diedAt);
  };
  const around = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    live(`before ${what}`);
    const value = await work();
    live(`after ${what}`);
    return value;
  };
  const { store } = renewing.ledger;
  let writes = 0;
  const own = changedStore(store, {
    write: (work, options) => around(`write ${++writes}`, () => store.write(work, options)),
    exclusively: (name, work, options) =>
      store.exclusively(
        name,
        () => {
          live('with the lock');
          return work();
        },
        options,
      ),
  });
  const mortalPort = (port: Authorization): Authorization => ({
    ...port,
    refresh: (...args) => around('the request', () => port.refresh(...args)),
  });
  return {
    diedAt: () => diedAt,
    renewing: {
      ...renewing,
      ledger: { ...renewing.ledger, store: own },
      authorization: async () => mortalPort(await renewing.authorization()),
    },
  };
}
