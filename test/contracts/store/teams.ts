import { describe, expect, test } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../../src/domain/workspaces/policy.ts';
import { addKeys, DAY, someIntegration, someKey, someWorkspace, T0 } from '../samples.ts';
import type { Fixture } from './fixture.ts';

/** Integrations, members and policies. */
export function teamsContract(at: Fixture): void {
  describe('integrations', () => {
    test('come back exactly as inserted, by name, and change as told', async () => {
      const other = someWorkspace();
      const billing = someIntegration(at.ws, { name: 'billing', url: 'https://x.test/%_', purpose: 'p' });
      const away = someIntegration(other.id, { name: 'billing', configuredAt: T0, disabledAt: T0 + 1 });
      const api = someIntegration(at.ws, { name: 'api' });
      await at.store.write(async (tx) => {
        await tx.write.workspaces.insert(other);
        for (const one of [billing, away, api]) await tx.write.integrations.insert(one);
      });
      expect(await at.store.integrations.byId(billing.id)).toEqual(billing);
      expect(await at.store.integrations.byId('int_nothing')).toBeUndefined();
      expect(await at.store.integrations.byName(other.id, 'billing')).toEqual(away);
      expect(await at.store.integrations.byName(other.id, 'api')).toBeUndefined();
      expect(await at.store.integrations.all(at.ws)).toEqual([api, billing]);
      expect(await at.store.integrations.all()).toEqual([api, billing, away]);
      const change = { purpose: null, configuredAt: T0 + 5 };
      await at.store.write((tx) => tx.write.integrations.update(billing.id, change));
      await at.store.write((tx) => tx.write.integrations.update(billing.id, { disabledAt: T0 + 6 }));
      expect(await at.store.integrations.byId(billing.id)).toEqual({
        ...billing,
        ...change,
        disabledAt: T0 + 6,
      });
      await at.store.write((tx) => tx.write.integrations.update(billing.id, { disabledAt: null }));
      expect(await at.store.integrations.byId(billing.id)).toMatchObject({ disabledAt: null });
      await at.store.write((tx) => tx.write.integrations.remove(api.id));
      expect(await at.store.integrations.all(at.ws)).toHaveLength(1);
    });

    test('of one name there is one in a workspace', async () => {
      const [one, two] = ['one', 'two'].map((name) => someIntegration(at.ws, { name }));
      await at.store.write(async (tx) => {
        if (one) await tx.write.integrations.insert(one);
        if (two) await tx.write.integrations.insert(two);
      });
      const again = at.store.write((tx) =>
        tx.write.integrations.insert(someIntegration(at.ws, { name: 'one' })),
      );
      await expect(again).rejects.toMatchObject({ code: 'exists' });
      const renamed = at.store.write((tx) => tx.write.integrations.update(two?.id ?? '', { name: 'one' }));
      await expect(renamed).rejects.toMatchObject({ code: 'exists' });
      await at.store.write((tx) => tx.write.integrations.update(one?.id ?? '', { name: 'one' }));
      const nobody = at.store.write((tx) => tx.write.integrations.update('int_nothing', { name: 'x' }));
      await expect(nobody).rejects.toMatchObject({ code: 'not_found' });
    });

    test('change the generation, so that open verifiers look again', async () => {
      const integration = someIntegration(at.ws);
      let before = await at.store.slots.generation();
      const works: Parameters<typeof at.store.write>[0][] = [
        (tx) => tx.write.integrations.insert(integration),
        (tx) => tx.write.integrations.update(integration.id, { configuredAt: T0 }),
        (tx) => tx.write.integrations.update(integration.id, { disabledAt: T0 }),
        (tx) => tx.write.integrations.remove(integration.id),
      ];
      for (const work of works) {
        await at.store.write(work);
        const now = await at.store.slots.generation();
        expect(now).not.toBe(before);
        before = now;
      }
    });

    test('keys are bound to one and given free again; one that has keys is not removed', async () => {
      const integration = someIntegration(at.ws);
      const keys = [someKey(at.ws), someKey(at.ws), someKey(at.ws)];
      const kids = keys.map(({ kid }) => kid);
      await at.store.write((tx) => tx.write.integrations.insert(integration));
      await addKeys(at.store, keys);
      await at.store.write((tx) => tx.write.keys.bind(kids.slice(0, 2), integration.id));
      expect(await at.store.keys.count({ integrationId: integration.id }, T0)).toBe(2);
      expect(await at.store.keys.forVerification(kids[0] ?? '')).toMatchObject({
        integrationId: integration.id,
      });
      await expect(at.store.write((tx) => tx.write.integrations.remove(integration.id))).rejects.toThrow();
      await at.store.write((tx) => tx.write.keys.bind(kids, null));
      expect(await at.store.keys.byKid(kids[0] ?? '')).toEqual(keys[0]);
      await at.store.write((tx) => tx.write.integrations.remove(integration.id));
      expect(await at.store.integrations.byId(integration.id)).toBeUndefined();
    });

    test('update binds a key, too', async () => {
      const integration = someIntegration(at.ws);
      const key = someKey(at.ws);
      await at.store.write((tx) => tx.write.integrations.insert(integration));
      await addKeys(at.store, [key]);
      const { id } = integration;
      await at.store.write((tx) => tx.write.keys.update(key.kid, { integrationId: id }));
      expect(await at.store.keys.byKid(key.kid)).toEqual({ ...key, integrationId: id });
      await at.store.write((tx) => tx.write.keys.update(key.kid, { integrationId: null }));
      expect(await at.store.keys.byKid(key.kid)).toEqual(key);
    });
  });

  describe('members', () => {
    const ben = { name: 'ben', role: 'developer', createdAt: T0 } as const;

    test('join, change their role and leave, each in their workspace', async () => {
      const other = someWorkspace();
      await at.store.write(async (tx) => {
        await tx.write.workspaces.insert(other);
        await tx.write.workspaces.addMember({ ...ben, workspaceId: at.ws });
        await tx.write.workspaces.addMember({ ...ben, workspaceId: other.id, role: 'viewer' });
      });
      const twice = at.store.write((tx) => tx.write.workspaces.addMember({ ...ben, workspaceId: at.ws }));
      await expect(twice).rejects.toMatchObject({ code: 'exists' });
      const roles = async () =>
        Object.fromEntries(
          (await at.store.workspaces.membershipsOf('ben')).map((one) => [one.workspaceId, one.role]),
        );
      expect(await roles()).toEqual({ [at.ws]: 'developer', [other.id]: 'viewer' });
      await at.store.write((tx) => tx.write.workspaces.setRole(at.ws, 'ben', 'admin'));
      expect(await roles()).toEqual({ [at.ws]: 'admin', [other.id]: 'viewer' });
      expect((await at.store.workspaces.members(at.ws)).map(({ name }) => name)).toEqual(['ana', 'ben']);
      await at.store.write((tx) => tx.write.workspaces.removeMember(at.ws, 'ben'));
      expect(await roles()).toEqual({ [other.id]: 'viewer' });
      expect(await at.store.workspaces.members(at.ws)).toEqual([at.seed.owner]);
      expect(await at.store.workspaces.membershipsOf('nobody')).toEqual([]);
    });

    test('hand over their keys, revoked ones included', async () => {
      const keys = [someKey(at.ws), someKey(at.ws, { revokedAt: T0, revokedReason: 'gone' }), someKey(at.ws)];
      await addKeys(at.store, keys);
      const kids = keys.slice(0, 2).map(({ kid }) => kid);
      await at.store.write((tx) => tx.write.keys.reassign(kids, 'ben'));
      for (const [n, key] of keys.entries())
        expect(await at.store.keys.byKid(key.kid)).toEqual({ ...key, owner: n < 2 ? 'ben' : 'ana' });
    });
  });

  test('a policy is the default one until it is set, each workspace for itself', async () => {
    expect(await at.store.workspaces.policy(at.ws)).toEqual(DEFAULT_POLICY);
    const policy: Policy = {
      ...{ createKeys: 'admin', connectApps: 'owner', restrictedScopes: ['a:b', 'c:*'] },
      restrictedProviderScopes: ['admin:org', 'https://x.test/auth/drive?a,b'],
      ceilings: { admin: ['*:*'], developer: [], viewer: ['x:read'] },
      ...{ defaultLife: null, longestLife: 30 * DAY },
    };
    await at.store.write((tx) => tx.write.workspaces.setPolicy(at.ws, policy));
    expect(await at.store.workspaces.policy(at.ws)).toEqual(policy);
    expect(await at.store.workspaces.policy('ws_other0000000')).toEqual(DEFAULT_POLICY);
    const looser = {
      ...policy,
      restrictedScopes: [],
      restrictedProviderScopes: [],
      defaultLife: DAY,
      longestLife: null,
    };
    await at.store.write((tx) => tx.write.workspaces.setPolicy(at.ws, looser));
    expect(await at.store.workspaces.policy(at.ws)).toEqual(looser);
  });
}
