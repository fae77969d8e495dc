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

const SHOP = { slug: 'shop', name: 'Shop', kind: 'company', brand: 'shop' } as const;

describe('a workspace', () => {
  test('is made with the actor as its owner, and told of', async () => {
    const desk = openDesk('ben');
    const made = await createWorkspace(desk.ledger, fakeRandom(), SHOP);
    expect(await desk.store.workspaces.bySlug('shop')).toEqual(made);
    expect(made).toMatchObject({
      ...SHOP,
      id: expect.stringMatching(/^ws_[0-9A-Za-z]{12}$/),
      createdBy: 'ben',
      createdAt: desk.clock.at,
    });
    expect(await desk.store.workspaces.members(made.id)).toEqual([
      { workspaceId: made.id, name: 'ben', role: 'owner', createdAt: desk.clock.at },
    ]);
    expect((await desk.log()).at(-1)).toMatchObject({
      action: 'workspace.create',
      target: made.id,
      facts: { ...SHOP, owner: 'ben' },
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
    expect(failure).toMatchObject({ code: 'not_found', hint: '{keywright} scopes add users:write -w acme' });
  });
});
