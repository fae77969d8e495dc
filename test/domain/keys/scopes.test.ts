import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACCESS_LEVELS, covers, coversAll, isScope, swapped } from '../../../src/domain/keys/scopes.ts';

/** The rule of DESIGN section 5, read aloud: two parts, each equal or `*` in the grant. */
function oracle(granted: string, asked: string): boolean {
  const wellFormed = (text: string): boolean => {
    const halves = text.split(':');
    const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';
    const isPart = (part: string): boolean =>
      part === '*' ||
      (part !== '' &&
        letters.includes(part[0] ?? '?') &&
        [...part].every((one) => `${letters}._-`.includes(one)));
    return text.length <= 200 && halves.length === 2 && halves.every(isPart);
  };
  if (!wellFormed(granted) || !wellFormed(asked)) return false;
  const [grant, ask] = [granted.split(':'), asked.split(':')];
  return [0, 1].every((i) => grant[i] === '*' || grant[i] === ask[i]);
}

const part = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('orders', 'read', 'write', '*', 'a', 'a.b', 'a-b', 'a_b', '1') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'A', '**', '*a', '.a', '__proto__', 'constructor', 'a b', 'é', 'a:b'),
  },
);
const scope = fc.tuple(part, part).map((parts) => parts.join(':'));

describe('one scope against another', () => {
  test('agrees with the rule read aloud', () => {
    fc.assert(
      fc.property(scope, scope, (granted, asked) => covers(granted, asked) === oracle(granted, asked)),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(scope, (one) => isScope(one) === oracle(one, one)),
      { numRuns: 500 },
    );
  });

  test.each([
    ['orders:read', 'orders:read', true],
    ['orders:read', 'orders:write', false],
    ['orders:*', 'orders:write', true],
    ['*:read', 'orders:read', true],
    ['*:*', 'orders:write', true],
    ['*:read', 'orders:write', false],
    // A wildcard that is asked for is only covered by one that is granted.
    ['orders:read', 'orders:*', false],
    ['orders:*', '*:*', false],
    ['*:*', '*:*', true],
    ['read', 'read:all', false],
    ['read:all', 'read', false],
    ['orders:Read', 'orders:Read', false],
    ['ORDERS:READ', 'orders:read', false],
    ['orders:read ', 'orders:read', false],
    ['orders', 'orders', false],
    ['', '', false],
    ['constructor', 'constructor', false],
    ['toString', 'toString', false],
    ['__proto__', '__proto__', false],
    ['orders:read:all', 'orders:read', false],
    ['*', 'orders:read', false],
    ['orders:rea', 'orders:read', false],
    ['orders:read', 'orders:rea', false],
    ['orders:.*', 'orders:read', false],
    [`${'a'.repeat(199)}:b`, `${'a'.repeat(199)}:b`, false],
    [`${'a'.repeat(198)}:b`, `${'a'.repeat(198)}:b`, true],
  ])('%s covers %s: %s', (granted, asked, expected) => {
    expect(covers(granted, asked)).toBe(expected);
    expect(coversAll([granted], [asked])).toBe(expected);
  });
});

describe('lists', () => {
  test('every asked scope needs a grant', () => {
    expect(coversAll(['orders:read', 'users:*'], ['orders:read', 'users:write'])).toBe(true);
    expect(coversAll(['orders:read'], ['orders:read', 'users:write'])).toBe(false);
    expect(coversAll([], ['orders:read'])).toBe(false);
    expect(coversAll([''], ['orders:read'])).toBe(false);
    expect(coversAll([], [])).toBe(true);
  });

  test('agree with the rule read aloud', () => {
    const lists = fc.array(scope, { maxLength: 4 });
    const check = (granted: readonly string[], asked: readonly string[]): boolean =>
      coversAll(granted, asked) === asked.every((ask) => granted.some((grant) => oracle(grant, ask)));
    fc.assert(fc.property(lists, lists, check), { numRuns: 1000 });
  });

  test('more grants never cover less', () => {
    const lists = fc.array(scope, { maxLength: 3 });
    const check = (granted: readonly string[], more: readonly string[], asked: readonly string[]): boolean =>
      !coversAll(granted, asked) || coversAll([...granted, ...more], asked);
    fc.assert(fc.property(lists, lists, lists, check), { numRuns: 500 });
  });
});

test('nothing of Object is a scope or grants one', () => {
  for (const name of Object.getOwnPropertyNames(Object.prototype)) {
    expect(isScope(name)).toBe(false);
    expect(coversAll([name, `${name}:${name}`], ['orders:read'])).toBe(false);
  }
});

test('a text of 1 MB is answered at once', () => {
  expect(isScope(`${'a'.repeat(1_000_000)}:b`)).toBe(false);
  expect(covers('*:*', `${'a-'.repeat(500_000)}:b`)).toBe(false);
});

test('access levels are scopes', () => {
  expect(ACCESS_LEVELS.read.every(isScope)).toBe(true);
  expect(coversAll(ACCESS_LEVELS['read-write'], ['orders:read', 'users:write'])).toBe(true);
  expect(coversAll(ACCESS_LEVELS.read, ['users:write'])).toBe(false);
  expect(coversAll(ACCESS_LEVELS['read-write'], ['users:delete'])).toBe(false);
});

test.each([
  ['read:orders', 'orders:read'],
  ['delete:users', 'users:delete'],
  ['orders:read', undefined],
  ['read:write', undefined],
  ['read:*', undefined],
  ['orders', undefined],
  ['read:Orders', undefined],
])('%s was meant to be %s', (text, expected) => {
  expect(swapped(text)).toBe(expected);
});
