import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nearest, notFound } from '../../src/domain/nearest.ts';

test.each([
  ['acmee', ['acme', 'beta'], 'acme'],
  ['ordres:read', ['orders:read', 'orders:write'], 'orders:read'],
  ['ACME', ['acme'], 'acme'],
  ['kyes', ['keys', 'slots'], 'keys'],
  ['invoice', ['billing', 'deploy'], undefined],
  ['acme', [], undefined],
  ['xyz', ['abc'], undefined],
  ['deploy', ['deploy-production'], undefined],
  ['__proto__', ['acme', 'constructor'], undefined],
])('%s among %j means %s', (text, candidates, expected) => {
  expect(nearest(text, candidates)).toBe(expected);
});

test('a text of 100 000 characters is answered at once', () => {
  expect(nearest('a'.repeat(100_000), ['a'.repeat(99_000), 'acme'])).toBeUndefined();
});

/** The least number of letters to change, add, leave out or swap with their neighbour, by trying all. */
function distance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const swapped = a[0] === b[1] && a[1] === b[0] && a.length > 1;
  return Math.min(
    distance(a.slice(1), b) + 1,
    distance(a, b.slice(1)) + 1,
    distance(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
    swapped ? distance(a.slice(2), b.slice(2)) + 1 : Number.POSITIVE_INFINITY,
  );
}

test('the answer is the nearest, and within a third of the letters', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });
  const check = (text: string, candidates: readonly string[]): void => {
    const limit = text.length < 3 ? 0 : Math.max(1, Math.floor(text.length / 3));
    const within = candidates.map((one) => distance(text, one)).filter((one) => one <= limit);
    const answer = nearest(text, candidates);
    expect(answer === undefined ? undefined : distance(text, answer)).toBe(
      within.length === 0 ? undefined : Math.min(...within),
    );
  };
  fc.assert(fc.property(word, fc.array(word, { maxLength: 5 }), check), { numRuns: 200 });
});

test('a failure names what was probably meant, or else what to do', () => {
  expect(notFound('no workspace "acmee"', 'acmee', ['acme'], 'look at the list')).toMatchObject({
    code: 'not_found',
    message: 'no workspace "acmee"',
    hint: 'did you mean acme?',
    retry: { replace: 'acmee', by: 'acme' },
  });
  expect(notFound('no key "x"', 'x', ['billing'], 'look at the list')).toMatchObject({
    hint: 'look at the list',
    retry: undefined,
  });
});
