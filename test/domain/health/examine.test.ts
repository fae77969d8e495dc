import { describe, expect, test, vi } from 'vitest';
import { change } from '../../../src/domain/audit/change.ts';
import { examine } from '../../../src/domain/health/examine.ts';
import {
  configureIntegration,
  createIntegration,
  disableIntegration,
} from '../../../src/domain/integrations/manage.ts';
import { createKey, type NewKey } from '../../../src/domain/keys/create.ts';
import { disableKeys, revokeKeys } from '../../../src/domain/keys/stop.ts';
import { updateKey } from '../../../src/domain/keys/update.ts';
import { slotEntry } from '../../../src/domain/setup/initialise.ts';
import { createWorkspace, setArchived } from '../../../src/domain/workspaces/manage.ts';
import { addMember, setRole } from '../../../src/domain/workspaces/members.ts';
import { removeMember } from '../../../src/domain/workspaces/remove-member.ts';
import { setPolicy } from '../../../src/domain/workspaces/set-policy.ts';
import { addKeys, DAY, someKey, someSlot, someUsage, someUse } from '../../contracts/samples.ts';
import { type Desk, fakeRandom, openDesk } from '../../support/fake-ledger.ts';

/** A key that was shown, unless a test says otherwise. */
async function aKey(desk: Desk, change: Partial<NewKey> = {}, shown = true) {
  const wish = {
    workspace: desk.workspace,
    scopes: ['orders:read'],
    mode: 'live',
    networks: [],
    expiresAt: null,
  } as const;
  const { key } = await createKey(desk.ledger, desk.means, { ...wish, ...change });
  if (shown) await desk.store.write((tx) => tx.write.keys.markShown(key.kid, key.version, desk.clock.at));
  return key;
}

const found = async (desk: Desk) => {
  const { sealer } = desk.ledger;
  const { findings } = await examine(desk.store, { sealer, anchor: desk.anchor.mark, now: desk.clock.at });
  return findings;
};
const codes = async (desk: Desk) => (await found(desk)).map(({ code }) => code);
const named = (name: string) => ({ names: [name], workspaceId: undefined });

test('a sound store has no findings, whatever was done to its keys', async () => {
  const desk = openDesk();
  for (const name of ['a', 'b', 'c', 'd']) await aKey(desk, { name, networks: ['10.0.0.0/8'] });
  await revokeKeys(desk.locked, named('a'));
  await disableKeys(desk.ledger, named('b'));
  await updateKey(
    desk.ledger,
    { text: 'c', workspaceId: undefined },
    { expiresAt: desk.clock.at + DAY, networks: [] },
  );
  expect(await found(desk)).toEqual([]);
});

describe('found is', () => {
  test('a key that was changed in the database', async () => {
    const desk = openDesk();
    const key = await aKey(desk);
    await desk.store.write((tx) => tx.write.keys.update(key.kid, { expiresAt: desk.clock.at + DAY }));
    expect(await found(desk)).toEqual([
      {
        code: 'key_differs',
        message: expect.stringContaining(`key_${key.kid} was changed behind the program's back`),
        hint: `{keywright} audit list --key key_${key.kid}`,
        fixable: false,
      },
    ]);
  });

  test('a key that was put into the database', async () => {
    const desk = openDesk();
    await addKeys(desk.store, [someKey(desk.workspace.id, { shownAt: 1 })]);
    expect(await codes(desk)).toEqual(['key_differs']);
  });

  test('a slot that was put into the database, and one that was taken out or edited', async () => {
    const desk = openDesk();
    const slot = someSlot({ name: 'back door' });
    const logs = (action: string, as = slot) =>
      change(desk.ledger, async (_, record) => record(slotEntry(action, as)));
    await desk.store.write((tx) => tx.write.slots.insert(slot));
    expect(await found(desk)).toMatchObject([
      {
        code: 'slot_differs',
        message: expect.stringMatching(/^slot back door was .* no audit entry tells of it$/),
      },
    ]);
    await logs('slot.add');
    expect(await found(desk)).toEqual([]);
    await logs('slot.add', { ...slot, role: 'verifier' });
    expect(await codes(desk)).toEqual(['slot_differs']);
    await desk.store.write((tx) => tx.write.slots.remove(slot.id));
    expect(await found(desk)).toMatchObject([{ message: expect.stringContaining('does not have it') }]);
    await logs('slot.remove');
    expect(await found(desk)).toEqual([]);
  });

  test('an integration that was enabled in the database', async () => {
    const desk = openDesk();
    const which = { workspaceId: desk.workspace.id, text: 'crm' };
    const wish = { name: 'crm', purpose: null, url: null };
    const { id } = await createIntegration(desk.ledger, desk.means.random, desk.workspace, wish);
    await configureIntegration(desk.ledger, which, undefined);
    await disableIntegration(desk.ledger, which);
    expect(await found(desk)).toEqual([]);
    await desk.store.write((tx) => tx.write.integrations.update(id, { disabledAt: null }));
    expect(await found(desk)).toMatchObject([
      { code: 'integration_differs', message: expect.stringContaining('integration crm was changed') },
    ]);
  });

  test('a key that was taken out of it', async () => {
    const desk = openDesk();
    await aKey(desk);
    vi.spyOn(desk.store.keys, 'page').mockResolvedValue({ items: [], next: null });
    expect(await codes(desk)).toEqual(['key_differs']);
  });

  test.each([
    ['archived', [false, true]],
    ['taken out of the archive', [true, false]],
    ['archived once more', [true, false, true]],
  ] as const)('a workspace that was %s in the database', async (_, states) => {
    const desk = openDesk();
    const wish = { slug: 'shop', name: 'Shop', kind: 'company', brand: 'shop' } as const;
    const { id } = await createWorkspace(desk.ledger, fakeRandom(), wish);
    const byHand = states.at(-1) ?? false;
    for (const archived of states.slice(0, -1)) await setArchived(desk.ledger, 'shop', archived);
    expect(await found(desk)).toEqual([]);
    await desk.store.write((tx) => tx.write.workspaces.setArchived(id, byHand ? desk.clock.at : null));
    expect(await found(desk)).toEqual([
      {
        code: 'workspace_differs',
        message: `workspace shop was changed behind the program's back: the log says ${byHand ? 'not archived, the store archived' : 'archived, the store not archived'}`,
        hint: '{keywright} audit list',
        fixable: false,
      },
    ]);
    await setArchived(desk.ledger, 'shop', !byHand);
    expect(await found(desk), 'once it is put right').toEqual([]);
  });

  test('a member, a role or a policy that was changed in the database', async () => {
    const desk = openDesk();
    const wish = { slug: 'shop', name: 'Shop', kind: 'company', brand: 'shop' } as const;
    const shop = await createWorkspace(desk.ledger, fakeRandom(), wish);
    for (const name of ['ben', 'dee']) await addMember(desk.ledger, shop, name, 'developer');
    await setRole(desk.ledger, shop, 'dee', 'viewer');
    await setPolicy(desk.ledger, shop, { longestLife: 365 * DAY });
    await removeMember(desk.ledger, shop, 'dee', {});
    expect(await found(desk)).toEqual([]);
    const policy = await desk.store.workspaces.policy(shop.id);
    await desk.store.write(async ({ write: { workspaces } }) => {
      await workspaces.setRole(shop.id, 'ben', 'owner');
      await workspaces.addMember({ workspaceId: shop.id, name: 'eve', role: 'admin', createdAt: 1 });
      await workspaces.setPolicy(shop.id, { ...policy, restrictedScopes: [], longestLife: null });
    });
    expect((await found(desk)).map(({ message }) => message.replace(/^.*back: /, ''))).toEqual([
      'the log says that ben is developer, the store owner',
      'the log says that eve is no member, the store admin',
      'the log says restricted_scopes ["billing:*","company:*","publish:*"], the store []',
      `the log says longest_life ${365 * DAY}, the store null`,
    ]);
  });

  test('a log that was changed; what comes after it is then no measure for keys', async () => {
    const desk = openDesk();
    await aKey(desk, { name: 'a' });
    await aKey(desk, { name: 'b' });
    const log = await desk.log();
    // The check stops at entry 2, so the entry about key b is never read.
    const page = log.slice(0, 2).map((entry) => (entry.seq === 2 ? { ...entry, actor: 'eve' } : entry));
    vi.spyOn(desk.store.audit, 'from').mockResolvedValue(page);
    expect(await found(desk)).toEqual([
      {
        code: 'audit_broken',
        message: 'the audit log is wrong from entry 2 on: it was changed',
        fixable: false,
      },
    ]);
  });

  test('a log whose end was cut off, by the anchor', async () => {
    const desk = openDesk();
    const anchor = { storeId: desk.store.identity.id, seq: 9, head: new Uint8Array(32) };
    const { findings, chain } = await examine(desk.store, { sealer: undefined, anchor, now: desk.clock.at });
    expect([findings.map(({ code }) => code), chain.bad?.seq]).toEqual([['audit_broken'], 2]);
  });

  test('a key whose scopes or networks can not be read', async () => {
    const desk = openDesk();
    const key = await aKey(desk, { scopes: ['orders:read', 'ORDERS'], networks: ['10.0.0.1/8'] });
    expect(await found(desk)).toEqual([
      {
        code: 'key_unreadable',
        message: expect.stringMatching(new RegExp(`${key.kid} .*: ORDERS 10.0.0.1/8$`)),
        fixable: false,
      },
    ]);
  });

  test('a key whose secret nobody is known to have seen, while it is live', async () => {
    const desk = openDesk();
    const key = await aKey(desk, { name: 'lost', expiresAt: desk.clock.at + DAY }, false);
    expect(await found(desk), 'it may be on its way').toEqual([]);
    desk.clock.at += 60_000;
    expect(await found(desk)).toEqual([
      {
        code: 'key_never_shown',
        message: expect.stringContaining('lost'),
        hint: `unless you have it: {keywright} keys revoke kw_pk_live_${key.kid}`,
        fixable: false,
      },
    ]);
    desk.clock.at += DAY;
    expect(await codes(desk)).toEqual([]);
  });

  test('no such key once it was used or revoked', async () => {
    const desk = openDesk();
    const key = await aKey(desk, { name: 'used' }, false);
    await aKey(desk, { name: 'revoked' }, false);
    await desk.store.recordUsage(someUsage({ used: [someUse(key.kid, desk.clock.at)] }));
    await revokeKeys(desk.ledger, named('revoked'));
    expect(await codes(desk)).toEqual([]);
  });
});

test('while locked, seals are left out and the rest is examined', async () => {
  const desk = openDesk();
  await aKey(desk);
  const log = await desk.log();
  vi.spyOn(desk.store.audit, 'from').mockImplementation(async (seq) =>
    log
      .filter((entry) => entry.seq >= seq)
      .map((entry) => (entry.seal === null ? entry : { ...entry, seal: new Uint8Array(32) })),
  );
  const parts = { anchor: desk.anchor.mark, now: desk.clock.at };
  expect((await examine(desk.store, { ...parts, sealer: undefined })).findings).toEqual([]);
  expect((await examine(desk.store, { ...parts, sealer: desk.ledger.sealer })).findings).toMatchObject([
    { code: 'audit_broken' },
  ]);
});
