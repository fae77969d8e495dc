import { expect, test } from 'vitest';
import { acceptRollback, type Rollback, rollbackOf } from '../../../src/domain/audit/rollback.ts';
import { createKey } from '../../../src/domain/keys/create.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import { addMember } from '../../../src/domain/workspaces/members.ts';
import { type Desk, openDesk } from '../../support/fake-ledger.ts';

const wish = { scopes: ['a:b'], mode: 'live', networks: [], expiresAt: null } as const;

/** A desk whose machine remembers more than its store has, and what is shown of it. */
async function rolledBack(): Promise<{ desk: Desk; shown: Rollback }> {
  const desk = openDesk();
  for (const name of ['one', 'two'])
    await createKey(desk.ledger, desk.means, { ...wish, workspace: desk.workspace, name });
  await revokeKeys(desk.ledger, { names: ['two'], workspaceId: undefined });
  desk.anchor.mark = { storeId: desk.store.identity.id, seq: 99, head: new Uint8Array(32) };
  const shown = await rollbackOf(desk.store, desk.anchor.read(), desk.clock.at);
  if (shown === undefined) throw new Error('it was not rolled back');
  return { desk, shown };
}

test('a store that is as it was has nothing to accept', async () => {
  const desk = openDesk();
  expect(await rollbackOf(desk.store, undefined, desk.clock.at)).toBeUndefined();
  const [entry] = await desk.log();
  const mark = { storeId: desk.store.identity.id, seq: 1, head: entry?.hash ?? new Uint8Array() };
  expect(await rollbackOf(desk.store, mark, desk.clock.at)).toBeUndefined();
});

test('what is shown is accepted, logged and remembered', async () => {
  const { desk, shown } = await rolledBack();
  expect(shown.problem.code).toBe('store_rolled_back');
  expect(shown.keys.map(({ name }) => name)).toEqual(['one']);
  await acceptRollback(desk.ledger, shown);
  const head = await desk.store.audit.head();
  expect(head).toMatchObject({ action: 'store.accept-rollback', facts: { remembered_seq: 99 } });
  expect(desk.anchor).toMatchObject({ sealed: true, mark: { seq: head?.seq, head: head?.hash } });
});

test.each<readonly [string, (desk: Desk) => Promise<unknown>]>([
  ['store', (desk) => revokeKeys(desk.locked, { names: ['one'], workspaceId: undefined })],
  [
    'memory',
    async ({ anchor }) => anchor.mark && Object.assign(anchor, { mark: { ...anchor.mark, seq: 100 } }),
  ],
])('another %s than was shown is not accepted', async (_, meanwhile) => {
  const { desk, shown } = await rolledBack();
  await meanwhile(desk);
  const log = await desk.log();
  await expect(acceptRollback(desk.ledger, shown)).rejects.toMatchObject({ code: 'changed' });
  expect(await desk.log()).toEqual(log);
  expect(desk.anchor.resets).toBe(0);
});

test('it takes an owner or admin', async () => {
  const { desk, shown } = await rolledBack();
  await addMember(desk.ledger, desk.workspace, 'ben', 'developer');
  for (const name of ['ben', 'eve']) {
    const ledger = { ...desk.ledger, actor: { ...desk.ledger.actor, name } };
    await expect(acceptRollback(ledger, shown)).rejects.toMatchObject({ code: 'forbidden' });
  }
});
