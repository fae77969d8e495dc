import { describe, expect, test } from 'vitest';
import { addMember, requireMember, requireOwner, setRole } from '../../../src/domain/workspaces/members.ts';
import { addKeys, someKey } from '../../contracts/samples.ts';
import { failureOf, openDesk } from '../../support/fake-ledger.ts';
import { openTeam } from '../../support/team.ts';

test('a member is named as stored', async () => {
  const desk = openDesk();
  expect(await requireMember(desk.store, desk.workspace.id, 'ana')).toBe('ana');
});

test.each([
  ['anna', 'did you mean ana?'],
  ['somebody', 'the members are ana'],
  ['Ana ', 'did you mean ana?'],
  ['constructor', 'the members are ana'],
])('%j is none', async (name, hint) => {
  const desk = openDesk();
  const failure = await failureOf(() => requireMember(desk.store, desk.workspace.id, name));
  expect(failure).toMatchObject({
    code: 'not_found',
    message: `no member "${name}" in this workspace`,
    hint,
  });
});

describe('an owner to filter by', () => {
  test('is a member, or owns a key, in this workspace or in any', async () => {
    const team = await openTeam();
    await addKeys(team.store, [someKey(team.workspace.id, { owner: 'left' })]);
    for (const owner of ['ben', 'left'])
      for (const where of [team.workspace.id, undefined]) await requireOwner(team.store, where, owner, 0);
  });

  test('who is neither is not taken for one without keys', async () => {
    const team = await openTeam();
    for (const where of [team.workspace.id, undefined])
      expect(await failureOf(() => requireOwner(team.store, where, 'bne', 0))).toMatchObject({
        code: 'not_found',
        hint: 'did you mean ben?',
        retry: { replace: 'bne', by: 'ben' },
      });
  });
});

describe('a new member', () => {
  test('is there from then on, and told of', async () => {
    const team = await openTeam();
    const member = await addMember(team.as('adi'), team.workspace, 'cia', 'viewer');
    expect(member).toEqual({
      workspaceId: team.workspace.id,
      name: 'cia',
      role: 'viewer',
      createdAt: team.clock.at,
    });
    expect(await team.store.workspaces.members(team.workspace.id)).toContainEqual(member);
    expect((await team.log()).at(-1)).toMatchObject({
      action: 'member.add',
      actor: 'adi',
      target: team.workspace.id,
      workspaceId: team.workspace.id,
      facts: { member: 'cia', role: 'viewer' },
    });
  });

  test('who is one already is refused, whatever the role', async () => {
    const team = await openTeam();
    for (const role of ['developer', 'viewer'] as const) {
      expect(await failureOf(() => addMember(team.ledger, team.workspace, 'ben', role))).toMatchObject({
        code: 'exists',
        message: 'ben is developer of acme already',
        hint: '{keywright} members update ben --role ROLE -w acme',
      });
    }
    expect(await team.log()).toHaveLength(1);
  });

  test.each([
    ['adi', 'admin'],
    ['adi', 'owner'],
    ['ben', 'viewer'],
    ['eve', 'viewer'],
  ] as const)('can not be made by %s as %s', async (name, role) => {
    const team = await openTeam();
    const failure = await failureOf(() => addMember(team.as(name), team.workspace, 'cia', role));
    expect(failure).toMatchObject({ code: 'forbidden', exitCode: 4 });
    expect(await team.log()).toHaveLength(1);
  });
});

describe('another role', () => {
  test('counts at once, and is told of', async () => {
    const team = await openTeam();
    const { member, changed } = await setRole(team.ledger, team.workspace, 'ben', 'admin');
    expect([member.role, changed]).toEqual(['admin', true]);
    expect((await team.log()).at(-1)).toMatchObject({
      action: 'member.update',
      facts: { member: 'ben', role: 'admin', old_role: 'developer' },
    });
    expect((await addMember(team.as('ben'), team.workspace, 'cia', 'viewer')).name).toBe('cia');
  });

  test('that is the one so far changes nothing', async () => {
    const team = await openTeam();
    expect((await setRole(team.ledger, team.workspace, 'ben', 'developer')).changed).toBe(false);
    expect(await team.log()).toHaveLength(1);
  });

  test('is not for the last owner, whoever asks', async () => {
    const team = await openTeam();
    expect(await failureOf(() => setRole(team.ledger, team.workspace, 'ana', 'admin'))).toMatchObject({
      code: 'wrong_state',
      message: 'ana is the last owner of acme',
    });
    await setRole(team.ledger, team.workspace, 'adi', 'owner');
    expect((await setRole(team.ledger, team.workspace, 'ana', 'admin')).changed).toBe(true);
    expect(await failureOf(() => setRole(team.as('adi'), team.workspace, 'adi', 'admin'))).toMatchObject({
      code: 'wrong_state',
    });
  });

  test('two owners who demote each other at once leave one', async () => {
    const team = await openTeam();
    await setRole(team.ledger, team.workspace, 'adi', 'owner');
    const outcomes = await Promise.allSettled([
      setRole(team.as('ana'), team.workspace, 'adi', 'viewer'),
      setRole(team.as('adi'), team.workspace, 'ana', 'viewer'),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    const members = await team.store.workspaces.members(team.workspace.id);
    expect(members.filter(({ role }) => role === 'owner').map(({ name }) => name)).toEqual(['ana']);
  });

  test.each([
    ['adi', 'adi', 'owner'],
    ['adi', 'ben', 'admin'],
    ['ben', 'ben', 'admin'],
    ['eve', 'ben', 'viewer'],
  ] as const)('%s can not make %s %s', async (name, whom, role) => {
    const team = await openTeam();
    expect(await failureOf(() => setRole(team.as(name), team.workspace, whom, role))).toMatchObject({
      code: 'forbidden',
    });
  });
});
