import { expect, test } from 'vitest';
import { requireGoingBack } from '../../../src/domain/backup/may-go-back.ts';
import { createWorkspace, setArchived } from '../../../src/domain/workspaces/manage.ts';
import { failureOf, fakeRandom } from '../../support/fake-ledger.ts';
import { openTeam } from '../../support/team.ts';

const shop = { slug: 'shop', name: 'Shop', kind: 'company', brand: 'kw' } as const;

test('going back takes an owner, and an admin who was one in the backup is none', async () => {
  const { store } = await openTeam();
  await requireGoingBack(store, { name: 'ana' });
  expect(await failureOf(() => requireGoingBack(store, { name: 'adi' }))).toMatchObject({
    code: 'forbidden',
    message: 'going back to a backup takes an owner, and adi is an admin of acme',
  });
});

test('of every workspace: those that vanish, archived ones, and those that come back', async () => {
  const team = await openTeam();
  const other = { ...team.ledger, actor: { ...team.ledger.actor, name: 'olga' } };
  await team.store.write(async (tx) => {
    const olga = { workspaceId: team.workspace.id, name: 'olga', role: 'owner', createdAt: 1 } as const;
    await tx.write.workspaces.addMember(olga);
  });
  const made = await createWorkspace(other, fakeRandom('shop'), shop);
  const refused = { code: 'forbidden', message: 'ana is no member of shop' };
  const before = await openTeam();
  expect(await failureOf(() => requireGoingBack(team.store, { name: 'ana' }))).toMatchObject(refused);
  await setArchived(other, 'shop', true);
  expect(await failureOf(() => requireGoingBack(team.store, { name: 'ana' }))).toMatchObject(refused);
  const back = () => requireGoingBack(team.store, { name: 'ana' }, before.store);
  expect(await failureOf(back)).toMatchObject(refused);
  await before.store.write((tx) => tx.write.workspaces.insert(made));
  await back();
});
