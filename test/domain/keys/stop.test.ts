import { describe, expect, test, vi } from 'vitest';
import { createKey } from '../../../src/domain/keys/create.ts';
import { disableKeys, enableKeys, revokeKeys } from '../../../src/domain/keys/stop.ts';
import { createWorkspace } from '../../../src/domain/workspaces/manage.ts';
import { type Desk, failureOf, fakeRandom, openDesk } from '../../support/fake-ledger.ts';
import { openTeam } from '../../support/team.ts';

async function deskWith(...names: readonly string[]) {
  const desk = openDesk();
  for (const name of names) {
    await createKey(desk.ledger, desk.means, {
      workspace: desk.workspace,
      name,
      scopes: ['orders:read'],
      mode: 'live',
      networks: [],
      expiresAt: null,
    });
  }
  return desk;
}

const named = (...names: readonly string[]) => ({ names, workspaceId: undefined });
const ofAll = (desk: Desk) => ({ filter: { workspaceId: desk.workspace.id } });
const nameOf = ({ name }: { name: string }): string => name;
const byName = async (desk: Desk, name: string) => (await desk.store.keys.byName(undefined, name))[0];
const actions = async (desk: Desk) => (await desk.log()).map(({ action }) => action);

describe('revoking', () => {
  test('is final, kept with its reason, and told of', async () => {
    const desk = await deskWith('billing');
    const { changed, already } = await revokeKeys(desk.ledger, named('billing'), { reason: 'leaked' });
    expect([changed.map(nameOf), already]).toEqual([['billing'], []]);
    expect(await byName(desk, 'billing')).toMatchObject({
      revokedAt: desk.clock.at,
      revokedReason: 'leaked',
    });
    expect((await desk.log()).at(-1)).toMatchObject({
      action: 'key.revoke',
      locked: false,
      facts: { name: 'billing', revoked: true, disabled: false, reason: 'leaked' },
    });
  });

  test('needs no audit key, and may use the reserve', async () => {
    const desk = await deskWith('billing');
    const write = vi.spyOn(desk.store, 'write');
    await revokeKeys(desk.locked, named('billing'));
    expect(write).toHaveBeenCalledWith(expect.anything(), { urgent: true });
    expect((await desk.log()).at(-1)).toMatchObject({ action: 'key.revoke', locked: true, seal: null });
  });

  test('again is a success that changes nothing', async () => {
    const desk = await deskWith('billing');
    await revokeKeys(desk.ledger, named('billing'), { reason: 'leaked' });
    const before = [await byName(desk, 'billing'), await desk.log()];
    desk.clock.at += 1000;
    const { changed, already } = await revokeKeys(desk.ledger, named('billing'), { reason: 'other' });
    expect([changed, already.map(nameOf)]).toEqual([[], ['billing']]);
    expect([await byName(desk, 'billing'), await desk.log()]).toEqual(before);
  });

  test('many in one transaction, each with its entry', async () => {
    const desk = await deskWith('a', 'b', 'c');
    await revokeKeys(desk.ledger, named('b'));
    const { changed, already } = await revokeKeys(desk.ledger, named('a', 'b', 'c', 'a'));
    expect([changed.map(nameOf), already.map(nameOf)]).toEqual([['a', 'c'], ['b']]);
    expect((await actions(desk)).filter((action) => action === 'key.revoke')).toHaveLength(3);
  });

  test('one that is unknown among them leaves all as they were', async () => {
    const desk = await deskWith('a', 'b');
    const before = await desk.log();
    expect(await failureOf(() => revokeKeys(desk.ledger, named('a', 'nobody')))).toMatchObject({
      code: 'not_found',
    });
    expect((await byName(desk, 'a'))?.revokedAt).toBeNull();
    expect(await desk.log()).toEqual(before);
  });

  test('by a filter takes what fits now', async () => {
    const desk = await deskWith('a', 'b');
    await revokeKeys(desk.ledger, named('a'));
    const { changed } = await revokeKeys(desk.ledger, ofAll(desk), { expect: 1 });
    expect(changed.map(nameOf)).toEqual(['b']);
  });

  test.each([0, 1, 3])('of %i where there are two does nothing', async (expected) => {
    const desk = await deskWith('a', 'b');
    const before = await desk.log();
    const failure = await failureOf(() => revokeKeys(desk.ledger, ofAll(desk), { expect: expected }));
    expect(failure).toMatchObject({ code: 'changed', message: expect.stringContaining('2 keys fit') });
    expect(await desk.log()).toEqual(before);
  });

  test('wins against a pause at the same time, whoever comes first', async () => {
    for (let round = 0; round < 100; round++) {
      const desk = await deskWith('a');
      const works = [
        () => revokeKeys(desk.locked, named('a')),
        () => disableKeys(desk.locked, named('a')),
        () => enableKeys(desk.locked, named('a')),
      ];
      const turned = works.toSpliced(0, round % 3).concat(works.slice(0, round % 3));
      const [...outcomes] = await Promise.allSettled(turned.map((work) => work()));
      expect(outcomes[turned.indexOf(works[0] as (typeof works)[0])]?.status).toBe('fulfilled');
      expect((await byName(desk, 'a'))?.revokedAt).not.toBeNull();
    }
  });
});

describe('a pause', () => {
  test('and its end are told of; doing either again changes nothing', async () => {
    const desk = await deskWith('a');
    expect((await disableKeys(desk.locked, named('a'))).changed.map(nameOf)).toEqual(['a']);
    expect(await byName(desk, 'a')).toMatchObject({ disabledAt: desk.clock.at });
    expect((await disableKeys(desk.locked, named('a'))).already.map(nameOf)).toEqual(['a']);
    expect((await enableKeys(desk.ledger, named('a'))).changed.map(nameOf)).toEqual(['a']);
    expect((await enableKeys(desk.ledger, named('a'))).already.map(nameOf)).toEqual(['a']);
    expect(await byName(desk, 'a')).toMatchObject({ disabledAt: null });
    expect((await actions(desk)).slice(2)).toEqual(['key.disable', 'key.enable']);
    expect((await desk.log()).slice(2).map(({ facts }) => facts.disabled)).toEqual([true, false]);
  });

  test.each([
    ['disabled', disableKeys],
    ['enabled', enableKeys],
  ])('a revoked key can not be %s', async (what, work) => {
    const desk = await deskWith('a');
    await revokeKeys(desk.ledger, named('a'));
    const failure = await failureOf(() => work(desk.ledger, named('a')));
    expect(failure).toMatchObject({ code: 'wrong_state', message: `a is revoked and can't be ${what}` });
  });

  test('stays on a key that is revoked', async () => {
    const desk = await deskWith('a');
    await disableKeys(desk.ledger, named('a'));
    await revokeKeys(desk.ledger, named('a'));
    expect((await desk.log()).at(-1)?.facts).toMatchObject({ disabled: true, revoked: true });
    expect(await byName(desk, 'a')).toMatchObject({ disabledAt: desk.clock.at, revokedAt: desk.clock.at });
  });
});

describe('who may', () => {
  const someKeys = async () => {
    const team = await openTeam();
    await team.keyOf('ben', { name: 'mine' });
    await team.keyOf('dee', { name: 'hers' });
    return team;
  };

  test.each([
    ['revoke', revokeKeys],
    ['disable', disableKeys],
  ])('%s: the owner of a key, admins and owners, unlocked or not', async (_, work) => {
    for (const name of ['ben', 'adi', 'ana']) {
      const team = await someKeys();
      expect((await work(team.lockedAs(name), named('mine'))).changed.map(nameOf)).toEqual(['mine']);
    }
    for (const name of ['dee', 'vic', 'eve']) {
      const team = await someKeys();
      expect(await failureOf(() => work(team.lockedAs(name), named('mine')))).toMatchObject({
        code: 'forbidden',
      });
      expect(await byName(team, 'mine')).toMatchObject({ revokedAt: null, disabledAt: null });
    }
  });

  test('stop a key whose secret they hold: anybody', async () => {
    const team = await someKeys();
    const held = { ...named('mine'), withSecret: true };
    expect((await disableKeys(team.lockedAs('eve'), held)).changed.map(nameOf)).toEqual(['mine']);
    // That is no reason to put it to use again.
    expect(await failureOf(() => enableKeys(team.as('eve'), held))).toMatchObject({ code: 'forbidden' });
    expect((await revokeKeys(team.lockedAs('eve'), held)).changed.map(nameOf)).toEqual(['mine']);
  });

  test('stop several: who may stop each; else none is', async () => {
    const team = await someKeys();
    const before = await team.log();
    for (const selection of [named('mine', 'hers'), ofAll(team)]) {
      expect(await failureOf(() => revokeKeys(team.as('ben'), selection))).toMatchObject({
        code: 'forbidden',
        message: expect.stringContaining('hers belongs to dee'),
      });
    }
    expect(await byName(team, 'mine')).toMatchObject({ revokedAt: null });
    expect(await team.log()).toEqual(before);
    expect((await revokeKeys(team.as('adi'), ofAll(team))).changed).toHaveLength(2);
  });

  test('revoke what is revoked: anybody, since nothing happens', async () => {
    const team = await someKeys();
    await revokeKeys(team.ledger, named('mine'));
    expect((await revokeKeys(team.lockedAs('vic'), named('mine'))).already.map(nameOf)).toEqual(['mine']);
  });

  test('of two workspaces, each decides for its own', async () => {
    const team = await someKeys();
    const shop = { slug: 'shop', name: 'Shop', kind: 'company', brand: 'kw' } as const;
    const workspace = await createWorkspace(team.as('adi'), fakeRandom('shop'), shop);
    const wish = { workspace, name: 'theirs', scopes: [], mode: 'live', networks: [] } as const;
    await createKey(team.as('adi'), team.means, wish);
    // ana owns acme, and is nobody in shop.
    expect(await failureOf(() => revokeKeys(team.ledger, named('mine', 'theirs')))).toMatchObject({
      code: 'forbidden',
      message: 'ana is no member of shop',
    });
    expect((await revokeKeys(team.as('adi'), named('mine', 'theirs'))).changed).toHaveLength(2);
  });
});

test('revoking rolls an open delivery back and erases its sealed secret', async () => {
  const desk = await deskWith('a');
  const kid = (await byName(desk, 'a'))?.kid ?? '';
  const rotation = {
    id: 'rot_000000000001',
    kid,
    workspaceId: desk.workspace.id,
    fromVersion: 1,
    toVersion: 2,
  };
  const sealed = { record: rotation.id, field: 'secret', version: 2, sealed: new Uint8Array(60) };
  await desk.store.write(async (tx) => {
    const times = { startedAt: 1, startedBy: 'ana', updatedAt: 1 };
    const options = { state: 'issued', delivery: true, check: false, graceMs: 1000 } as const;
    await tx.write.rotations.insert({ ...rotation, ...options, ...times });
    await tx.write.slots.putSealed(sealed);
  });
  await disableKeys(desk.locked, named('a'));
  expect(await desk.store.rotations.open(kid)).toMatchObject({ id: rotation.id });
  await revokeKeys(desk.locked, named('a'));
  expect(await desk.store.rotations.open(kid)).toBeUndefined();
  expect(await desk.store.rotations.byId(rotation.id)).toMatchObject({ state: 'rolled-back' });
  expect(await desk.store.slots.sealed(rotation.id, 'secret')).toBeUndefined();
});
