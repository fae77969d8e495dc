import { beforeEach, describe, expect, test } from 'vitest';
import { type KeyFilter, NO_CUT_OFF } from '../../../src/domain/keys/key.ts';
import { HOUR, MINUTE } from '../../../src/domain/keys/last-use.ts';
import { addKeys, DAY, someIntegration, someKey, someSeed, someWorkspace, T0 } from '../samples.ts';
import { allPages, type Fixture, names } from './fixture.ts';

/** Stands for the seed's workspace, whose id isn't known yet where cases are written. */
const AT_HOME = 'at home';

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

    describe('with rotations and integrations', () => {
      beforeEach(async () => {
        await at.store.write(async (tx) => {
          for (const one of [
            { id: 'int_ready0000000', configuredAt: T0 },
            { id: 'int_draft0000000' },
            { id: 'int_paused000000', configuredAt: T0, disabledAt: T0 },
          ])
            await tx.write.integrations.insert(someIntegration(at.ws, one));
        });
        const [ready, draft, paused] = ['int_ready0000000', 'int_draft0000000', 'int_paused000000'];
        const fresh = { issuedAt: now - 1, version: 2, owner: 'eve' };
        await addKeys(at.store, [
          someKey(at.ws, { ...fresh, kid: 'turning00000', name: 'turning', olderUntil: now + 1 }),
          someKey(at.ws, { ...fresh, name: 'delivering', olderUntil: NO_CUT_OFF, integrationId: ready }),
          someKey(at.ws, { ...fresh, name: 'turned', olderUntil: now, integrationId: ready }),
          someKey(at.ws, { ...fresh, name: 'ended', olderUntil: 0 }),
          someKey(at.ws, { ...fresh, name: 'too late', olderUntil: now + 1, expiresAt: now }),
          someKey(at.ws, { ...fresh, name: 'drafted', olderUntil: now + 1, integrationId: draft }),
          someKey(at.ws, { ...fresh, name: 'stopped', expiresAt: now - 1, integrationId: paused }),
          someKey(at.ws, { ...fresh, name: 'over and out', revokedAt: T0, integrationId: paused }),
        ]);
      });
      const cases: [KeyFilter, string[]][] = [
        [{ status: 'rotating' }, ['delivering', 'turning']],
        [{ status: 'rotating', owner: 'eve', workspaceId: AT_HOME }, ['delivering', 'turning']],
        [{ status: 'active', owner: 'eve' }, ['ended', 'turned']],
        [{ status: 'expired' }, ['too late', 'over']],
        [{ status: 'disabled' }, ['stopped', 'drafted', 'paused']],
        [{ status: 'disabled', owner: 'eve', term: 'draft' }, ['drafted']],
        [{ status: 'revoked' }, ['over and out', 'gone']],
        [{ integrationId: 'int_ready0000000' }, ['turned', 'delivering']],
        [{ integrationId: 'int_paused000000', status: 'disabled' }, ['stopped']],
        [{ integrationId: 'int_nothing00000' }, []],
        [{ kid: 'turning00000' }, ['turning']],
        [{ kid: 'turning00000', status: 'rotating', term: 'TURN' }, ['turning']],
        [{ kid: 'turning00000', owner: 'ana' }, []],
        [{ kid: 'nothinghere0' }, []],
        [{ issuedBefore: now - 1, owner: 'eve' }, []],
        [{ issuedBefore: now, status: 'rotating' }, ['delivering', 'turning']],
        [{ issuedBefore: T0 + 1, mode: 'test' }, ['two']],
        [{ expiringBefore: now + DAY, status: 'active' }, ['sooner', 'soon']],
      ];
      test.each(cases)('%j', async (filter, expected) => {
        const within = filter.workspaceId === AT_HOME ? { ...filter, workspaceId: at.ws } : filter;
        for (const limit of [1, 50])
          expect(names(await allPages(at.store, within, limit, now))).toEqual(expected);
        expect(await at.store.keys.count(within, now)).toBe(expected.length);
      });

      test('a use counts for all of the unit that it was noted in', async () => {
        const hour = now - (now % HOUR);
        const used = { createdAt: T0, lastUsedAt: hour };
        await addKeys(at.store, [
          someKey(at.ws, { ...used, name: 'by the hour' }),
          someKey(at.ws, { ...used, name: 'before rotating', issuedAt: hour + 1, olderUntil: NO_CUT_OFF }),
          someKey(at.ws, { ...used, name: 'by the minute', issuedAt: T0, olderUntil: NO_CUT_OFF }),
        ]);
        const unused = async (unusedSince: number) =>
          names(await allPages(at.store, { unusedSince, term: 'b' }, 50, hour + 2 * HOUR));
        expect(await unused(hour + MINUTE - 1)).toEqual([]);
        expect(await unused(hour + MINUTE)).toEqual(['by the minute']);
        expect(await unused(hour + HOUR - 1)).toEqual(['by the minute']);
        expect(await unused(hour + HOUR)).toEqual(['by the minute', 'before rotating', 'by the hour']);
      });

      test.each<[KeyFilter, string[]]>([
        [{ status: 'active' }, ['elsewhere']],
        [{ status: 'rotating' }, []],
        [{ status: 'expired' }, []],
        [{ status: 'revoked' }, ['over and out', 'gone']],
        [{ status: 'disabled', owner: 'eve', term: 'turn' }, ['turned', 'turning']],
        [{ status: 'active', workspaceId: AT_HOME }, []],
        [{ status: 'disabled', owner: 'ben', workspaceId: AT_HOME }, ['sooner', 'two']],
        [{ status: 'disabled', integrationId: 'int_ready0000000' }, ['turned', 'delivering']],
        [{ expiringBefore: now + DAY, status: 'disabled' }, ['sooner', 'soon']],
        [{ expiringBefore: now + DAY, status: 'active' }, []],
      ])('of an archived workspace, %j', async (filter, expected) => {
        await at.store.write((tx) => tx.write.workspaces.setArchived(at.ws, T0));
        const within = filter.workspaceId === AT_HOME ? { ...filter, workspaceId: at.ws } : filter;
        for (const limit of [1, 50])
          expect(names(await allPages(at.store, within, limit, now))).toEqual(expected);
        expect(await at.store.keys.count(within, now)).toBe(expected.length);
      });

      test('each key has one status', async () => {
        const statuses = ['active', 'rotating', 'expired', 'disabled', 'revoked'] as const;
        const counts = await Promise.all(statuses.map((status) => at.store.keys.count({ status }, now)));
        expect(counts.reduce((sum, count) => sum + count)).toBe(await at.store.keys.count({}, now));
      });

      test('an integration that is configured again gives its keys back', async () => {
        await at.store.write((tx) => tx.write.integrations.update('int_paused000000', { disabledAt: null }));
        await at.store.write((tx) => tx.write.integrations.update('int_draft0000000', { configuredAt: T0 }));
        const status = async (name: 'rotating' | 'expired' | 'disabled') =>
          names(await allPages(at.store, { status: name }, 50, now));
        expect(await status('disabled')).toEqual(['paused']);
        expect(await status('rotating')).toEqual(['drafted', 'delivering', 'turning']);
        expect(await status('expired')).toEqual(['stopped', 'too late', 'over']);
      });
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
