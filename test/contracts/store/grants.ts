import { beforeEach, describe, expect, test } from 'vitest';
import type { App, Grant } from '../../../src/domain/apps/app.ts';
import type { GrantChange, GrantWriter } from '../../../src/domain/ports/apps.ts';
import { DAY, someApp, someGrant, someWorkspace, T0 } from '../samples.ts';
import type { Fixture } from './fixture.ts';

/** Grants of apps, and refreshes on their way. */
export function grantsContract(at: Fixture): void {
  describe('grants', () => {
    let app: App;
    beforeEach(async () => {
      app = someApp(at.ws, { name: 'github' });
      await at.store.write((tx) => tx.write.apps.insert(app));
    });
    const write = <T>(work: (grants: GrantWriter) => Promise<T>) =>
      at.store.write((tx) => work(tx.write.grants));
    const insert = async (...grants: readonly Grant[]) => {
      await write(async (writer) => {
        for (const grant of grants) await writer.insert(grant);
      });
    };
    const tokens = {
      granted: ['repo', 'gist'],
      tokenExpiresAt: T0 + 2 * DAY,
      refreshable: false,
      refreshedAt: T0 + 5,
    };

    test('come back exactly as inserted', async () => {
      const full = someGrant(app, {
        ...{ account: "a'x@ü.io", kind: 'client-credentials', redirectUri: null, asked: [], granted: [] },
        ...{
          tokenVersion: 0,
          tokenExpiresAt: null,
          refreshable: false,
          refreshedAt: T0 + 1,
          needsReason: 'x y',
        },
        ...{ revokedAt: T0 + 2, revocationPending: true },
      });
      const plain = someGrant(app);
      await insert(full, plain);
      expect(await at.store.grants.byId(full.id)).toEqual(full);
      expect(await at.store.grants.byAccount(app.id, full.account)).toEqual(full);
      expect(await at.store.grants.byAccount(app.id, '@ana')).toEqual(plain);
      expect(await at.store.grants.byAccount('app_nothing', '@ana')).toBeUndefined();
      expect(await at.store.grants.byId('grant_nothing')).toBeUndefined();
    });

    test('of one account there is one in an app', async () => {
      const [ana, ben] = [someGrant(app), someGrant(app, { account: '@ben' })];
      await insert(ana, ben);
      await expect(insert(someGrant(app))).rejects.toMatchObject({ code: 'exists' });
      const renamed = write((grants) => grants.update(ben.id, { account: '@ana' }));
      await expect(renamed).rejects.toMatchObject({ code: 'exists' });
      await write((grants) => grants.update(ben.id, { account: '@ben' }));
      const other = someApp(at.ws);
      await at.store.write((tx) => tx.write.apps.insert(other));
      await insert(someGrant(other));
      const nobody = write((grants) => grants.update('grant_nothing', { needsReason: 'x' }));
      await expect(nobody).rejects.toMatchObject({ code: 'not_found' });
    });

    test('an app that is not there has none', async () => {
      await expect(insert(someGrant(someApp(at.ws)))).rejects.toThrow();
    });

    test('are listed by app and account, revoked ones included, those of removed apps not', async () => {
      const away = someWorkspace();
      await at.store.write((tx) => tx.write.workspaces.insert(away));
      const apps = [
        someApp(at.ws, { name: 'asana' }),
        someApp(away.id, { name: 'b' }),
        someApp(at.ws, { name: 'gone', removedAt: T0 }),
      ] as const;
      await at.store.write(async (tx) => {
        for (const one of apps) await tx.write.apps.insert(one);
      });
      const all = [
        someGrant(app, { account: '@b', revokedAt: T0, revocationPending: true }),
        someGrant(app, { account: '@a', authorizedBy: 'ben' }),
        someGrant(apps[0]),
        someGrant(apps[1]),
        someGrant(apps[2], { revokedAt: T0 - 1, revocationPending: true }),
        someGrant(app, { account: '@c', authorizedBy: 'ben', revokedAt: T0 }),
      ];
      await insert(...all);
      const numbers = (grants: readonly Grant[]) =>
        grants.map(({ id }) => all.findIndex((one) => one.id === id));
      const { grants } = at.store;
      expect(numbers(await grants.all(at.ws))).toEqual([2, 1, 0, 5]);
      expect(numbers(await grants.all())).toEqual([2, 3, 1, 0, 5]);
      expect(numbers(await grants.all('ws_nothing'))).toEqual([]);
      expect(numbers(await grants.ofApp(app.id))).toEqual([1, 0, 5]);
      expect(numbers(await grants.authorizedBy(at.ws, 'ben'))).toEqual([1]);
      expect(numbers(await grants.authorizedBy(away.id, 'ana'))).toEqual([3]);
      expect(numbers(await grants.revocationsPending())).toEqual([4, 0]);
      expect(await grants.count(at.ws)).toBe(2);
      expect(await grants.count(away.id)).toBe(1);
    });

    test('change as told, and in nothing else', async () => {
      const grant = someGrant(app);
      const bystander = someGrant(app, { account: '@ben' });
      await insert(grant, bystander);
      const changes: readonly GrantChange[] = [
        { needsReason: 'why', authorizedBy: 'ben' },
        { revokedAt: T0 + 9, revocationPending: true, needsReason: null },
        {
          account: '@other',
          kind: 'client-credentials',
          stamp: 'other',
          redirectUri: null,
          asked: [],
          granted: ['x'],
        },
        {
          authorizedAt: T0 + 10,
          tokenVersion: 7,
          tokenExpiresAt: null,
          refreshable: false,
          refreshedAt: T0 + 11,
        },
        { revokedAt: null, revocationPending: false },
      ];
      let expected = grant;
      for (const change of changes) {
        await write((grants) => grants.update(grant.id, change));
        expected = { ...expected, ...change };
        expect(await at.store.grants.byId(grant.id)).toEqual(expected);
      }
      expect(await at.store.grants.byId(bystander.id)).toEqual(bystander);
    });

    test('store what a refresh brought once, from the version that was sent', async () => {
      const grant = someGrant(app, { tokenVersion: 3 });
      await insert(grant);
      const stored = await Promise.all([1, 2, 3].map(() => write((g) => g.storeTokens(grant.id, 3, tokens))));
      expect(stored.filter(Boolean)).toHaveLength(1);
      const after = { ...grant, ...tokens, tokenVersion: 4 };
      expect(await at.store.grants.byId(grant.id)).toEqual(after);
      expect(await write((grants) => grants.storeTokens(grant.id, 2, tokens))).toBe(false);
      expect(await write((grants) => grants.storeTokens(grant.id, 5, tokens))).toBe(false);
      expect(await write((grants) => grants.storeTokens('grant_nothing', 1, tokens))).toBe(false);
      expect(await at.store.grants.byId(grant.id)).toEqual(after);
    });

    test('that were revoked meanwhile take no tokens', async () => {
      const grant = someGrant(app);
      await insert(grant);
      await write((grants) => grants.update(grant.id, { revokedAt: T0 }));
      expect(await write((grants) => grants.storeTokens(grant.id, 1, tokens))).toBe(false);
      expect(await at.store.grants.byId(grant.id)).toEqual({ ...grant, revokedAt: T0 });
    });

    test('have at most one refresh on its way', async () => {
      const [one, two] = [someGrant(app), someGrant(app, { account: '@ben' })];
      await insert(one, two);
      const intent = { grantId: one.id, tokenVersion: 1, sentAt: T0 + 2, uncertain: false };
      const older = { ...intent, grantId: two.id, sentAt: T0 + 1 };
      await write((grants) => grants.putIntent(intent));
      await write((grants) => grants.putIntent(older));
      expect(await at.store.grants.intent(one.id)).toEqual(intent);
      expect(await at.store.grants.intents()).toEqual([older, intent]);
      const uncertain = { ...intent, uncertain: true, sentAt: T0 + 3, tokenVersion: 2 };
      await write((grants) => grants.putIntent(uncertain));
      expect(await at.store.grants.intents()).toEqual([older, uncertain]);
      await write((grants) => grants.removeIntent(one.id));
      await write((grants) => grants.removeIntent(one.id));
      expect(await at.store.grants.intent(one.id)).toBeUndefined();
      expect(await at.store.grants.intents()).toEqual([older]);
      const nothing = { ...intent, grantId: 'grant_nothing' };
      await expect(write((grants) => grants.putIntent(nothing))).rejects.toThrow();
    });
  });
}
