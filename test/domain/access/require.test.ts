import { expect, test, vi } from 'vitest';
import { gateOf, requireAllowed, requireStoreAllowed } from '../../../src/domain/access/require.ts';
import { createWorkspace, setArchived } from '../../../src/domain/workspaces/manage.ts';
import { failureOf, fakeRandom } from '../../support/fake-ledger.ts';
import { openTeam } from '../../support/team.ts';

const RENAME = { kind: 'manage', what: 'its name' } as const;

test('what is not allowed is a failure of exit 4 that says why and what to do', async () => {
  const { store, workspace } = await openTeam();
  const failure = await failureOf(() => requireAllowed(store, { name: 'ben' }, workspace.id, RENAME));
  expect(failure).toMatchObject({
    code: 'forbidden',
    exitCode: 4,
    message: 'changing its name takes an admin at least, and ben is a developer of acme',
    hint: 'adi or ana can do it, or raise ben: {keywright} members update ben --role admin -w acme',
  });
  await requireAllowed(store, { name: 'adi' }, workspace.id, RENAME);
});

test('names are told apart exactly', async () => {
  const { store, workspace } = await openTeam();
  for (const name of ['Ana', 'ana ', 'constructor', '__proto__'])
    expect(await failureOf(() => requireAllowed(store, { name }, workspace.id, RENAME))).toMatchObject({
      message: `${name} is no member of acme`,
    });
});

test('many wishes need one look', async () => {
  const { store, workspace } = await openTeam();
  const look = vi.spyOn(store.workspaces, 'members');
  const gate = await gateOf(store, { name: 'ben' }, workspace.id);
  for (let i = 0; i < 1000; i++) gate({ kind: 'stop-keys', key: 'mine', owner: 'ben' });
  expect(() => gate({ kind: 'stop-keys', key: 'hers', owner: 'dee' })).toThrow('hers belongs to dee');
  expect(look).toHaveBeenCalledTimes(1);
});

test('for the store as a whole the most that somebody is in any open workspace counts', async () => {
  const team = await openTeam();
  const { store } = team;
  const shop = { slug: 'shop', name: 'Shop', kind: 'company', brand: 'kw' } as const;
  const made = await createWorkspace(team.ledger, fakeRandom('shop'), shop);
  const ben = { name: 'ben' };
  const denied = () => failureOf(() => requireStoreAllowed(store, ben, 'backups'));
  expect(await denied()).toMatchObject({
    code: 'forbidden',
    message: 'backups take an owner or admin of some workspace, and ben is none',
    hint: 'adi or ana can do it; --actor says who you are',
  });
  await store.write((tx) =>
    tx.write.workspaces.addMember({ workspaceId: made.id, name: 'ben', role: 'admin', createdAt: 1 }),
  );
  await requireStoreAllowed(store, ben, 'backups');
  await setArchived(team.ledger, 'shop', true);
  expect(await denied()).toMatchObject({ code: 'forbidden' });
});
