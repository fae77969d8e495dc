import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseQuery } from '../../../src/oauth/callback/query.ts';

const BASE = 'http://127.0.0.1:41873/callback';
const parse = (query: string): [string, string][] | undefined => {
  const params = parseQuery(`${BASE}?${query}`);
  return params === undefined ? undefined : [...params];
};

describe('parseQuery', () => {
  test('reads what a form would send', () => {
    expect(parse('code=a%2Bb&state=c+d&iss=https%3A%2F%2Fas.example%2F')).toEqual([
      ['code', 'a+b'],
      ['state', 'c d'],
      ['iss', 'https://as.example/'],
    ]);
    expect(parse('')).toEqual([]);
    expect(parseQuery(BASE)?.size).toBe(0);
  });

  test.each(['a=%', 'a=%4', 'a=%zz', '%=a', 'a=%%41', 'a=%u0041', 'a b', 'a=\n', 'a=#', 'a=é', 'a=\0'])(
    'refuses %j',
    (query) => {
      expect(parse(query)).toBeUndefined();
    },
  );

  test.each([
    'a=1&a=2',
    'a=1&a=1',
    'a=&a=1',
    'a=1&%61=2',
    'a&a',
    'state=x&b=1&state=x',
    'a=1&__proto__=2&a=3',
  ])('refuses a name that comes twice: %s', (query) => {
    expect(parse(query)).toBeUndefined();
  });

  test('names of an object are names like others', () => {
    expect(parse('__proto__=a&constructor=b')).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  test('gives back whatever pairs were written, in their order', () => {
    const text = fc.string({ unit: 'grapheme' });
    const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: ([name]) => name, maxLength: 8 });
    fc.assert(
      fc.property(pairs, (written) => {
        expect(parse(new URLSearchParams(written).toString())).toEqual(written);
      }),
    );
  });

  test('reads anything as the client library would, or not at all, and never throws', () => {
    const pieces = fc.constantFrom(
      'state',
      'code',
      '=',
      '&',
      '%',
      '%41',
      '%ff',
      '%2',
      '+',
      '?',
      '#',
      ' ',
      'é',
      ';',
    );
    const text = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 12 });
    fc.assert(
      fc.property(text, (parts) => {
        const query = parts.join('');
        const found = parse(query);
        const names = [...new URL(`${BASE}?${query}`).searchParams.keys()];
        if (found === undefined) {
          const malformed = /[^\x21-\x7e]|#|%(?![0-9A-Fa-f]{2})/.test(query);
          expect(malformed || new Set(names).size < names.length).toBe(true);
        } else expect(found).toEqual([...new URL(`${BASE}?${query}`).searchParams]);
      }),
      { numRuns: 1000 },
    );
  });
});
