import { expect, test } from 'vitest';
import type { Fate } from '../../../src/domain/backup/fate.ts';
import { whatGoesBack } from '../../../src/domain/backup/goes-back.ts';
import { keyGoesBack } from '../../../src/domain/backup/key-goes-back.ts';
import type { ApiKey } from '../../../src/domain/keys/key.ts';
import { type Policy, policyFacts } from '../../../src/domain/workspaces/policy.ts';
import { DAY, someKey, T0 } from '../../contracts/samples.ts';
import { twoDesks } from '../../support/fake-ledger.ts';

const NAMES = {
  workspaces: new Map([['ws_000000000000', 'acme']]),
  integrations: new Map([['int_000000000000', 'shop']]),
};
const NOTHING: Fate = {
  ...{ revoked: false, rolledBack: undefined, disable: undefined, cutOffs: [], expiresAt: undefined },
};
const bound = { integrationId: 'int_000000000000' };

function back(now: Partial<ApiKey>, then: Partial<ApiKey>, fate: Partial<Fate> = {}) {
  const key = someKey('ws_000000000000', { kid: 'same00000000' });
  const found = keyGoesBack({ ...key, ...now }, { ...key, ...then }, { ...NOTHING, ...fate }, NAMES);
  return found.map(({ field, now: is, then: was, widens }) => [field, is, was, widens]);
}

test.each<[string, Partial<ApiKey>, Partial<ApiKey>, readonly unknown[]]>([
  ['networks lifted', { networks: ['10.0.0.0/8'] }, {}, ['networks', ['10.0.0.0/8'], [], true]],
  [
    'networks within what holds now',
    { networks: ['10.0.0.0/8'] },
    { networks: ['10.1.0.0/16'] },
    ['networks', ['10.0.0.0/8'], ['10.1.0.0/16'], false],
  ],
  [
    'a network around what holds now',
    { networks: ['10.1.0.0/16'] },
    { networks: ['10.0.0.0/8'] },
    ['networks', ['10.1.0.0/16'], ['10.0.0.0/8'], true],
  ],
  ['networks where there were none', {}, { networks: ['::/0'] }, ['networks', [], ['::/0'], false]],
  ['an expiry that is later', { expiresAt: T0 }, {}, ['expires_at', T0, null, true]],
  ['an expiry that is nearer', {}, { expiresAt: T0 + DAY }, ['expires_at', null, T0 + DAY, false]],
  ['a binding lost', bound, {}, ['integration', 'shop', null, true]],
  ['a binding again', {}, bound, ['integration', null, 'shop', false]],
  ['an owner', { owner: 'ben' }, {}, ['owner', 'ben', 'ana', false]],
  ['enabled since', {}, { disabledAt: T0 }, ['disabled', false, true, false]],
])('%s', (_, now, then, change) => {
  expect(back(now, then)).toEqual([change]);
});

test('what a fate keeps or tells of is not told as going back', () => {
  expect(back({ disabledAt: T0 }, {}, { disable: 'disabled' })).toEqual([]);
  expect(back({ revokedAt: T0 }, {}, { revoked: true })).toEqual([]);
  expect(back({ expiresAt: T0 }, {}, { expiresAt: T0 })).toEqual([]);
  expect(back({ version: 2, expiresAt: T0 }, {}, { disable: 'rotated' })).toEqual([]);
});

const POLICY: Policy = {
  ...{ createKeys: 'owner', connectApps: 'owner', defaultLife: DAY, longestLife: DAY },
  ...{ restrictedScopes: ['*:*'], restrictedProviderScopes: ['repo', 'admin:org'] },
  ceilings: { admin: [], developer: [], viewer: ['*:read'] },
};

test('every field of a policy goes back, and is told', async () => {
  const [store, backup] = twoDesks();
  await store.store.write((tx) => tx.write.workspaces.setPolicy(store.workspace.id, POLICY));
  const told = await whatGoesBack(store.store, backup.store);
  expect(told.map(({ field }) => field).sort()).toEqual(Object.keys(policyFacts(POLICY)).sort());
});

test.each([
  [['repo'], ['repo', 'user'], false],
  [['repo', 'user'], ['repo'], true],
  [['admin:org'], ['admin:*'], true],
])(
  'scopes of providers that are restricted: %j, and %j before (allows more: %s)',
  async (now, then, widens) => {
    const [store, backup] = twoDesks();
    for (const [desk, restrictedProviderScopes] of [
      [store, now],
      [backup, then],
    ] as const)
      await desk.store.write((tx) =>
        tx.write.workspaces.setPolicy(desk.workspace.id, { ...POLICY, restrictedProviderScopes }),
      );
    const told = await whatGoesBack(store.store, backup.store);
    expect(told.map(({ field, widens: more }) => [field, more])).toEqual([
      ['restricted_provider_scopes', widens],
    ]);
  },
);
