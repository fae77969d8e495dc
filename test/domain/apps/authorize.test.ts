import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recordGrant } from '../../../src/domain/apps/authorize.ts';
import { authorizeClient } from '../../../src/domain/apps/client-credentials.ts';
import { revokeGrant } from '../../../src/domain/apps/revoke.ts';
import { Failure } from '../../../src/errors.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { scopes } from '../../support/fake-token-server.ts';
import { openTokenDesk, STORES, type TokenDesk, writtenDown } from '../../support/token-desk.ts';

describe.each(STORES)('a consent, on a store in %s', (kind) => {
  let desk: TokenDesk;
  beforeEach(async () => {
    desk = await openTokenDesk(kind);
  });
  afterEach(() => desk.close());
  const record = (change: Partial<Parameters<typeof recordGrant>[2]> = {}) =>
    recordGrant(
      desk.ledger,
      { access: writtenDown, random: desk.means.random },
      {
        ...{ app: desk.app, kind: 'user', account: '@ana', asked: scopes('issues', 'wiki') },
        ...{ tokens: desk.server.consent(), redirectUri: null, habits: {}, ...change },
      },
    );

  test('is stored with its tokens sealed, bound to where they came from, and on record without them', async () => {
    expect(desk.grant).toMatchObject({
      ...{
        appId: desk.app.id,
        workspaceId: desk.workspace.id,
        account: '@ana',
        kind: 'user',
        tokenVersion: 1,
      },
      ...{ stamp: '- https://sso.example.com', redirectUri: 'http://127.0.0.1/callback', refreshable: true },
      ...{ asked: ['issues', 'wiki'], granted: ['issues', 'wiki'], authorizedBy: 'ana', needsReason: null },
    });
    expect(await desk.grantNow()).toEqual(desk.grant);
    expect(await desk.sealed()).toEqual(['access_token 1', 'refresh_token 1']);
    const [entry] = await desk.entries();
    expect(entry).toMatchObject({
      ...{ action: 'grant.authorize', target: desk.grant.id },
      facts: {
        account: '@ana',
        asked: ['issues', 'wiki'],
        renewed: false,
        bound_to: '- https://sso.example.com',
      },
    });
    expect(JSON.stringify(entry)).not.toMatch(/access-|refresh-/);
  });

  test('of the same account renews its grant, whatever became of it; of another makes another', async () => {
    await revokeGrant(desk.ledger, desk.grant.id);
    const { grant, renewed } = await record({ asked: scopes('wiki') });
    expect(renewed).toBe(true);
    expect(grant).toMatchObject({
      ...{ id: desk.grant.id, tokenVersion: 2, asked: ['wiki'], revokedAt: null, revocationPending: false },
      authorizedAt: desk.clock.at,
    });
    expect(await desk.grantNow()).toEqual(grant);
    expect(await desk.sealed()).toEqual(['access_token 2', 'refresh_token 2']);
    const other = await record({ account: '@ben' });
    expect(other).toMatchObject({ renewed: false, grant: { account: '@ben', tokenVersion: 1 } });
    expect(await desk.store.grants.ofApp(desk.app.id)).toHaveLength(2);
  });

  test('tells what was granted apart from what was asked, in the words of the provider', async () => {
    const tokens = { ...desk.server.consent(), scopes: scopes('issues', 'https://x/email') };
    const { comparison, grant } = await record({
      tokens,
      asked: scopes('issues', 'email'),
      habits: { aliases: { email: 'https://x/email' } },
    });
    expect(comparison.kind).toBe('same');
    expect(grant.granted).toEqual(['issues', 'https://x/email']);
    const wider = { ...desk.server.consent(), scopes: scopes('issues', 'admin') };
    expect((await record({ tokens: wider })).comparison).toEqual({
      kind: 'mixed',
      missing: ['wiki'],
      added: ['admin'],
    });
  });

  test('that grants more than the allowlist has is kept to be revoked, and gives out no token', async () => {
    await desk.store.write((tx) => tx.write.apps.update(desk.app.id, { allowlist: ['issues'] }));
    const tokens = { ...desk.server.consent(), scopes: scopes('issues', 'admin') };
    const { grant } = await record({ tokens, asked: scopes('issues') });
    expect(grant.needsReason).toContain('admin');
    expect(await failureOf(() => desk.keeper.fresh(grant.id))).toMatchObject({ exitCode: 8 });
    expect((await record({ asked: scopes('issues') })).grant.needsReason).toBeNull();
  });

  test('of somebody who lost the right meanwhile, or in an archived workspace, stores nothing', async () => {
    await desk.store.write((tx) => tx.write.workspaces.setRole(desk.workspace.id, 'ana', 'viewer'));
    expect(await failureOf(() => record())).toMatchObject({ code: 'forbidden' });
    await desk.store.write((tx) => tx.write.workspaces.setRole(desk.workspace.id, 'ana', 'owner'));
    await desk.store.write((tx) => tx.write.workspaces.setArchived(desk.workspace.id, 5));
    expect(await failureOf(() => record())).toMatchObject({ code: 'wrong_state' });
    expect(await desk.grantNow()).toEqual(desk.grant);
    expect(await desk.sealed()).toEqual(['access_token 1', 'refresh_token 1']);
  });

  test('of a developer never takes over what somebody else authorized, however that stood', async () => {
    const { workspace, store, ledger } = desk;
    const ben = {
      workspaceId: workspace.id,
      name: 'ben',
      role: 'developer',
      createdAt: desk.clock.at,
    } as const;
    await store.write((tx) => tx.write.workspaces.addMember(ben));
    const bens = recordGrant(
      { ...ledger, actor: { ...ledger.actor, name: 'ben' } },
      { access: writtenDown, random: desk.means.random },
      {
        ...{ app: desk.app, kind: 'user', account: '@ana', asked: scopes('wiki') },
        ...{ tokens: desk.server.consent(), redirectUri: null, habits: {} },
      },
    );
    expect((await failureOf(() => bens)).code).toBe('forbidden');
    expect(await desk.grantNow()).toEqual(desk.grant);
  });

  test('of nobody: client credentials bring a grant of the client itself', async () => {
    const means = {
      access: writtenDown,
      random: desk.means.random,
      authorization: desk.server.authorization,
    };
    const { grant } = await authorizeClient(desk.ledger, means, desk.app, scopes('issues'));
    expect(grant).toMatchObject({
      kind: 'client-credentials',
      account: 'client',
      refreshable: false,
      redirectUri: null,
    });
    desk.server.meanwhile = async () => {
      throw new Failure('provider_failed', 'invalid_client');
    };
    expect(await failureOf(() => authorizeClient(desk.ledger, means, desk.app, []))).toMatchObject({
      exitCode: 7,
    });
    expect(await desk.store.grants.byId(grant.id)).toEqual(grant);
  });

  test('of somebody called as the client is stands beside the grant of the client, whichever comes first', async () => {
    const person = { account: 'client', asked: scopes('wiki') };
    const client = { kind: 'client-credentials', account: 'client', asked: scopes('issues') } as const;
    const first = await record(person);
    const own = await record(client);
    expect([first.grant.account, own.grant.account]).toEqual(['client@sso.example.com', 'client']);
    expect(await record(person)).toMatchObject({ renewed: true, grant: { id: first.grant.id } });
    expect(await record(client)).toMatchObject({ renewed: true, grant: { id: own.grant.id } });
  });

  test('never replaces a grant of another kind that got the same account before', async () => {
    await desk.store.write((tx) => tx.write.grants.update(desk.grant.id, { account: 'client' }));
    const own = () => record({ kind: 'client-credentials', account: 'client' });
    expect(await failureOf(own)).toMatchObject({ code: 'exists' });
    expect(await desk.grantNow()).toEqual({ ...desk.grant, account: 'client' });
    expect(await desk.sealed()).toEqual(['access_token 1', 'refresh_token 1']);
  });
});
