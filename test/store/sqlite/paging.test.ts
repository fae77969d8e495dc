import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ApiKey, KeyFilter } from '../../../src/domain/keys/key.ts';
import type { Store } from '../../../src/domain/ports/store.ts';
import { createStore, openStore } from '../../../src/store/open.ts';
import {
  addKeys,
  DAY,
  someIntegration,
  someKey,
  someSeed,
  someWorkspace,
  T0,
} from '../../contracts/samples.ts';
import { allPages } from '../../contracts/store/fixture.ts';
import { memoryStore } from '../../support/memory-store.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';

describe('pages', () => {
  const at = storeFolder();
  const seed = someSeed();
  const other = someWorkspace();
  const ready = someIntegration(seed.workspace.id, { id: 'int_ready0000000', configuredAt: T0 });
  const draft = someIntegration(seed.workspace.id, { id: 'int_draft0000000' });
  let store: Store;
  /** The same records in the fake, whose pages are plain slices of a sorted list. */
  const model = memoryStore(seed);
  const now = T0 + 50 * DAY;
  const both = <T>(work: (one: Store) => Promise<T>) => Promise.all([work(store), work(model)]);

  beforeAll(async () => {
    const deps = storeDeps();
    await createStore(at.location, deps, async () => seed);
    store = await openStore(at.location, deps);
    await both((one) =>
      one.write(async (tx) => {
        await tx.write.workspaces.insert(other);
        await tx.write.integrations.insert(ready);
        await tx.write.integrations.insert(draft);
      }),
    );
    // More than two windows of a bounded page, so that short and empty pages with a cursor occur.
    const keys = Array.from({ length: 2600 }, (_, n): ApiKey => {
      const workspaceId = n % 3 === 0 ? other.id : seed.workspace.id;
      return someKey(workspaceId, {
        name: `${['billing', 'deploy', 'orders'][n % 3]} ${n}`,
        purpose: n === 5 ? 'zebra' : null,
        owner: n % 2 === 0 ? 'ana' : n < 40 ? 'rare' : 'ben',
        mode: n < 30 ? 'test' : 'live',
        expiresAt: n % 4 === 0 ? null : T0 + (n % 97) * DAY,
        disabledAt: n % 11 === 0 ? T0 : null,
        revokedAt: n % 7 === 0 ? T0 : null,
        lastUsedAt: n % 5 === 0 ? null : now - n * 1000,
        integrationId: n % 13 === 0 ? 'int_ready0000000' : n % 17 === 0 ? 'int_draft0000000' : null,
        olderUntil: n % 19 === 0 ? now + n - 1000 : n % 3 === 0 ? 0 : null,
        issuedAt: n % 19 === 0 ? now - n * DAY : T0,
      });
    });
    await both((one) => addKeys(one, keys));
  });
  afterAll(async () => {
    await store.close();
    at.remove();
  });

  /** Mostly absent, so that most filters have one or two conditions and many pages. */
  const optional = <K extends keyof KeyFilter>(name: K, ...values: NonNullable<KeyFilter[K]>[]) =>
    fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: fc.constantFrom(...values).map((value) => ({ [name]: value })) },
    );
  const filters: fc.Arbitrary<KeyFilter> = fc
    .tuple(
      optional('workspaceId', seed.workspace.id, other.id, 'ws_nobody000000'),
      optional('owner', 'ana', 'ben', 'rare', 'nobody'),
      optional('mode', 'live', 'test'),
      optional('status', 'active', 'rotating', 'expired', 'disabled', 'revoked'),
      optional('integrationId', 'int_ready0000000', 'int_draft0000000'),
      optional('issuedBefore', now - 900 * DAY, T0 + 1),
      optional('expiringBefore', now + 5 * DAY, now + 400 * DAY),
      optional('unusedSince', now - 2_000_000, T0 + 1),
      optional('term', 'BILL', 'zebra', 'rs 1', '9', 'nothing'),
    )
    .map((parts) => Object.assign({}, ...parts));

  test('visit each key that fits exactly once, in order, and count them', async () => {
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 7, max: 700 }), async (filter, limit) => {
        const [found, expected] = await both((one) => allPages(one, filter, limit, now));
        expect(found.map(({ kid }) => kid)).toEqual(expected.map(({ kid }) => kid));
        expect(new Set(found.map(({ kid }) => kid)).size).toBe(found.length);
        expect(await store.keys.count(filter, now)).toBe(expected.length);
      }),
      { numRuns: 60 },
    );
  });

  test('go on while keys are added: what was there is visited once, what is newer is not', async () => {
    const first = await store.keys.page({}, { limit: 100 }, now);
    await addKeys(store, [someKey(other.id, { name: 'newcomer' })]);
    const rest = await store.keys.page({}, { limit: 5000, after: first.next ?? '' }, now);
    const names = [...first.items, ...rest.items].map(({ name }) => name);
    expect(names).toHaveLength(2600);
    expect(names).not.toContain('newcomer');
  });
});
