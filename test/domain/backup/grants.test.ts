import { beforeEach, expect, test } from 'vitest';
import type { App, Grant } from '../../../src/domain/apps/app.ts';
import { ACCESS_TOKEN, REFRESH_TOKEN } from '../../../src/domain/apps/facts.ts';
import { planGrants, refuseRefreshing } from '../../../src/domain/backup/grants.ts';
import { planRestore } from '../../../src/domain/backup/plan.ts';
import { prepareCopy } from '../../../src/domain/backup/restore.ts';
import type { GrantChange } from '../../../src/domain/ports/apps.ts';
import type { OperatorAccess } from '../../../src/domain/ports/secrets.ts';
import type { Readers, Transaction } from '../../../src/domain/ports/store.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { Failure } from '../../../src/errors.ts';
import { DAY, someApp, someGrant, T0 } from '../../contracts/samples.ts';
import { type Desk, fakeSealer, openDesk } from '../../support/fake-ledger.ts';

const NOW = T0 + 30 * DAY;
const actor = { name: 'ana', from: 'OS user', osUser: 'ana' } as const;
let store: Desk;
let backup: Desk;
let app: App;
let grant: Grant;
beforeEach(async () => {
  [store, backup] = [openDesk(), openDesk()];
  app = someApp(store.workspace.id, { name: 'github' });
  grant = someGrant(app);
  for (const desk of [store, backup]) {
    await desk.store.write(async (tx) => {
      await tx.write.apps.insert(app);
      await tx.write.grants.insert(grant);
      await seal(tx, 1);
    });
  }
});

/** Sealed under a root key that is a number; `version` in both tokens. */
async function seal(tx: Transaction, version: number, root = 1): Promise<void> {
  for (const field of [ACCESS_TOKEN, REFRESH_TOKEN]) {
    await tx.write.slots.removeSealed(grant.id, field);
    const sealed = Buffer.from(`${root} ${field} ${version}`);
    await tx.write.slots.putSealed({ record: grant.id, field, version, sealed });
  }
}
const open: OperatorAccess['open'] = ({ sealed }) => {
  const text = Buffer.from(sealed).toString();
  if (!text.startsWith('1 ')) throw new Failure('slot_damaged', 'under another root key');
  return new Secret(text);
};
const since = (change: GrantChange) => store.store.write((tx) => tx.write.grants.update(grant.id, change));
const refreshed = { tokenVersion: 2, tokenExpiresAt: NOW + DAY, refreshedAt: NOW - 1 };

/** The copy as it would be put in place. */
async function restore(undoRevocations = false) {
  const before = (await backup.log()).length;
  const wish = {
    header: {
      ...{ storeId: 'store_000000000000', createdAt: T0, root: new Secret('root'), schema: 3, size: 1 },
      ...{ keys: 1, entries: 1 },
    },
    ...{ plan: await planRestore(store.store, backup.store, NOW), slot: undefined, undoRevocations },
  };
  const access = { audit: fakeSealer(), open } as OperatorAccess;
  await prepareCopy(backup.store, { access, actor, now: () => NOW }, wish);
  const tokens = (await backup.store.slots.allSealed()).filter(({ record }) => record === grant.id);
  return {
    grant: await backup.store.grants.byId(grant.id),
    tokens: tokens.map((one) => Buffer.from(one.sealed).toString()),
    actions: (await backup.log()).slice(before).map(({ action }) => action),
  };
}

test('what is the same comes back as it was, without a word', async () => {
  expect(await restore()).toEqual({
    grant,
    tokens: [`1 ${ACCESS_TOKEN} 1`, `1 ${REFRESH_TOKEN} 1`],
    actions: ['store.restore'],
  });
});

test('a token that was renewed since comes along: the one in the backup is spent', async () => {
  await since(refreshed);
  await store.store.write((tx) => seal(tx, 2));
  expect(await restore()).toEqual({
    grant: { ...grant, ...refreshed },
    tokens: [`1 ${ACCESS_TOKEN} 2`, `1 ${REFRESH_TOKEN} 2`],
    actions: ['store.restore', 'grant.carry'],
  });
});

test('where it can not, since the root key is another by now, the grant needs authorization', async () => {
  await since(refreshed);
  await store.store.write((tx) => seal(tx, 2, 2));
  const { grant: after, tokens, actions } = await restore();
  expect(after?.needsReason).toBe('a backup was restored that its token could not be put into');
  expect([tokens, actions]).toEqual([[], ['store.restore', 'grant.needs-authorization']]);
});

test('nor into an app with the client id of before', async () => {
  await since(refreshed);
  await store.store.write((tx) => tx.write.apps.update(app.id, { clientId: 'other' }));
  const { grant: after, tokens } = await restore();
  expect([after?.needsReason === null, tokens]).toEqual([false, []]);
});

test.each([false, true])(
  'revoked since the backup stays revoked, whatever is said of keys (%s)',
  async (undo) => {
    await since({ revokedAt: NOW - 2, revocationPending: false });
    await store.store.write(async (tx) => {
      for (const field of [ACCESS_TOKEN, REFRESH_TOKEN]) await tx.write.slots.removeSealed(grant.id, field);
    });
    expect(await restore(undo)).toEqual({
      grant: { ...grant, revokedAt: NOW - 2, revocationPending: false },
      tokens: [],
      actions: ['store.restore', 'grant.revoke'],
    });
  },
);

test('a revocation that its provider was not told yet goes on being pending', async () => {
  await since({ revokedAt: NOW - 2, revocationPending: true });
  const { grant: after, tokens } = await restore();
  expect([after?.revocationPending, tokens.length]).toEqual([true, 2]);
});

test('removed with its app since, it comes back revoked', async () => {
  await store.store.write((tx) => tx.write.apps.remove(app.id));
  const { grant: after, actions } = await restore();
  expect(after).toMatchObject({ revokedAt: NOW, revocationPending: true });
  expect(actions).toEqual(['store.restore', 'grant.revoke']);
});

test('a refresh whose outcome nobody knows is not forgotten; one that was settled is', async () => {
  const intent = { grantId: grant.id, tokenVersion: 1, sentAt: NOW - 5, uncertain: true };
  await store.store.write((tx) => tx.write.grants.putIntent(intent));
  expect((await restore()).grant).toEqual(grant);
  expect(await backup.store.grants.intents()).toEqual([intent]);
  await store.store.write((tx) => tx.write.grants.removeIntent(grant.id));
  await restore();
  expect(await backup.store.grants.intents()).toEqual([]);
});

test('made after the backup it is told of, since its provider will not forget it', async () => {
  const lost = someGrant(app, { account: '@new' });
  await store.store.write(async (tx) => {
    await tx.write.grants.insert(lost);
    await tx.write.grants.insert(someGrant(app, { account: '@gone', revokedAt: NOW }));
  });
  const plan = await planRestore(store.store, backup.store, NOW);
  expect(plan.grantsLost).toEqual([{ app, grant: lost }]);
});

test('a store that can not be read there is no reason not to restore: its grants need authorization', async () => {
  const fails = () => Promise.reject(new Failure('store_damaged', 'edited'));
  const damaged: Readers = { ...store.store, grants: { ...store.store.grants, byId: fails, all: fails } };
  const plan = await planGrants(damaged, backup.store);
  expect(plan.grants).toMatchObject([
    { before: grant, now: { needsReason: expect.any(String) }, tokens: [] },
  ]);
  expect(plan.grantsLost).toEqual([]);
  const bug: Readers = {
    ...store.store,
    grants: { ...store.store.grants, byId: () => Promise.reject(new Error('a bug')) },
  };
  await expect(planGrants(bug, backup.store)).rejects.toThrow('a bug');
});

test('a refresh that begins or is given up after the plan was made stops the restore', async () => {
  const intent = { grantId: grant.id, tokenVersion: 1, sentAt: NOW, uncertain: false };
  const before = await planGrants(store.store, backup.store);
  await refuseRefreshing(store.store, before);
  await store.store.write((tx) => tx.write.grants.putIntent(intent));
  await expect(refuseRefreshing(store.store, before)).rejects.toMatchObject({ code: 'changed' });
  const during = await planGrants(store.store, backup.store);
  await refuseRefreshing(store.store, during);
  await store.store.write((tx) => tx.write.grants.removeIntent(grant.id));
  await expect(refuseRefreshing(store.store, during)).rejects.toMatchObject({ code: 'changed' });
});
