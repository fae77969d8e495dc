import { describe, expect, test } from 'vitest';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import {
  DEFAULT_POLICY,
  defaultLifeOf,
  lifeText,
  type Policy,
} from '../../../src/domain/workspaces/policy.ts';
import { countExceeding, type PolicyWish, setPolicy } from '../../../src/domain/workspaces/set-policy.ts';
import { DAY } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { openTeam, type Team } from '../../support/team.ts';

const set = (team: Team, wish: PolicyWish, by = 'ana') => setPolicy(team.as(by), team.workspace, wish);

describe('a policy', () => {
  test('changes in what is said, is told of whole, and holds from then on', async () => {
    const team = await openTeam();
    const wish = { createKeys: 'admin', ceilings: { viewer: ['a:b'] } } as const;
    const { before, after } = await set(team, wish);
    expect(before).toEqual(DEFAULT_POLICY);
    expect(after).toEqual({
      ...DEFAULT_POLICY,
      createKeys: 'admin',
      ceilings: { ...DEFAULT_POLICY.ceilings, viewer: ['a:b'] },
    });
    expect(await team.store.workspaces.policy(team.workspace.id)).toEqual(after);
    expect((await team.log()).at(-1)).toMatchObject({
      action: 'policy.set',
      target: team.workspace.id,
      facts: { create_keys: 'admin', ceiling_viewer: ['a:b'], default_life: 90 * DAY, longest_life: null },
    });
  });

  test('that is so already changes nothing', async () => {
    const team = await openTeam();
    await set(team, { createKeys: 'developer', restrictedScopes: DEFAULT_POLICY.restrictedScopes });
    expect(await team.log()).toHaveLength(1);
  });

  test.each(['adi', 'ben', 'eve'])('is not for %s to set', async (name) => {
    const team = await openTeam();
    expect(await failureOf(() => set(team, { longestLife: DAY }, name))).toMatchObject({ code: 'forbidden' });
    expect(await team.store.workspaces.policy(team.workspace.id)).toEqual(DEFAULT_POLICY);
  });

  test('has no default life that is longer than the longest', async () => {
    const team = await openTeam();
    for (const defaultLife of [null, 31 * DAY])
      expect(await failureOf(() => set(team, { defaultLife, longestLife: 30 * DAY }))).toMatchObject({
        code: 'usage',
      });
    await set(team, { defaultLife: 30 * DAY, longestLife: 30 * DAY });
    await set(team, { longestLife: 7 * DAY });
    expect(await failureOf(() => set(team, { defaultLife: 8 * DAY }))).toMatchObject({ code: 'usage' });
  });
});

test.each([
  [null, null, null],
  [90, null, 90],
  [90, 30, 30],
  [null, 30, 30],
  [7, 30, 7],
])('a default of %j with a longest life of %j is %j', (defaultLife, longestLife, expected) => {
  expect(defaultLifeOf({ ...DEFAULT_POLICY, defaultLife, longestLife })).toBe(expected);
});

test.each([
  [null, 'never'],
  [90 * DAY, '90d'],
  [12 * 3_600_000, '12h'],
  [36 * 3_600_000, '36h'],
  [90_000_000, '25h'],
  [60_000, '1m'],
])('%j ms is %s', (ms, text) => {
  expect(lifeText(ms)).toBe(text);
});

describe('keys that exceed a new policy', () => {
  const exceeding = async (team: Team, change: Partial<Policy>) => {
    const before = await team.store.workspaces.policy(team.workspace.id);
    const pair = { before, after: { ...before, ...change } };
    return countExceeding(team.store, team.workspace, pair, team.clock.at);
  };

  test('are those that their owner could have made before, and could not now', async () => {
    const team = await openTeam();
    await team.keyOf('ana', { scopes: ['shop:read'], expiresAt: null });
    await team.keyOf('ben', { scopes: ['shop:read'], expiresAt: team.clock.at + DAY });
    await team.keyOf('ben', { scopes: ['orders:read'], expiresAt: team.clock.at + DAY });
    // Given by an owner to one who could not have made it: so it was before, too.
    await team.keyOf('ben', { scopes: ['billing:read'], expiresAt: team.clock.at + DAY });
    expect(await exceeding(team, {})).toBe(0);
    expect(await exceeding(team, { createKeys: 'owner' })).toBe(0);
    const ceilings = { ...DEFAULT_POLICY.ceilings, developer: ['orders:*'] };
    expect(await exceeding(team, { ceilings })).toBe(1);
    expect(await exceeding(team, { restrictedScopes: ['*:read'] })).toBe(2);
    expect(await exceeding(team, { longestLife: 30 * DAY })).toBe(1);
    expect(await exceeding(team, { longestLife: DAY - 1 })).toBe(3);
  });

  test('are not those that are over', async () => {
    const team = await openTeam();
    await team.keyOf('ben', { name: 'a', expiresAt: team.clock.at + 2 * DAY });
    await team.keyOf('ben', { name: 'b', expiresAt: null });
    await revokeKeys(team.ledger, { names: ['b'], workspaceId: undefined });
    expect(await exceeding(team, { longestLife: DAY })).toBe(1);
    team.clock.at += 2 * DAY;
    expect(await exceeding(team, { longestLife: DAY })).toBe(0);
  });
});
