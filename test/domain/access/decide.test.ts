import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/domain/access/decide.ts';
import type { Ground } from '../../../src/domain/access/refusal.ts';
import type { Wish } from '../../../src/domain/access/wish.ts';
import { DEFAULT_POLICY, type Policy } from '../../../src/domain/workspaces/policy.ts';
import type { Role } from '../../../src/domain/workspaces/workspace.ts';

const DAY = 86_400_000;
const ground = (policy: Partial<Policy> = {}): Ground => ({
  slug: 'acme',
  policy: { ...DEFAULT_POLICY, ...policy },
  members: [
    { name: 'adi', role: 'admin' },
    { name: 'ana', role: 'owner' },
  ],
});
const ROLES: readonly (Role | undefined)[] = ['owner', 'admin', 'developer', 'viewer', undefined];
/** Which of owner, admin, developer, viewer and stranger may, in this order. */
const who = (wish: Wish, policy: Partial<Policy> = {}): string =>
  ROLES.map((role) => (decide({ name: 'ben', role }, ground(policy), wish).allow ? 'y' : '-')).join('');

const make = (change: Partial<Extract<Wish, { kind: 'make-keys' }>> = {}): Wish => ({
  kind: 'make-keys',
  owner: 'ben',
  scopes: ['orders:read'],
  ...change,
});
const renew = (authorizedBy: string): Wish => ({
  ...{ kind: 'renew-grant', app: 'a', account: '@ana', authorizedBy },
});
const member = (from: Role | undefined, to: Role | undefined, name = 'cia'): Wish => ({
  kind: 'change-member',
  member: name,
  from,
  to,
});

describe.each<readonly [string, Wish, string]>([
  ['stop an own key', { kind: 'stop-keys', key: 'k', owner: 'ben' }, 'yyyy-'],
  ["stop another's key", { kind: 'stop-keys', key: 'k', owner: 'ana' }, 'yy---'],
  ['stop a key by its secret', { kind: 'stop-keys', key: 'k', owner: 'ana', withSecret: true }, 'yyyyy'],
  ['describe an own key', { kind: 'describe-key', key: 'k', owner: 'ben' }, 'yyy--'],
  ["describe another's key", { kind: 'describe-key', key: 'k', owner: 'ana' }, 'yy---'],
  ['make a key', make(), 'yyy--'],
  ['make a key for another', make({ owner: 'ana' }), 'yy---'],
  ['give a key away', make({ newOwner: 'ana' }), 'yy---'],
  ['take a key over', make({ owner: 'ana', newOwner: 'ben' }), 'yy---'],
  ['make a key that may do nothing', make({ scopes: [] }), 'yyy--'],
  ['grant what is restricted', make({ scopes: ['billing:read'] }), 'yy---'],
  ['grant what reaches it', make({ scopes: ['orders:read', '*:read'] }), 'yy---'],
  ['grant everything', make({ scopes: ['*:*'] }), 'yy---'],
  ['grant what is no scope', make({ scopes: ['Orders'] }), 'y----'],
  ['manage integrations', { kind: 'manage', what: 'integrations' }, 'yy---'],
  ['manage the catalogue', { kind: 'manage', what: 'the scope catalogue' }, 'yy---'],
  ['rename the workspace', { kind: 'manage', what: 'its name' }, 'yy---'],
  ['go back to a backup', { kind: 'go-back' }, 'y----'],
  ['archive the workspace', { kind: 'archive-workspace' }, 'y----'],
  ['set the policy', { kind: 'set-policy' }, 'y----'],
  ['connect apps', { kind: 'connect-apps' }, 'yyy--'],
  ['change an own app', { kind: 'change-app', app: 'a', owner: 'ben' }, 'yyy--'],
  ["change another's app", { kind: 'change-app', app: 'a', owner: 'ana' }, 'yy---'],
  ['use the tokens of apps', { kind: 'use-apps' }, 'yyy--'],
  ['revoke what oneself authorized', { kind: 'revoke-grant', app: 'a', authorizedBy: 'ben' }, 'yyyy-'],
  ['revoke what another authorized', { kind: 'revoke-grant', app: 'a', authorizedBy: 'ana' }, 'yy---'],
  ['renew what oneself authorized', renew('ben'), 'yyyy-'],
  ['renew what another authorized', renew('ana'), 'yy---'],
  ['manage slots', { kind: 'manage-store', what: 'slots' }, 'yy---'],
  ['back up and restore', { kind: 'manage-store', what: 'backups' }, 'yy---'],
  ['make a workspace', { kind: 'manage-store', what: 'new workspaces' }, 'yy---'],
  ['accept a rollback', { kind: 'manage-store', what: 'rollbacks' }, 'yy---'],
  ['add a developer', member(undefined, 'developer'), 'yy---'],
  ['add an admin', member(undefined, 'admin'), 'y----'],
  ['add an owner', member(undefined, 'owner'), 'y----'],
  ['make a viewer a developer', member('viewer', 'developer'), 'yy---'],
  ['make a developer an admin', member('developer', 'admin'), 'y----'],
  ['demote an admin', member('admin', 'viewer'), 'y----'],
  ['demote an owner', member('owner', 'viewer'), 'y----'],
  ['remove a developer', member('developer', undefined), 'yy---'],
  ['remove an owner', member('owner', undefined), 'y----'],
  ['leave', member('viewer', undefined, 'ben'), 'yyyy-'],
  ['raise oneself', member('viewer', 'developer', 'ben'), 'yy---'],
])('%s', (_, wish, expected) => {
  test(`is for owner, admin, developer, viewer, stranger: ${expected}`, () => {
    expect(who(wish)).toBe(expected);
  });
});

test('who leaves gives nothing to others, unless they answer for all', () => {
  const wish = {
    kind: 'change-member',
    member: 'ben',
    from: 'viewer',
    to: undefined,
    reassigns: true,
  } as const;
  expect(who(wish)).toBe('yy---');
});

describe('the policy says', () => {
  test.each<readonly [Role, string]>([
    ['viewer', 'yyy--'],
    ['developer', 'yyy--'],
    ['admin', 'yy---'],
    ['owner', 'y----'],
  ])('who may create keys: %s', (createKeys, expected) => {
    // A viewer may, but by default has nothing to grant.
    expect(who(make(), { createKeys })).toBe(expected);
  });

  test('who may connect apps', () => {
    expect(who({ kind: 'connect-apps' }, { connectApps: 'viewer' })).toBe('yyyy-');
  });

  test('the most that each role may grant', () => {
    const ceilings = { admin: ['orders:*'], developer: ['orders:read'], viewer: ['orders:read'] };
    const policy = { ceilings, createKeys: 'viewer' } as const;
    expect(who(make(), policy)).toBe('yyyy-');
    expect(who(make({ scopes: ['orders:write'] }), policy)).toBe('yy---');
    expect(who(make({ scopes: ['orders:*'] }), policy)).toBe('yy---');
    expect(who(make({ scopes: ['*:read'] }), policy)).toBe('y----');
    expect(who(make({ scopes: ['orders:read', 'shop:read'] }), policy)).toBe('y----');
  });

  test('how long a key lives, to the millisecond and for everybody', () => {
    const policy = { longestLife: 7 * DAY };
    const from = 1000;
    expect(who(make({ life: { from, until: from + 7 * DAY } }), policy)).toBe('yyy--');
    expect(who(make({ life: { from, until: from + 7 * DAY + 1 } }), policy)).toBe('-----');
    expect(who(make({ life: { from, until: null } }), policy)).toBe('-----');
    expect(who(make({ life: { from, until: null } }))).toBe('yyy--');
    // What is left as it is, is not asked for.
    expect(who(make(), policy)).toBe('yyy--');
  });
});

test('who can do it is named once, the owner of the key first', () => {
  const stop = (owner: string) =>
    decide({ name: 'ben', role: 'developer' }, ground(), { kind: 'stop-keys', key: 'nightly', owner });
  for (const [owner, names] of [
    ['ana', 'ana or adi'],
    ['adi', 'adi or ana'],
    ['dee', 'dee or adi or ana'],
  ] as const)
    expect(stop(owner)).toMatchObject({ hint: expect.stringMatching(`^${names} can do it; `) });
});

describe('a refusal', () => {
  const ben = (role: Role | undefined, wish: Wish, policy: Partial<Policy> = {}) =>
    decide({ name: 'ben', role }, ground(policy), wish);

  test.each<readonly [Role | undefined, Wish, Partial<Policy>, string, string]>([
    [undefined, make(), {}, 'ben is no member of acme', '--actor says who you are; adi or ana can add ben'],
    [
      'viewer',
      make(),
      {},
      'takes a developer at least, and ben is a viewer of acme',
      'members update ben --role',
    ],
    ['admin', { kind: 'set-policy' }, {}, 'takes an owner, and ben is an admin', 'ana can do it'],
    ['developer', make({ scopes: ['*:read'] }), {}, '*:read reaches billing:*', 'policy show -w acme'],
    [
      'developer',
      make({ owner: 'ana', key: 'nightly' }),
      {},
      'nightly belongs to ana',
      'adi or ana can do it',
    ],
    [
      'developer',
      { kind: 'stop-keys', key: 'nightly', owner: 'ana' },
      {},
      'nightly belongs to ana',
      '--from-stdin',
    ],
    [
      'viewer',
      make(),
      { createKeys: 'viewer' },
      'a viewer of acme may grant nothing, not orders:read',
      'policy show',
    ],
    [
      'developer',
      make({ life: { from: 0, until: null } }),
      { longestLife: DAY },
      'lives 1d at most',
      'policy show',
    ],
    ['developer', { kind: 'manage-store', what: 'slots' }, {}, 'and ben is none', '--actor'],
  ])('of a %s names the role or the rule', (role, wish, policy, reason, hint) => {
    expect(ben(role, wish, policy)).toEqual({
      allow: false,
      reason: expect.stringContaining(reason),
      hint: expect.stringContaining(hint),
    });
  });

  test('puts a name into its command so that a shell takes it for nothing else', () => {
    const decision = decide({ name: "b'; rm -rf ~ #", role: undefined }, ground(), make());
    expect(decision).toMatchObject({
      hint: expect.stringMatching(/members add 'b'\\''; rm -rf ~ #' -w acme$/),
    });
  });

  test('names an owner where none is known', () => {
    const decision = decide({ name: 'ben', role: undefined }, { ...ground(), members: [] }, make());
    expect(decision).toMatchObject({ hint: expect.stringContaining('an owner can add ben') });
  });
});
