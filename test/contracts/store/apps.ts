import { beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../../src/domain/apps/app.ts';
import type { AppChange, AppWriter } from '../../../src/domain/ports/apps.ts';
import { someApp, someGrant, someIntegration, someServer, someWorkspace, T0 } from '../samples.ts';
import type { Fixture } from './fixture.ts';

/** Registered apps. */
export function appsContract(at: Fixture): void {
  describe('apps', () => {
    const write = <T>(work: (apps: AppWriter) => Promise<T>) => at.store.write((tx) => work(tx.write.apps));
    const insert = async (...apps: readonly App[]) => {
      await write(async (writer) => {
        for (const app of apps) await writer.insert(app);
      });
    };
    let away: string;
    beforeEach(async () => {
      const workspace = someWorkspace();
      await at.store.write((tx) => tx.write.workspaces.insert(workspace));
      away = workspace.id;
    });

    test('come back exactly as inserted, by id and name', async () => {
      const integration = someIntegration(at.ws);
      await at.store.write((tx) => tx.write.integrations.insert(integration));
      const full = someApp(at.ws, {
        ...{
          name: "gît'hub %_",
          provider: 'github',
          resource: 'https://api.test/mcp?a=b',
          registration: 'dynamic',
        },
        ...{ allowlist: ['repo', 'https://x.test/auth/drive?a,b'], redirectPort: 41873 },
        ...{ integrationId: integration.id, clientAuth: 'none', clientId: 'id with space' },
      });
      const bare = someApp(away, {
        name: full.name,
        server: someServer({
          ...{ issuer: null, authorizationEndpoint: null, revocationEndpoint: null, jwksUri: null },
          ...{
            tokenEndpoint: 'http://127.0.0.1:1/t',
            issInResponse: false,
            openid: true,
            idTokenAlgorithms: [],
          },
        }),
      });
      await insert(full, bare);
      expect(await at.store.apps.byId(full.id)).toEqual(full);
      expect(await at.store.apps.byName(away, full.name)).toEqual(bare);
      expect(await at.store.apps.byName(at.ws, 'nothing')).toBeUndefined();
      expect(await at.store.apps.byId('app_nothing')).toBeUndefined();
    });

    test('an empty allowlist is another thing than none', async () => {
      const [none, empty] = [someApp(at.ws), someApp(at.ws, { allowlist: [] })];
      await insert(none, empty);
      expect((await at.store.apps.byId(none.id))?.allowlist).toBeNull();
      expect((await at.store.apps.byId(empty.id))?.allowlist).toEqual([]);
    });

    test('are listed by name, of a workspace or of all', async () => {
      const apps = ['b', 'a'].map((name) => someApp(at.ws, { name }));
      const other = someApp(away, { name: 'aa' });
      await insert(...apps, other);
      const names = async (ws?: string) => (await at.store.apps.all(ws)).map(({ name }) => name);
      expect(await names(at.ws)).toEqual(['a', 'b']);
      expect(await names()).toEqual(['a', 'aa', 'b']);
      expect(await names('ws_nothing')).toEqual([]);
    });

    test('of one name there is one in a workspace, until it is removed', async () => {
      const [one, two] = [someApp(at.ws, { name: 'one' }), someApp(at.ws, { name: 'two' })];
      await insert(one, two);
      const again = someApp(at.ws, { name: 'one' });
      await expect(insert(again)).rejects.toMatchObject({ code: 'exists' });
      await expect(write((apps) => apps.update(two.id, { name: 'one' }))).rejects.toMatchObject({
        code: 'exists',
      });
      await write((apps) => apps.update(one.id, { name: 'one' }));
      await expect(write((apps) => apps.update('app_nothing', { name: 'x' }))).rejects.toMatchObject({
        code: 'not_found',
      });
      await write((apps) => apps.update(one.id, { removedAt: T0 + 1 }));
      await insert(again);
      expect(await at.store.apps.byName(at.ws, 'one')).toEqual(again);
      expect((await at.store.apps.all(at.ws)).map(({ id }) => id)).toEqual([again.id, two.id]);
      expect(await at.store.apps.byId(one.id)).toEqual({ ...one, removedAt: T0 + 1 });
    });

    test('change as told, and in nothing else', async () => {
      const app = someApp(at.ws);
      const integration = someIntegration(at.ws);
      await at.store.write((tx) => tx.write.integrations.insert(integration));
      await insert(app);
      const changes: readonly AppChange[] = [
        { name: 'other', clientId: 'other', clientAuth: 'none' },
        { allowlist: ['a', 'b'], redirectPort: 65_535 },
        { integrationId: integration.id, createdBy: 'ben' },
        { allowlist: null, redirectPort: null, integrationId: null },
      ];
      let expected = app;
      for (const change of changes) {
        await write((apps) => apps.update(app.id, change));
        expected = { ...expected, ...change };
        expect(await at.store.apps.byId(app.id)).toEqual(expected);
      }
    });

    test('an integration that an app is bound to is not removed', async () => {
      const integration = someIntegration(at.ws);
      await at.store.write((tx) => tx.write.integrations.insert(integration));
      const app = someApp(at.ws, { integrationId: integration.id });
      await insert(app);
      await expect(at.store.write((tx) => tx.write.integrations.remove(integration.id))).rejects.toThrow();
      await write((apps) => apps.update(app.id, { integrationId: null }));
      await at.store.write((tx) => tx.write.integrations.remove(integration.id));
    });

    test('are removed with their grants, intents and all that is sealed of them, and no other', async () => {
      const [app, bystander] = [someApp(at.ws), someApp(at.ws)];
      const grants = [someGrant(app), someGrant(app, { account: '@ben' }), someGrant(bystander)];
      await insert(app, bystander);
      await at.store.write(async (tx) => {
        for (const { id: record } of [app, bystander, ...grants])
          await tx.write.slots.putSealed({ record, field: 'f', version: 1, sealed: new Uint8Array([1]) });
        for (const grant of grants) {
          await tx.write.grants.insert(grant);
          const intent = { grantId: grant.id, tokenVersion: 1, sentAt: T0, uncertain: false };
          await tx.write.grants.putIntent(intent);
        }
      });
      await write((apps) => apps.remove(app.id));
      expect(await at.store.apps.byId(app.id)).toBeUndefined();
      expect(await at.store.grants.all()).toEqual([grants[2]]);
      expect((await at.store.grants.intents()).map(({ grantId }) => grantId)).toEqual([grants[2]?.id]);
      const records = (await at.store.slots.allSealed()).map(({ record }) => record);
      expect(records.filter((record) => /^(app|grant)_/.test(record)).sort()).toEqual(
        [bystander.id, grants[2]?.id].sort(),
      );
    });

    test('leave the generation as it is: no verifier looks at them', async () => {
      const before = await at.store.slots.generation();
      const app = someApp(at.ws);
      await insert(app);
      await write((apps) => apps.update(app.id, { name: 'other' }));
      await write((apps) => apps.remove(app.id));
      expect(await at.store.slots.generation()).toBe(before);
    });
  });
}
