import { describe, expect, test } from 'vitest';
import { keyId } from '../../../src/domain/ids.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import { removeMember } from '../../../src/domain/workspaces/remove-member.ts';
import { openAppDesk } from '../../support/app-desk.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { openTeam, type Team } from '../../support/team.ts';

async function teamWithKeys() {
  const team = await openTeam();
  const mine = [await team.keyOf('ben', { name: 'nightly' }), await team.keyOf('ben', { name: 'reports' })];
  const gone = await team.keyOf('ben', { name: 'gone' });
  await revokeKeys(team.ledger, { names: ['gone'], workspaceId: undefined });
  return { team, mine, gone, other: await team.keyOf('dee', { name: 'other' }) };
}

const members = async ({ store, workspace }: Team) =>
  (await store.workspaces.members(workspace.id)).map(({ name }) => name);
const remove = (team: Team, options: Parameters<typeof removeMember>[3], name = 'ben', by = 'ana') =>
  removeMember(team.as(by), team.workspace, name, options);

describe('who is removed', () => {
  test('and owns nothing is simply gone', async () => {
    const team = await openTeam();
    const { member, keys } = await remove(team, {});
    expect([member.name, keys]).toEqual(['ben', []]);
    expect(await members(team)).not.toContain('ben');
    expect((await team.log()).at(-1)).toMatchObject({
      action: 'member.remove',
      facts: { member: 'ben', role: 'developer' },
    });
  });

  test('and owns something is not gone before it is said what becomes of that', async () => {
    const { team } = await teamWithKeys();
    const before = await team.log();
    expect(await failureOf(() => remove(team, {}))).toMatchObject({
      code: 'usage',
      message: 'ben owns 2 keys: reports, nightly',
      hint: 'say --reassign-to MEMBER or --revoke-owned',
    });
    expect(await members(team)).toContain('ben');
    expect(await team.log()).toEqual(before);
  });

  test('hands what they own to another member, in one transaction', async () => {
    const { team, mine, gone, other } = await teamWithKeys();
    const before = (await team.log()).length;
    const { keys } = await remove(team, { fate: { reassignTo: 'vic' }, expect: 2 });
    expect(keys.map(({ owner }) => owner)).toEqual(['vic', 'vic']);
    for (const { kid } of mine)
      expect(await team.store.keys.byKid(kid)).toMatchObject({ owner: 'vic', revokedAt: null });
    // What was over stays as it was, for the record.
    expect((await team.store.keys.byKid(gone.kid))?.owner).toBe('ben');
    expect(await team.store.keys.byKid(other.kid)).toEqual(other);
    const entries = (await team.log()).slice(before);
    expect(entries.map(({ action }) => action)).toEqual(['key.update', 'key.update', 'member.remove']);
    expect(entries[0]).toMatchObject({ facts: { owner: 'vic', old_owner: 'ben' } });
    expect(entries.at(-1)?.facts).toEqual({ member: 'ben', role: 'developer', reassigned: 2 });
    expect(entries.filter(({ seal }) => seal !== null)).toHaveLength(1);
  });

  test('or has it revoked', async () => {
    const { team, mine, other } = await teamWithKeys();
    const before = (await team.log()).length;
    await remove(team, { fate: 'revoke' });
    for (const { kid } of mine) {
      expect(await team.store.keys.byKid(kid)).toMatchObject({
        owner: 'ben',
        revokedAt: team.clock.at,
        revokedReason: 'ben was removed',
      });
    }
    expect((await team.store.keys.byKid(other.kid))?.revokedAt).toBeNull();
    const entries = (await team.log()).slice(before);
    expect(entries.map(({ action }) => action)).toEqual(['key.revoke', 'key.revoke', 'member.remove']);
    expect(entries.map(({ target }) => target)).toContain(keyId(mine[0]?.kid ?? ''));
    expect(entries.at(-1)?.facts).toMatchObject({ revoked: 2 });
  });

  test('and got another key meanwhile is looked at again', async () => {
    const { team } = await teamWithKeys();
    expect(await failureOf(() => remove(team, { fate: 'revoke', expect: 1 }))).toMatchObject({
      code: 'changed',
    });
    expect(await members(team)).toContain('ben');
  });

  test('an heir must be another member', async () => {
    const { team } = await teamWithKeys();
    const to = (reassignTo: string) => failureOf(() => remove(team, { fate: { reassignTo } }));
    expect(await to('veronica')).toMatchObject({ code: 'not_found' });
    expect(await to('eve')).toMatchObject({ code: 'not_found' });
    expect(await to('ben')).toMatchObject({ code: 'usage' });
    expect(await members(team)).toContain('ben');
  });

  test('the last owner stays', async () => {
    const team = await openTeam();
    for (const fate of [undefined, 'revoke', { reassignTo: 'adi' }] as const)
      expect(await failureOf(() => remove(team, { fate }, 'ana'))).toMatchObject({ code: 'wrong_state' });
  });
});

describe('who authorized apps', () => {
  async function withGrants() {
    const desk = await openAppDesk();
    const app = await desk.app();
    const mine = await desk.grant(app, { account: '@ben', authorizedBy: 'ben' });
    await desk.grant(app, { account: '@old', authorizedBy: 'ben', revokedAt: 1 });
    const other = await desk.grant(app, { account: '@dee', authorizedBy: 'dee' });
    return { desk, mine, other, before: (await desk.log()).length };
  }

  test('is not gone before it is said what becomes of the grants', async () => {
    const { desk, mine } = await withGrants();
    await desk.keyOf('ben', { name: 'nightly' });
    expect(await failureOf(() => remove(desk, {}))).toMatchObject({
      code: 'usage',
      message: 'ben owns one key: nightly; one grant: github @ben',
    });
    expect(await failureOf(() => remove(desk, { fate: 'revoke', expect: 1 }))).toMatchObject({
      code: 'changed',
    });
    expect(await desk.grantNow(mine)).toEqual(mine);
  });

  test('has them revoked here, and pending at the provider', async () => {
    const { desk, mine, other, before } = await withGrants();
    const { grants } = await remove(desk, { fate: 'revoke', expect: 1 });
    const revoked = { ...mine, revokedAt: desk.clock.at, revocationPending: true };
    expect(grants.map(({ grant }) => grant)).toEqual([revoked]);
    expect(await desk.grantNow(mine)).toEqual(revoked);
    expect(await desk.grantNow(other)).toEqual(other);
    expect(await desk.entriesSince(before)).toEqual(['grant.revoke grant', 'member.remove ws']);
    expect((await desk.log()).at(-1)?.facts).toEqual({
      ...{ member: 'ben', role: 'developer', revoked_grants: 1 },
    });
  });

  test('hands them to another member, who could have authorized them', async () => {
    const { desk, mine, before } = await withGrants();
    await remove(desk, { fate: { reassignTo: 'dee' } });
    expect(await desk.grantNow(mine)).toEqual({ ...mine, authorizedBy: 'dee' });
    expect(await desk.entriesSince(before)).toEqual(['grant.reassign grant', 'member.remove ws']);
  });

  test('or to one who could not: then they have to be authorized again', async () => {
    const { desk, mine } = await withGrants();
    const { grants } = await remove(desk, { fate: { reassignTo: 'vic' } });
    const why = 'connecting apps takes developer at least, and vic is viewer';
    expect(grants[0]?.grant.needsReason).toBe(why);
    expect(await desk.grantNow(mine)).toEqual({ ...mine, authorizedBy: 'vic', needsReason: why });
  });

  test('apps that they registered go along, or stay; nobody has to say what becomes of them', async () => {
    const desk = await openAppDesk();
    const app = await desk.app({ name: 'bens' }, 'ben');
    const before = (await desk.log()).length;
    expect((await remove(desk, { fate: { reassignTo: 'dee' } })).apps).toEqual([
      { ...app, createdBy: 'dee' },
    ]);
    expect(await desk.store.apps.byId(app.id)).toEqual({ ...app, createdBy: 'dee' });
    expect(await desk.entriesSince(before)).toEqual(['app.reassign app', 'member.remove ws']);
    expect((await remove(desk, {}, 'dee', 'ana')).apps).toEqual([{ ...app, createdBy: 'dee' }]);
    expect((await desk.store.apps.byId(app.id))?.createdBy).toBe('dee');
  });

  test('who leaves hands no apps to others either', async () => {
    const desk = await openAppDesk();
    await desk.app({ name: 'bens' }, 'ben');
    const leave = () => remove(desk, { fate: { reassignTo: 'dee' } }, 'ben', 'ben');
    expect(await failureOf(leave)).toMatchObject({ code: 'forbidden' });
    await remove(desk, { fate: 'revoke' }, 'ben', 'ben');
  });

  test('who leaves hands no grants to others, unless they answer for all', async () => {
    const { desk } = await withGrants();
    const leave = () => remove(desk, { fate: { reassignTo: 'dee' } }, 'ben', 'ben');
    expect(await failureOf(leave)).toMatchObject({ code: 'forbidden' });
    await remove(desk, { fate: 'revoke' }, 'ben', 'ben');
  });
});

describe('who may remove', () => {
  test.each([
    ['ben', 'ben', true],
    ['vic', 'vic', true],
    ['adi', 'ben', true],
    ['adi', 'adi', true],
    ['ben', 'dee', false],
    ['eve', 'ben', false],
    ['adi', 'ana', false],
  ])('%s may remove %s: %s', async (by, name, allowed) => {
    const team = await openTeam();
    const work = () => remove(team, {}, name, by);
    if (allowed) expect((await work()).member.name).toBe(name);
    else expect(await failureOf(work)).toMatchObject({ code: 'forbidden' });
  });

  test('who leaves can revoke what they own, not give it away', async () => {
    const { team } = await teamWithKeys();
    const give = () => remove(team, { fate: { reassignTo: 'dee' } }, 'ben', 'ben');
    expect(await failureOf(give)).toMatchObject({ code: 'forbidden' });
    expect((await remove(team, { fate: 'revoke' }, 'ben', 'ben')).keys).toHaveLength(2);
  });
});
