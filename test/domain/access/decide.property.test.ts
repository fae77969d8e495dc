import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../../src/domain/access/decide.ts';
import { overlaps } from '../../../src/domain/access/overlap.ts';
import type { Ground } from '../../../src/domain/access/refusal.ts';
import { atLeast, ROLES } from '../../../src/domain/access/roles.ts';
import type { MakeKeys, Wish } from '../../../src/domain/access/wish.ts';
import { covers, coversAll } from '../../../src/domain/keys/scopes.ts';
import type { Policy } from '../../../src/domain/workspaces/policy.ts';

const part = fc.constantFrom('orders', 'billing', 'read', '*');
const scope = fc.tuple(part, part).map((parts) => parts.join(':'));
const scopes = fc.array(scope, { maxLength: 3 });
const role = fc.constantFrom(...ROLES);
const life = fc.option(fc.integer({ min: 1, max: 20 }));
const policy: fc.Arbitrary<Policy> = fc.record({
  createKeys: role,
  connectApps: role,
  restrictedScopes: scopes,
  restrictedProviderScopes: scopes,
  ceilings: fc.record({ admin: scopes, developer: scopes, viewer: scopes }),
  defaultLife: life,
  longestLife: life,
});
const ground = policy.map((one): Ground => ({ slug: 'acme', policy: one, members: [] }));
const name = fc.constantFrom('ana', 'ben');
const actor = fc.record({ name, role: fc.option(role, { nil: undefined }) });
const make: fc.Arbitrary<MakeKeys> = fc.record({
  kind: fc.constant('make-keys' as const),
  owner: name,
  newOwner: fc.option(name, { nil: undefined }),
  scopes,
  life: fc.option(
    life.map((until) => ({ from: 0, until })),
    { nil: undefined },
  ),
});
const runs = { numRuns: 2000 };

test('nobody but an owner grants beyond the ceiling of their role, or what is restricted, or for longer', () => {
  fc.assert(
    fc.property(actor, ground, make, (who, where, wish) => {
      if (!decide(who, where, wish).allow || who.role === 'owner') return;
      // Only members are allowed anything here.
      if (who.role === undefined) throw new Error('a stranger was allowed');
      const { ceilings, restrictedScopes, createKeys } = where.policy;
      expect(coversAll(ceilings[who.role], wish.scopes)).toBe(true);
      expect(atLeast(who.role, createKeys)).toBe(true);
      if (who.role === 'admin') return;
      expect(wish.owner).toBe(who.name);
      expect(wish.newOwner ?? who.name).toBe(who.name);
      expect(wish.scopes.some((one) => restrictedScopes.some((other) => overlaps(one, other)))).toBe(false);
    }),
    runs,
  );
});

test('the longest life holds for owners, too', () => {
  fc.assert(
    fc.property(actor, ground, make, (who, where, wish) => {
      const { longestLife } = where.policy;
      if (longestLife === null || wish.life === undefined || !decide(who, where, wish).allow) return;
      expect(wish.life.until ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(longestLife);
    }),
    runs,
  );
});

/** The same wish for more: scopes that cover the ones before, one more, a longer life. */
const wider = (wish: MakeKeys) =>
  fc
    .tuple(fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }), scopes, fc.nat(5))
    .map(([widened, more, longer]): MakeKeys => {
      const grown = wish.scopes.map((one, i) => (widened[i] ? one.replace(/^[^:]*/, '*') : one));
      const until = wish.life?.until;
      return {
        ...wish,
        scopes: [...grown, ...more],
        life: wish.life && { from: 0, until: typeof until === 'number' ? until + longer : null },
      };
    });

test('asking for more never turns a refusal into a yes', () => {
  const pair = make.chain((wish) => fc.tuple(fc.constant(wish), wider(wish)));
  fc.assert(
    fc.property(actor, ground, pair, (who, where, [wish, more]) => {
      expect(wish.scopes.every((one) => more.scopes.some((other) => covers(other, one)))).toBe(true);
      if (!decide(who, where, wish).allow) expect(decide(who, where, more).allow).toBe(false);
    }),
    runs,
  );
});

const any: fc.Arbitrary<Wish> = fc.oneof(
  make,
  fc.record({ kind: fc.constant('stop-keys' as const), key: name, owner: name }),
  fc.record({ kind: fc.constant('describe-key' as const), key: name, owner: name }),
  fc.record({ kind: fc.constant('change-app' as const), app: name, owner: name }),
  fc.record({ kind: fc.constant('revoke-grant' as const), app: name, authorizedBy: name }),
  fc.record({ kind: fc.constant('renew-grant' as const), app: name, account: name, authorizedBy: name }),
  fc.constant({ kind: 'use-apps' as const }),
  fc.constantFrom<Wish>(
    { kind: 'manage', what: 'integrations' },
    { kind: 'archive-workspace' },
    { kind: 'go-back' },
    { kind: 'set-policy' },
    { kind: 'connect-apps' },
    { kind: 'manage-store', what: 'slots' },
  ),
);

test('a higher role may do whatever a lower one may, its own ceiling aside', () => {
  fc.assert(
    fc.property(actor, ground, any, role, (who, where, wish, higher) => {
      if (who.role === undefined || !atLeast(higher, who.role)) return;
      const even = { ...where, policy: { ...where.policy, ceilings: EVEN } };
      if (decide(who, even, wish).allow)
        expect(decide({ ...who, role: higher }, even, wish).allow).toBe(true);
    }),
    runs,
  );
});

const EVEN = {
  admin: ['orders:*', '*:read'],
  developer: ['orders:*', '*:read'],
  viewer: ['orders:*', '*:read'],
};

test('a stranger may do nothing, and every refusal says why and what to do', () => {
  fc.assert(
    fc.property(actor, ground, any, (who, where, wish) => {
      const decision = decide(who, where, wish);
      if (who.role === undefined) expect(decision.allow).toBe(false);
      if (decision.allow) return;
      expect(decision.reason).toMatch(/\S[^.]$/);
      expect(decision.hint).toMatch(/\S/);
      if (who.role === undefined) expect(decision.hint).toContain('--actor');
    }),
    runs,
  );
});
