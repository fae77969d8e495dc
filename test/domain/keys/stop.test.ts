import { describe, expect, test, vi } from 'vitest';
import { createKey } from '../../../src/domain/keys/create.ts';
import { disableKeys, enableKeys, revokeKeys } from '../../../src/domain/keys/stop.ts';
import { type Desk, failureOf, openDesk } from '../../support/fake-ledger.ts';

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
