import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { App, Grant } from '../../../src/domain/apps/app.ts';
import type { Store } from '../../../src/domain/ports/store.ts';
import { createStore, openStore } from '../../../src/store/open.ts';
import { someApp, someGrant, someSeed, someServer, T0 } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';

/** One store for all, since each case has rows of its own. */
const at = storeFolder();
const seed = someSeed();
let store: Store;
let app: App;
let grant: Grant;
beforeAll(async () => {
  await createStore(at.location, storeDeps(), async () => seed);
  store = await openStore(at.location, storeDeps());
});
beforeEach(async () => {
  app = someApp(seed.workspace.id);
  grant = someGrant(app);
  await store.write(async (tx) => {
    await tx.write.apps.insert(app);
    await tx.write.grants.insert(grant);
    await tx.write.grants.putIntent({ grantId: grant.id, tokenVersion: 1, sentAt: T0, uncertain: false });
  });
});
afterEach(() => edit('DELETE FROM refresh_intents; DELETE FROM grants; DELETE FROM apps'));
afterAll(async () => {
  await store.close();
  at.remove();
});
const edit = (sql: string) => {
  const connection = new Database(at.path);
  connection.exec(sql);
  connection.close();
};
const server = (change: object) =>
  `UPDATE apps SET server = '${JSON.stringify({ ...someServer(), ...change })}'`;

test.each([
  ["UPDATE apps SET server = ''", 'server'],
  ["UPDATE apps SET server = '{'", 'server'],
  ["UPDATE apps SET server = 'null'", 'server'],
  ["UPDATE apps SET server = '[]'", 'issuer'],
  ['UPDATE apps SET server = \'{"__proto__":{"issuer":null}}\'', 'issuer'],
  [server({ tokenEndpoint: null }), 'tokenEndpoint'],
  [server({ tokenEndpoint: 'http://evil.test/token' }), 'tokenEndpoint'],
  [server({ tokenEndpoint: 'javascript:alert(1)' }), 'tokenEndpoint'],
  [server({ authorizationEndpoint: 'https://u:p@as.test/' }), 'authorizationEndpoint'],
  [server({ revocationEndpoint: 7 }), 'revocationEndpoint'],
  [server({ issInResponse: 'yes' }), 'issInResponse'],
  [server({ idTokenAlgorithms: ['none'] }), 'idTokenAlgorithms'],
  [server({ idTokenAlgorithms: ['RS256', 'HS256'] }), 'idTokenAlgorithms'],
  ["UPDATE apps SET client_auth = 'mTLS'", 'clientAuth'],
  ["UPDATE apps SET registration = ''", 'registration'],
  ["UPDATE apps SET allowlist = 'a  b'", 'allowlist'],
  ["UPDATE apps SET allowlist = 'a' || char(27) || '[2J'", 'allowlist'],
  ['UPDATE apps SET redirect_port = 0', 'redirectPort'],
  ['UPDATE apps SET redirect_port = 65536', 'redirectPort'],
  ['UPDATE apps SET created_at = 9007199254740991', 'createdAt'],
  ["UPDATE apps SET name = ''", 'name'],
])('an app that was edited is refused, and its part named: %s', async (sql, part) => {
  edit(sql);
  for (const read of [
    () => store.apps.byId(app.id),
    () => store.apps.all(),
    () => store.apps.all(app.workspaceId),
  ])
    await expect(read()).rejects.toMatchObject({
      code: 'store_damaged',
      message: expect.stringContaining(`${part} is none`),
    });
});

test.each([
  ["UPDATE grants SET kind = 'admin'", 'kind'],
  ["UPDATE grants SET asked = 'a' || char(10) || 'b'", 'asked'],
  ["UPDATE grants SET granted = ' '", 'granted'],
  ['UPDATE grants SET authorized_at = -1', 'authorizedAt'],
  ['UPDATE grants SET token_expires_at = 8640000000000001', 'tokenExpiresAt'],
  ['UPDATE grants SET token_version = -1', 'tokenVersion'],
  ['UPDATE grants SET refreshable = 2', 'refreshable'],
  ['UPDATE grants SET revocation_pending = -1', 'revocationPending'],
  ["UPDATE grants SET stamp = ''", 'stamp'],
])('so is a grant: %s', async (sql, part) => {
  edit(sql);
  for (const read of [
    () => store.grants.byId(grant.id),
    () => store.grants.all(),
    () => store.grants.ofApp(app.id),
  ])
    await expect(read()).rejects.toMatchObject({
      code: 'store_damaged',
      message: expect.stringContaining(`${part} is none`),
    });
});

test('so is a refresh on its way', async () => {
  edit('UPDATE refresh_intents SET uncertain = 5');
  await expect(store.grants.intent(grant.id)).rejects.toMatchObject({ code: 'store_damaged' });
  await expect(store.grants.intents()).rejects.toMatchObject({ code: 'store_damaged' });
});

test('what was not edited is read as before', async () => {
  edit("UPDATE apps SET name = 'other'");
  expect(await store.apps.byId(app.id)).toEqual({ ...app, name: 'other' });
});
