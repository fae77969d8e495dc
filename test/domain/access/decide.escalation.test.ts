import { describe, expect, test } from 'vitest';
import type { Candidate } from '../../../src/domain/import/candidate.ts';
import { importKeys } from '../../../src/domain/import/import-keys.ts';
import { createKey } from '../../../src/domain/keys/create.ts';
import type { ApiKey } from '../../../src/domain/keys/key.ts';
import { disableKeys, enableKeys } from '../../../src/domain/keys/stop.ts';
import { updateKey } from '../../../src/domain/keys/update.ts';
import { issueVersion } from '../../../src/domain/rotations/issue.ts';
import type { RotationRequest } from '../../../src/domain/rotations/plan.ts';
import { setRole } from '../../../src/domain/workspaces/members.ts';
import { removeMember } from '../../../src/domain/workspaces/remove-member.ts';
import { setPolicy } from '../../../src/domain/workspaces/set-policy.ts';
import { DAY } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { openTeam, type Team } from '../../support/team.ts';

const named = (name: string) => ({ names: [name], workspaceId: undefined });
const which = (text: string) => ({ text, workspaceId: undefined });
const create = (team: Team, name: string, scopes: readonly string[], expiresAt?: number | null) =>
  createKey(team.as(name), team.means, {
    workspace: team.workspace,
    scopes,
    mode: 'live',
    networks: [],
    expiresAt,
  });

/** Refused with exit 4 and a reason, and nothing has changed. */
async function refused(team: Team, work: () => Promise<unknown>, reason: string) {
  const before = await team.log();
  const failure = await failureOf(work);
  expect(failure).toMatchObject({ code: 'forbidden', exitCode: 4, message: expect.stringContaining(reason) });
  expect(failure.hint).toMatch(/\S/);
  expect(await team.log()).toEqual(before);
}

describe('nobody gets more than they have', () => {
  test.each([
    [['billing:read'], 'billing:read reaches billing:*'],
    [['*:read'], '*:read reaches billing:*'],
    [['billing:*'], 'billing:* is a scope that only admins and owners'],
    [['*:*'], '*:* reaches billing:*'],
    [['orders:read', '*:publish', '*:*'], '*:publish reaches billing:*'],
  ])('by a wildcard: %j', async (scopes, reason) => {
    const team = await openTeam();
    await refused(team, () => create(team, 'ben', scopes), reason);
    expect((await create(team, 'adi', scopes)).key.scopes).toEqual(scopes);
  });

  test('beyond the ceiling of a role, admins included', async () => {
    const team = await openTeam();
    const ceilings = { admin: ['orders:*'], developer: ['orders:read'], viewer: [] };
    await team.policy({ ceilings });
    await refused(team, () => create(team, 'ben', ['orders:write']), 'may grant at most orders:read');
    await refused(team, () => create(team, 'adi', ['*:write']), 'may grant at most orders:*');
    expect((await create(team, 'ana', ['*:*'])).key.scopes).toEqual(['*:*']);
  });

  test('by waking up, extending or opening a key that they own and could not have made', async () => {
    const team = await openTeam();
    await team.keyOf('ben', { name: 'wide', scopes: ['*:*'], networks: ['203.0.113.0/24'] });
    await disableKeys(team.as('ben'), named('wide'));
    const reason = '*:* reaches billing:*';
    await refused(team, () => enableKeys(team.as('ben'), named('wide')), reason);
    const expiresAt = team.clock.at + 365 * DAY;
    await refused(team, () => updateKey(team.as('ben'), which('wide'), { expiresAt }), reason);
    await refused(team, () => updateKey(team.as('ben'), which('wide'), { networks: [] }), reason);
    expect((await updateKey(team.as('ben'), which('wide'), { name: 'still wide' })).changed).toBe(true);
  });

  test("by taking over another's key, or handing theirs on", async () => {
    const team = await openTeam();
    await team.keyOf('dee', { name: 'hers', scopes: ['*:*'] });
    await team.keyOf('ben', { name: 'his' });
    await refused(
      team,
      () => updateKey(team.as('ben'), which('hers'), { owner: 'ben' }),
      'hers belongs to dee',
    );
    await refused(
      team,
      () => updateKey(team.as('ben'), which('his'), { owner: 'dee' }),
      'giving keys to dee',
    );
  });

  test('by rotating a key that they own and could not have made, or for longer', async () => {
    const team = await openTeam();
    const wide = await team.keyOf('ben', { name: 'wide', scopes: ['*:*'] });
    const hers = await team.keyOf('dee', { name: 'hers' });
    const his = await team.keyOf('ben', { name: 'his' });
    const request = { graceMs: DAY, delivery: false, check: false };
    const access = { hasher: team.means.hasher, seal: () => Promise.reject(new Error('not here')) as never };
    const rotate = (name: string, key: ApiKey, change: Partial<RotationRequest> = {}) =>
      issueVersion(team.as(name), { access, random: team.means.random }, key, { ...request, ...change });
    await refused(team, () => rotate('ben', wide), '*:* reaches billing:*');
    await refused(team, () => rotate('ben', hers), 'hers belongs to dee');
    await refused(team, () => rotate('eve', his), 'eve is no member of acme');
    await team.policy({ longestLife: 90 * DAY });
    await refused(team, () => rotate('ben', his, { expiresAt: null }), 'lives 90d at most');
    expect((await rotate('ben', his)).key.version).toBe(2);
    expect((await rotate('ana', wide)).key.scopes).toEqual(['*:*']);
  });

  test('by importing', async () => {
    const team = await openTeam();
    const candidate = {
      line: 1,
      name: 'old',
      purpose: null,
      owner: 'ben',
      ownerSaid: true,
      mode: 'live',
      networks: [],
      expiresAt: null,
      found: { kind: 'sha256', key: 0, digest: new Uint8Array(32) },
      aliases: [],
      verifier: { pepper: 0, hash: new Uint8Array(0) },
    } as const;
    const bring = (name: string, change: Partial<Candidate>) => {
      const wish = { workspace: team.workspace, integration: undefined, hmacKey: undefined, kinds: [] };
      const candidates = [{ ...candidate, scopes: [], ...change }];
      return importKeys(team.as(name), team.means.random, { ...wish, candidates }, () => undefined);
    };
    await refused(team, () => bring('ben', { scopes: ['*:read'] }), '*:read reaches billing:*');
    await refused(team, () => bring('ben', { scopes: ['a:b'], owner: 'dee' }), 'a key for dee');
    await refused(team, () => bring('vic', { scopes: [], owner: 'vic' }), 'vic is a viewer of acme');
    await refused(team, () => bring('eve', { scopes: ['a:b'] }), 'eve is no member of acme');
    const own = { scopes: ['a:b'], owner: 'eve', ownerSaid: false };
    await refused(team, () => bring('eve', own), 'eve is no member of acme');
    await team.policy({ longestLife: 90 * DAY });
    await refused(team, () => bring('ben', { scopes: ['a:b'] }), 'lives 90d at most');
    await team.policy({});
    expect(await bring('ben', { scopes: ['a:b'] })).toHaveLength(1);
  });

  test('by an integration', async () => {
    const team = await openTeam();
    const id = 'int_000000000001';
    const shop = { id, workspaceId: team.workspace.id, name: 'shop', purpose: null, url: null };
    await team.store.write((tx) =>
      tx.write.integrations.insert({
        ...shop,
        createdAt: 1,
        createdBy: 'ana',
        configuredAt: 1,
        disabledAt: null,
      }),
    );
    await team.keyOf('ben', { name: 'wide', scopes: ['*:*'] });
    const bind = () => updateKey(team.as('ben'), which('wide'), { integration: 'shop' });
    await refused(team, bind, '*:* reaches billing:*');
    const wish = { workspace: team.workspace, mode: 'live', networks: [], integration: 'shop' } as const;
    const make = () => createKey(team.as('ben'), team.means, { ...wish, scopes: ['billing:read'] });
    await refused(team, make, 'billing:read reaches billing:*');
  });

  test('by a longer life than the policy has, owners included', async () => {
    const team = await openTeam();
    await team.policy({ longestLife: 30 * DAY });
    for (const name of ['ana', 'adi', 'ben']) {
      await refused(team, () => create(team, name, ['orders:read'], null), 'lives 30d at most');
      const beyond = team.clock.at + 30 * DAY + 1;
      await refused(team, () => create(team, name, ['orders:read'], beyond), 'lives 30d at most');
    }
  });

  test('by a role or a policy that they give themselves', async () => {
    const team = await openTeam();
    const { workspace } = team;
    await refused(team, () => setRole(team.as('ben'), workspace, 'ben', 'admin'), 'takes an owner');
    await refused(team, () => setRole(team.as('adi'), workspace, 'adi', 'owner'), 'takes an owner');
    await refused(
      team,
      () => setPolicy(team.as('adi'), workspace, { restrictedScopes: [] }),
      'takes an owner',
    );
  });
});

describe('who has left', () => {
  test('an owner, too, can do nothing any more but stop a key by its secret', async () => {
    const team = await openTeam();
    const { workspace } = team;
    await setRole(team.ledger, workspace, 'adi', 'owner');
    await team.keyOf('ana', { name: 'hers' });
    await removeMember(team.as('adi'), workspace, 'ana', { fate: { reassignTo: 'adi' } });
    const reason = 'ana is no member of acme';
    await refused(team, () => create(team, 'ana', ['orders:read']), reason);
    await refused(team, () => updateKey(team.ledger, which('hers'), { name: 'other' }), reason);
    await refused(team, () => disableKeys(team.ledger, named('hers')), reason);
    await refused(team, () => setRole(team.ledger, workspace, 'ben', 'viewer'), reason);
    await refused(team, () => setPolicy(team.ledger, workspace, { createKeys: 'owner' }), reason);
    const held = { ...named('hers'), withSecret: true };
    expect((await disableKeys(team.ledger, held)).changed).toHaveLength(1);
  });

  test('gets nothing more as the owner of a new key', async () => {
    const team = await openTeam();
    await removeMember(team.ledger, team.workspace, 'ben', {});
    const failure = await failureOf(() => team.keyOf('ben'));
    expect(failure).toMatchObject({ code: 'not_found' });
  });

  test('a role that was taken away counts in the very next command', async () => {
    const team = await openTeam();
    await team.keyOf('dee', { name: 'hers' });
    const before = team.as('adi');
    await setRole(team.ledger, team.workspace, 'adi', 'viewer');
    await refused(team, () => disableKeys(before, named('hers')), 'adi is a viewer of acme');
  });
});
