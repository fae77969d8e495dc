import { beforeEach, describe, expect, test } from 'vitest';
import type { App } from '../../../src/domain/apps/app.ts';
import { beyondAllowlist, beyondRules } from '../../../src/domain/apps/exceed.ts';
import { setRole } from '../../../src/domain/workspaces/members.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/domain/workspaces/policy.ts';
import { setPolicy } from '../../../src/domain/workspaces/set-policy.ts';
import type { Role } from '../../../src/domain/workspaces/workspace.ts';
import { T0 } from '../../contracts/samples.ts';
import { type AppDesk, openAppDesk } from '../../support/app-desk.ts';

const ROLES: ReadonlyMap<string, Role> = new Map([
  ['ana', 'owner'],
  ['adi', 'admin'],
  ['ben', 'developer'],
]);
const given = (authorizedBy: string, ...granted: string[]) => ({ authorizedBy, asked: granted, granted });
const rules = (policy: Partial<Policy>) => ({ policy: { ...DEFAULT_POLICY, ...policy }, roles: ROLES });

describe('rules that a grant goes beyond', () => {
  test.each([
    ['none, by default', given('ben', 'repo'), {}, undefined],
    [
      'the least role',
      given('ben', 'repo'),
      { connectApps: 'admin' },
      'connecting apps takes admin at least, and ben is developer',
    ],
    ['the least role, met', given('adi', 'repo'), { connectApps: 'admin' }, undefined],
    [
      'a restricted scope',
      given('ben', 'repo', 'admin'),
      { restrictedProviderScopes: ['admin'] },
      'it has admin, which the policy leaves to owners and admins',
    ],
    [
      'a restricted scope, for an admin',
      given('adi', 'admin'),
      { restrictedProviderScopes: ['admin'] },
      undefined,
    ],
    [
      'a scope that only begins like one',
      given('ben', 'admin:org', 'Admin'),
      { restrictedProviderScopes: ['admin'] },
      undefined,
    ],
    ['no pattern', given('ben', 'admin:org'), { restrictedProviderScopes: ['admin:*', '*'] }, undefined],
    ['membership', given('zoe', 'repo'), {}, 'zoe is no member any more'],
  ] as const)('%s', (_, grant, policy, why) => {
    expect(beyondRules(grant, rules(policy))).toBe(why);
  });

  test('what was asked counts, too: the next refresh may bring it', () => {
    const grant = { authorizedBy: 'ben', asked: ['admin'], granted: ['repo'] };
    expect(beyondRules(grant, rules({ restrictedProviderScopes: ['admin'] }))).toContain('admin');
  });

  test('an allowlist that is not there allows everything, an empty one nothing', () => {
    expect(beyondAllowlist(given('ben', 'repo'), null, {})).toBeUndefined();
    expect(beyondAllowlist(given('ben', 'repo'), [], {})).toContain('repo');
    expect(beyondAllowlist(given('ben'), [], {})).toBeUndefined();
    expect(beyondAllowlist(given('ben', '__proto__'), ['constructor'], {})).toContain('__proto__');
  });
});

describe('a narrower policy', () => {
  let desk: AppDesk;
  let app: App;
  beforeEach(async () => {
    desk = await openAppDesk();
    app = await desk.app();
  });
  const set = async (wish: Partial<Policy>) => {
    const { grants } = await setPolicy(desk.ledger, desk.workspace, wish);
    return grants.map(({ account }) => account);
  };

  test('marks the grants that it does not allow any more, in the same transaction', async () => {
    const ben = await desk.grant(app, { account: '@ben', authorizedBy: 'ben', granted: ['repo'] });
    const adi = await desk.grant(app, { account: '@adi', authorizedBy: 'adi', granted: ['repo'] });
    await desk.grant(app, { account: '@old', authorizedBy: 'ben', revokedAt: T0 });
    const before = (await desk.log()).length;
    expect(await set({ connectApps: 'admin' })).toEqual(['@ben']);
    expect(await desk.entriesSince(before)).toEqual(['policy.set ws', 'grant.needs-authorization grant']);
    expect((await desk.log()).slice(before).filter(({ seal }) => seal !== null)).toHaveLength(1);
    expect((await desk.grantNow(ben))?.needsReason).toContain('ben is developer');
    expect(await desk.grantNow(adi)).toEqual(adi);
  });

  test('marks no grant for what it was not allowed before, nor when nothing changes', async () => {
    await desk.grant(app, { authorizedBy: 'vic', granted: ['repo'] });
    expect(await set({ restrictedProviderScopes: ['repo'] })).toEqual([]);
    await desk.grant(app, { account: '@b', authorizedBy: 'ben', granted: ['repo'] });
    expect(await set({ restrictedProviderScopes: ['repo'] })).toEqual([]);
    expect(await set({ restrictedProviderScopes: ['repo', 'gist'] })).toEqual([]);
  });

  test('that restricts a scope of a provider marks who has it, and says so in the log', async () => {
    await desk.grant(app, { authorizedBy: 'ben', asked: ['gist'], granted: ['gist'] });
    await desk.grant(app, { account: '@c', authorizedBy: 'ben', asked: ['repo'], granted: ['repo'] });
    const before = (await desk.log()).length;
    expect(await set({ restrictedProviderScopes: ['gist'] })).toEqual(['@ana']);
    expect((await desk.log())[before]?.facts).toMatchObject({ restricted_provider_scopes: ['gist'] });
  });

  test('so does a lower role of who authorized it', async () => {
    const ben = await desk.grant(app, { authorizedBy: 'ben' });
    await desk.grant(app, { account: '@dee', authorizedBy: 'dee' });
    expect((await setRole(desk.ledger, desk.workspace, 'ben', 'admin')).grants).toEqual([]);
    expect((await setRole(desk.ledger, desk.workspace, 'ben', 'viewer')).grants.map(({ id }) => id)).toEqual([
      ben.id,
    ]);
    expect((await desk.grantNow(ben))?.needsReason).toContain('ben is viewer');
  });

  test('and a wider one again frees what was marked for that, and nothing else', async () => {
    const ben = await desk.grant(app, { authorizedBy: 'ben', asked: ['gist'], granted: ['gist'] });
    const other = await desk.grant(app, {
      account: '@b',
      authorizedBy: 'ben',
      needsReason: 'it was refused',
    });
    await set({ connectApps: 'admin' });
    // Two rules forbid it by now; the reason is always one that is true.
    await set({ restrictedProviderScopes: ['gist'] });
    expect(await set({ connectApps: 'developer' })).toEqual([]);
    expect((await desk.grantNow(ben))?.needsReason).toContain('it has gist');
    const before = (await desk.log()).length;
    expect(await set({ restrictedProviderScopes: [] })).toEqual(['@ana']);
    expect(await desk.entriesSince(before)).toEqual(['policy.set ws', 'grant.allowed-again grant']);
    expect(await desk.grantNow(ben)).toEqual(ben);
    expect((await desk.grantNow(other))?.needsReason).toBe('it was refused');
  });

  test('so does the role of before', async () => {
    const ben = await desk.grant(app, { authorizedBy: 'ben' });
    await setRole(desk.ledger, desk.workspace, 'ben', 'viewer');
    const { grants } = await setRole(desk.ledger, desk.workspace, 'ben', 'developer');
    expect(grants).toEqual([ben]);
    expect(await desk.grantNow(ben)).toEqual(ben);
  });

  test('of another workspace is none of its business', async () => {
    await desk.grant(app, { authorizedBy: 'ben' });
    const away = { ...desk.workspace, id: 'ws_000000000001', slug: 'away' };
    await desk.store.write(async (tx) => {
      await tx.write.workspaces.insert(away);
      await tx.write.workspaces.addMember({ workspaceId: away.id, name: 'ana', role: 'owner', createdAt: 1 });
    });
    expect((await setPolicy(desk.ledger, away, { connectApps: 'owner' })).grants).toEqual([]);
  });
});
