import { expect } from 'vitest';
import type { ApiKey, KeyFilter } from '../../../src/domain/keys/key.ts';
import type { Store, StoreSeed } from '../../../src/domain/ports/store.ts';
import { T0 } from '../samples.ts';

/** A fresh store with this seed; `end` takes it away. */
export type MakeStore = (seed: StoreSeed) => Promise<{ store: Store; end: () => Promise<void> }>;

/** What every test of the contract begins with; made anew for each. */
export interface Fixture {
  store: Store;
  readonly seed: StoreSeed;
  /** Id of the seed's workspace. */
  readonly ws: string;
  readonly make: MakeStore;
}

/** Every page of a filter, joined. */
export async function allPages(store: Store, filter: KeyFilter, limit: number, now = T0): Promise<ApiKey[]> {
  const found: ApiKey[] = [];
  for (let after: string | undefined; ; ) {
    const { items, next } = await store.keys.page(filter, { limit, after }, now);
    expect(items.length).toBeLessThanOrEqual(limit);
    found.push(...items);
    expect(found.length, 'a list without end').toBeLessThan(10_000);
    if (next === null) return found;
    after = next;
  }
}

export function names(keys: readonly ApiKey[]): readonly string[] {
  return keys.map((key) => key.name);
}
