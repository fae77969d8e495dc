import { describe, expect, test } from 'vitest';
import { createKey } from '../../../src/domain/keys/create.ts';
import { findWorkspace } from '../../../src/domain/workspaces/find.ts';
import {
  addScope,
  createWorkspace,
  refuseUnlisted,
  removeScope,
  renameWorkspace,
  setArchived,
} from '../../../src/domain/workspaces/manage.ts';
import { failureOf, fakeRandom, openDesk } from '../../support/fake-ledger.ts';
import { openTeam, type Team } from '../../support/team.ts';

const SHOP = { slug: 'shop', name: 'Shop', kind: 'company', brand: 'shop' } as const;

describe('a workspace', () => {
  test('is made with the actor as its owner, and told of', async () => {
    const desk = await openTeam();
    const made = await createWorkspace(desk.as('adi'), fakeRandom(), SHOP);
    expect(await desk.store.workspaces.bySlug('shop')).toEqual(made);
    expect(made).toMatchObject({
      ...SHOP,
      id: expect.stringMatching(/^ws_[0-9A-Za-z]{12}$/),
      createdBy: 'adi',
      createdAt: desk.clock.at,
    });
    expect(await desk.store.workspaces.members(made.id)).toEqual([
      { workspaceId: made.id, name: 'adi', role: 'owner', createdAt: desk.clock.at },
    ]);
    expect((await desk.log()).at(-1)).toMatchObject({
      action: 'workspace.create',
      target: made.id,
      facts: { ...SHOP, owner: 'adi' },
    });
  });

  test('of a slug that is taken is refused, and nothing is written', async () => {
    const desk = openDesk();
    expect(
      await failureOf(() => createWorkspace(desk.ledger, fakeRandom(), { ...SHOP, slug: 'acme' })),
    ).toMatchObject({ code: 'exists' });
    expect(await desk.log()).toHaveLength(1);
  });

  test('changes its display name, never its slug or id', async () => {
    const desk = openDesk();
    const { workspace, changed } = await renameWorkspace(desk.ledger, 'acme', 'Acme International');
    expect([workspace, changed]).toEqual([{ ...desk.workspace, name: 'Acme International' }, true]);
    expect(await desk.store.workspaces.bySlug('acme')).toEqual(workspace);
    expect((await desk.log()).at(-1)?.facts).toEqual({
      slug: 'acme',
      name: 'Acme International',
      old_name: 'Acme',
    });
    expect((await renameWorkspace(desk.ledger, 'acme', 'Acme International')).changed).toBe(false);
    expect(await desk.log()).toHaveLength(2);
  });

  test('is archived and taken back; doing either again changes nothing', async () => {
    const desk = openDesk();
    const archived = async () => (await desk.store.workspaces.bySlug('acme'))?.archivedAt;
    expect((await setArchived(desk.ledger, 'acme', false)).changed).toBe(false);
    expect((await setArchived(desk.ledger, 'acme', true)).changed).toBe(true);
    expect(await archived()).toBe(desk.clock.at);
    desk.clock.at += 1;
    expect((await setArchived(desk.ledger, 'acme', true)).workspace.archivedAt).toBe(desk.clock.at - 1);
    expect((await setArchived(desk.ledger, 'acme', false)).changed).toBe(true);
    expect(await archived()).toBeNull();
    expect((await desk.log()).slice(1).map(({ action }) => action)).toEqual([
      'workspace.archive',
      'workspace.unarchive',
    ]);
  });

  test.each([
    ['acmee', 'did you mean acme?'],
    ['nothing-like-it', '{keywright} workspaces list'],
    ['__proto__', '{keywright} workspaces list'],
  ])('%s is not there', async (slug, hint) => {
    const desk = openDesk();
    for (const work of [
      () => findWorkspace(desk.store, slug),
      () => renameWorkspace(desk.ledger, slug, 'x'),
      () => setArchived(desk.ledger, slug, true),
    ]) {
      expect(await failureOf(work)).toMatchObject({
        code: 'not_found',
        message: `no workspace "${slug}"`,
        hint,
      });
    }
  });

  test('is found by its id, too', async () => {
    const desk = openDesk();
    expect(await findWorkspace(desk.store, desk.workspace.id)).toEqual(desk.workspace);
  });
});

describe('the catalogue of scopes', () => {
  test('grows and shrinks, and each is told of', async () => {
    const desk = openDesk();
    await addScope(desk.ledger, desk.workspace, 'orders:read', 'see orders');
    expect(await failureOf(() => addScope(desk.ledger, desk.workspace, 'orders:read', null))).toMatchObject({
      code: 'exists',
    });
    expect(await desk.store.workspaces.catalogue(desk.workspace.id)).toEqual([
      { workspaceId: desk.workspace.id, scope: 'orders:read', description: 'see orders' },
    ]);
    await removeScope(desk.ledger, desk.workspace, 'orders:read');
    expect(await desk.store.workspaces.catalogue(desk.workspace.id)).toEqual([]);
    const told = (await desk.log())
      .slice(1)
      .map(({ action, target, facts }) => [action, target, facts.scope]);
    expect(told).toEqual([
      ['scope.add', desk.workspace.id, 'orders:read'],
      ['scope.remove', desk.workspace.id, 'orders:read'],
    ]);
  });

  test('keeps the keys that have a scope which is removed', async () => {
    const desk = openDesk();
    const wish = {
      workspace: desk.workspace,
      scopes: ['orders:read'],
      mode: 'live',
      networks: [],
      expiresAt: null,
    } as const;
    const { key } = await createKey(desk.ledger, desk.means, wish);
    await addScope(desk.ledger, desk.workspace, 'orders:read', null);
    await removeScope(desk.ledger, desk.workspace, 'orders:read');
    expect((await desk.store.keys.byKid(key.kid))?.scopes).toEqual(['orders:read']);
  });

  test('says what is near to a scope that it lacks', async () => {
    const desk = openDesk();
    const listed = [{ workspaceId: 'ws_1', scope: 'orders:read', description: null }];
    refuseUnlisted(listed, desk.workspace, 'orders:read');
    expect(await failureOf(() => refuseUnlisted(listed, desk.workspace, 'order:read'))).toMatchObject({
      code: 'not_found',
      hint: 'did you mean orders:read?',
    });
    const failure = await failureOf(() => removeScope(desk.ledger, desk.workspace, 'users:write'));
    expect(failure).toMatchObject({ code: 'not_found', hint: '{keywright} scopes list -w acme' });
  });
});

describe('who may', () => {
  const allowed = async (work: (team: Team, name: string) => Promise<unknown>) => {
    const names: string[] = [];
    for (const name of ['ana', 'adi', 'ben', 'vic', 'eve']) {
      const team = await openTeam();
      const before = await team.log();
      try {
        await work(team, name);
        names.push(name);
      } catch (error) {
        expect(error).toMatchObject({ code: 'forbidden' });
        expect(await team.log()).toEqual(before);
      }
    }
    return names;
  };

  test('rename a workspace and change its catalogue: owners and admins', async () => {
    expect(await allowed((team, name) => renameWorkspace(team.as(name), 'acme', 'Other'))).toEqual([
      'ana',
      'adi',
    ]);
    expect(await allowed((team, name) => addScope(team.as(name), team.workspace, 'a:b', null))).toEqual([
      'ana',
      'adi',
    ]);
    const remove = async (team: Team, name: string) => {
      await addScope(team.as('ana'), team.workspace, 'a:b', null);
      return removeScope(team.as(name), team.workspace, 'a:b');
    };
    for (const name of ['ana', 'adi']) await remove(await openTeam(), name);
    for (const name of ['ben', 'eve']) {
      const team = await openTeam();
      expect(await failureOf(() => remove(team, name))).toMatchObject({ code: 'forbidden' });
    }
  });

  test('archive it and take that back: owners', async () => {
    expect(await allowed((team, name) => setArchived(team.as(name), 'acme', true))).toEqual(['ana']);
    const team = await openTeam();
    await setArchived(team.ledger, 'acme', true);
    expect(await failureOf(() => setArchived(team.as('adi'), 'acme', false))).toMatchObject({
      code: 'forbidden',
    });
    expect((await setArchived(team.ledger, 'acme', false)).changed).toBe(true);
  });

  test('make one: owners and admins of any that is not archived', async () => {
    const make = (team: Team, name: string) => createWorkspace(team.as(name), fakeRandom(name), SHOP);
    expect(await allowed(make)).toEqual(['ana', 'adi']);
    const team = await openTeam();
    await setArchived(team.ledger, 'acme', true);
    expect(await failureOf(() => make(team, 'ana'))).toMatchObject({ code: 'forbidden' });
  });
});
