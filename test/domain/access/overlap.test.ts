import fc from 'fast-check';
import { expect, test } from 'vitest';
import { overlaps } from '../../../src/domain/access/overlap.ts';
import { covers } from '../../../src/domain/keys/scopes.ts';

const PARTS = ['a', 'b', 'c', '*'] as const;
const part = fc.constantFrom(...PARTS);
const scope = fc.tuple(part, part).map((parts) => parts.join(':'));
/** Every concrete scope of a world in which the patterns leave at least one part unnamed. */
const CONCRETE = ['a', 'b', 'c', 'other'].flatMap((one) =>
  ['a', 'b', 'c', 'other'].map((two) => `${one}:${two}`),
);

test('two patterns overlap when a concrete scope exists that both cover', () => {
  fc.assert(
    fc.property(scope, scope, (one, other) => {
      const byForce = CONCRETE.some((concrete) => covers(one, concrete) && covers(other, concrete));
      expect(overlaps(one, other)).toBe(byForce);
    }),
    { numRuns: 1000 },
  );
});

test('the order does not matter', () => {
  fc.assert(fc.property(scope, scope, (one, other) => overlaps(one, other) === overlaps(other, one)));
});

test.each([
  ['*:read', 'billing:*', true],
  ['billing:read', 'billing:*', true],
  ['*:*', 'billing:write', true],
  ['orders:*', 'billing:*', false],
  ['orders:read', '*:write', false],
])('%s and %s: %s', (one, other, meet) => {
  expect(overlaps(one, other)).toBe(meet);
});

test.each(['', 'billing', 'Billing:*', 'billing:*:read', '__proto__:*', '*'])(
  'what does not parse (%j) reaches nothing',
  (text) => {
    expect(overlaps(text, '*:*')).toBe(false);
    expect(overlaps('*:*', text)).toBe(false);
  },
);
