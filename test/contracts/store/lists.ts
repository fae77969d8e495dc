import { beforeEach, describe, expect, test } from 'vitest';
import type { KeyFilter } from '../../../src/domain/keys/key.ts';
import { addKeys, DAY, someKey, someSeed, someWorkspace, T0 } from '../samples.ts';
import { allPages, type Fixture, names } from './fixture.ts';

/** Pages, counts and search. */
export function listsContract(at: Fixture): void {
  describe('lists', () => {
    const now = T0 + 100 * DAY;
    beforeEach(async () => {
      const other = someWorkspace({ id: 'ws_other0000000' });
      await at.store.write((tx) => tx.write.workspaces.insert(other));
      await addKeys(at.store, [
        someKey(at.ws, { name: 'one' }),
        someKey(at.ws, { name: 'two', owner: 'ben', mode: 'test', lastUsedAt: now - DAY }),
        someKey(at.ws, { name: 'soon', expiresAt: now + DAY, lastUsedAt: now - 50 * DAY }),
        someKey(at.ws, { name: 'sooner', expiresAt: now + DAY / 2, owner: 'ben' }),
        someKey(at.ws, { name: 'over', expiresAt: now }),
        someKey(at.ws, { name: 'paused', disabledAt: T0, expiresAt: now - 1 }),
        someKey(at.ws, { name: 'gone', revokedAt: T0, disabledAt: T0, expiresAt: now + DAY }),
        someKey('ws_other0000000', { name: 'elsewhere', createdAt: now - DAY }),
      ]);
    });

    const cases: [KeyFilter, string[]][] = [
      [{}, ['elsewhere', 'gone', 'paused', 'over', 'sooner', 'soon', 'two', 'one']],
      [{ workspaceId: 'ws_other0000000' }, ['elsewhere']],
      [{ workspaceId: 'ws_nobody000000' }, []],
      [{ status: 'active' }, ['elsewhere', 'sooner', 'soon', 'two', 'one']],
      [{ status: 'expired' }, ['over']],
      [{ status: 'disabled' }, ['paused']],
      [{ status: 'revoked' }, ['gone']],
      [{ owner: 'ben' }, ['sooner', 'two']],
      [{ owner: 'ben', mode: 'test' }, ['two']],
      [{ mode: 'live', workspaceId: 'ws_other0000000', owner: 'ana' }, ['elsewhere']],
      [{ expiringBefore: now + DAY }, ['sooner', 'soon']],
      [{ expiringBefore: now + DAY, owner: 'ben' }, ['sooner']],
      [{ expiringBefore: now + DAY, status: 'revoked' }, []],
      [{ unusedSince: now - 10 * DAY }, ['gone', 'paused', 'over', 'sooner', 'soon', 'one']],
      [{ term: 'SOON' }, ['sooner', 'soon']],
      [{ term: 'e', owner: 'ben' }, ['sooner']],
      [{ term: 'els', workspaceId: 'ws_other0000000' }, ['elsewhere']],
    ];
    test.each(cases)('%j', async (filter, expected) => {
      for (const limit of [1, 2, 50])
        expect(names(await allPages(at.store, filter, limit, now))).toEqual(expected);
      expect(await at.store.keys.count(filter, now)).toBe(expected.length);
    });

    test('a cursor goes on in its own list only', async () => {
      const { next } = await at.store.keys.page({}, { limit: 2 }, now);
      const expiring = await at.store.keys.page({ expiringBefore: now + DAY }, { limit: 1 }, now);
      expect(next).not.toBeNull();
      const misused: [KeyFilter, string | null][] = [
        [{ expiringBefore: now + DAY }, next],
        [{}, expiring.next],
        [{}, ''],
        [{}, 'nonsense'],
        [{}, `${next}AAAA`],
      ];
      for (const [filter, after] of misused) {
        const page = at.store.keys.page(filter, { limit: 2, after: after ?? '' }, now);
        await expect(page).rejects.toMatchObject({
          code: 'usage',
          message: expect.stringContaining('--after'),
        });
      }
      const elsewhere = await at.make(someSeed());
      const page = elsewhere.store.keys.page({}, { limit: 2, after: next ?? '' }, now);
      await expect(page).rejects.toMatchObject({ code: 'usage' });
      await elsewhere.end();
    });
  });

  describe('search', () => {
    const texts: [name: string, purpose: string | null][] = [
      ['Billing service', 'charges CARDS'],
      ['deploy', 'bill nobody'],
      ['100%_done', null],
      ['ÄRGER', 'straße'],
      ['quote"quote', "it's"],
      ['keyring 🔑🔑🔑', null],
    ];
    beforeEach(() =>
      addKeys(
        at.store,
        texts.map(([name, purpose]) => someKey(at.ws, { name, purpose })),
      ),
    );

    const cases: [term: string, found: string[]][] = [
      ['bill', ['deploy', 'Billing service']],
      ['BILLING', ['Billing service']],
      ['cards', ['Billing service']],
      ['%_d', ['100%_done']],
      ['%', ['100%_done']],
      ['_', ['100%_done']],
      ['ärg', ['ÄRGER']],
      ['är', ['ÄRGER']],
      ['aße', ['ÄRGER']],
      ['"qu', ['quote"quote']],
      ["t's", ['quote"quote']],
      ["'; DROP TABLE keys;--", []],
      ['bil\0ling', []],
      ['🔑🔑🔑', ['keyring 🔑🔑🔑']],
      ['servicecharges', []],
      ['AND OR NOT', []],
      ['bill*', []],
      ['ing bil', []],
    ];
    test.each(cases)('%j', async (term, found) => {
      expect(names(await allPages(at.store, { term }, 50))).toEqual(found);
      expect(names(await allPages(at.store, { term, workspaceId: at.ws }, 1))).toEqual(found);
      expect(names(await allPages(at.store, { term, workspaceId: 'ws_other0000000' }, 1))).toEqual([]);
      expect(await at.store.keys.count({ term }, T0)).toBe(found.length);
    });

    test('follows a changed name and purpose', async () => {
      const [key] = await at.store.keys.byName(at.ws, 'deploy');
      await at.store.write((tx) => tx.write.keys.update(key?.kid ?? '', { name: 'release', purpose: null }));
      expect(names(await allPages(at.store, { term: 'deploy' }, 9))).toEqual([]);
      expect(names(await allPages(at.store, { term: 'nobody' }, 9))).toEqual([]);
      expect(names(await allPages(at.store, { term: 'LEASE' }, 9))).toEqual(['release']);
    });
  });
}
