import { beforeEach, expect, test } from 'vitest';
import type { App, ServerFacts } from '../../../src/domain/apps/app.ts';
import { ACCESS_TOKEN, CLIENT_SECRET } from '../../../src/domain/apps/facts.ts';
import { planRestore } from '../../../src/domain/backup/plan.ts';
import type { Readers, Transaction } from '../../../src/domain/ports/store.ts';
import { Failure } from '../../../src/errors.ts';
import {
  DAY,
  someApp,
  someGrant,
  someIntegration,
  somePepper,
  someServer,
  T0,
} from '../../contracts/samples.ts';
import { type Desk, twoDesks } from '../../support/fake-ledger.ts';

const NOW = T0 + DAY;
let store: Desk;
let backup: Desk;
let app: App;
beforeEach(() => {
  [store, backup] = twoDesks();
  app = someApp(store.workspace.id, { name: 'github' });
});

const both = async (work: (tx: Transaction) => Promise<unknown>): Promise<void> => {
  for (const desk of [store, backup]) await desk.store.write(work);
};
const since = (work: (tx: Transaction) => Promise<unknown>) => store.store.write(work);
async function back(of: Readers = store.store): Promise<readonly unknown[]> {
  const { goesBack } = await planRestore(of, backup.store, NOW);
  return goesBack.map(({ of: what, name, field, now, then, widens }) => [
    what,
    name,
    field,
    now,
    then,
    widens,
  ]);
}
const secret = (version: number, text: string) => ({
  ...{ record: app.id, field: CLIENT_SECRET, version, sealed: Buffer.from(text) },
});

const server = (change: Partial<ServerFacts>): Partial<App> => ({ server: someServer(change) });
test.each<[string, Partial<App>, Partial<App>, readonly unknown[]]>([
  [
    'a wider allowlist',
    { allowlist: ['a'] },
    { allowlist: ['a', 'b'] },
    ['allowed_scopes', ['a'], ['a', 'b'], true],
  ],
  ['none', { allowlist: ['a'] }, {}, ['allowed_scopes', ['a'], null, true]],
  ['a narrower one', { allowlist: ['a'] }, { allowlist: [] }, ['allowed_scopes', ['a'], [], false]],
  ['one at all', {}, { allowlist: ['a'] }, ['allowed_scopes', null, ['a'], false]],
  [
    'another server',
    server({ tokenEndpoint: 'https://new.test/token' }),
    server({}),
    ['token_endpoint', 'https://new.test/token', 'https://as.test/token', true],
  ],
  ['another provider', { provider: 'github' }, {}, ['provider', 'github', null, true]],
  ['another client', { clientId: 'new' }, { clientId: 'old' }, ['client_id', 'new', 'old', false]],
  ['any port', { redirectPort: 17_000 }, {}, ['redirect_port', 17_000, null, true]],
  ['one port', {}, { redirectPort: 17_000 }, ['redirect_port', null, 17_000, false]],
  ['another name', { name: 'hub' }, { name: 'git' }, ['name', 'hub', 'git', false]],
])('%s', async (_, now, then, change) => {
  await store.store.write((tx) => tx.write.apps.insert({ ...app, ...now }));
  await backup.store.write((tx) => tx.write.apps.insert({ ...app, ...then }));
  const { name } = { ...app, ...now };
  expect(await back()).toEqual([['app', name, ...change]]);
});

test('every fact of a server is compared', async () => {
  const other = {
    ...{ issuer: null, authorizationEndpoint: null, tokenEndpoint: 'https://b.test/t', jwksUri: null },
    ...{ deviceEndpoint: 'https://b.test/d', revocationEndpoint: null, userinfoEndpoint: 'https://b.test/u' },
    ...{ issInResponse: false, openid: true, idTokenAlgorithms: [] },
  } satisfies ServerFacts;
  await store.store.write((tx) => tx.write.apps.insert({ ...app, server: other }));
  await backup.store.write((tx) => tx.write.apps.insert(app));
  expect(await back()).toHaveLength(Object.keys(other).length);
});

test('a binding that is lost', async () => {
  const integration = someIntegration(store.workspace.id, { name: 'shop' });
  await both(async (tx) => {
    await tx.write.integrations.insert(integration);
    await tx.write.apps.insert(app);
  });
  await since((tx) => tx.write.apps.update(app.id, { integrationId: integration.id }));
  expect(await back()).toEqual([['app', 'github', 'integration', 'shop', null, true]]);
});

test('registered since it is gone; removed since it is there again, though a revocation is pending', async () => {
  await backup.store.write((tx) => tx.write.apps.insert(app));
  const late = someApp(store.workspace.id, { name: 'late' });
  await since((tx) => tx.write.apps.insert(late));
  const told = [
    ['app', 'late', 'there', true, false, false],
    ['app', 'github', 'there', false, true, true],
  ];
  expect(await back()).toEqual(told);
  await since((tx) => tx.write.apps.insert({ ...app, removedAt: NOW }));
  expect(await back()).toEqual(told);
});

test('a client secret that was replaced, added or taken away since; not one that a rekey sealed anew', async () => {
  await both(async (tx) => {
    await tx.write.apps.insert(app);
    await tx.write.slots.putSealed(secret(1, 'old'));
  });
  expect(await back()).toEqual([]);
  const replaced = (version: number, text: string) =>
    since(async (tx) => {
      await tx.write.slots.removeSealed(app.id, CLIENT_SECRET);
      await tx.write.slots.putSealed(secret(version, text));
    });
  const [another, old] = ['another one', 'the one of the backup'];
  await replaced(2, 'new');
  expect(await back()).toEqual([['app', 'github', 'client_secret', another, old, false]]);
  await replaced(1, 'after none');
  expect(await back()).toEqual([['app', 'github', 'client_secret', another, old, false]]);
  await since((tx) => tx.write.slots.putPepper(somePepper(1)));
  expect(await back()).toEqual([]);
  await since((tx) => tx.write.slots.removeSealed(app.id, CLIENT_SECRET));
  expect(await back()).toEqual([['app', 'github', 'client_secret', null, old, false]]);
});

test('a grant goes back to nothing, and is told when its tokens can not come along', async () => {
  const grant = someGrant(app);
  const sealed = { record: grant.id, field: ACCESS_TOKEN, version: 2, sealed: Buffer.from('token') };
  await both(async (tx) => {
    await tx.write.apps.insert(app);
    await tx.write.grants.insert(grant);
  });
  await since(async (tx) => {
    await tx.write.grants.update(grant.id, { tokenVersion: 2, refreshedAt: NOW });
    await tx.write.slots.putSealed(sealed);
  });
  expect(await back()).toEqual([]);
  const told = ['grant', 'github @ana', 'needs_authorization', false, true, false];
  await since((tx) => tx.write.apps.update(app.id, { clientId: 'new' }));
  expect(await back()).toEqual([['app', 'github', 'client_id', 'new', app.clientId, false], told]);
  await since((tx) => tx.write.apps.update(app.id, { clientId: app.clientId }));
  await since((tx) => tx.write.slots.putPepper(somePepper(1)));
  expect(await back()).toEqual([told]);
  await since((tx) => tx.write.grants.update(grant.id, { revokedAt: NOW }));
  expect(await back()).toEqual([]);
});

test('apps that can not be read in the store are told as being there again', async () => {
  await both((tx) => tx.write.apps.insert(app));
  const fails = () => Promise.reject(new Failure('store_damaged', 'edited'));
  const damaged: Readers = { ...store.store, apps: { ...store.store.apps, all: fails } };
  expect(await back(damaged)).toEqual([['app', 'github', 'there', false, true, true]]);
});
