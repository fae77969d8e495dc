import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSlug, parseName, parseText, suggestSlug } from '../../src/domain/names.ts';
import token from '../vectors/token.json' with { type: 'json' };

const [frozen] = token.tokens;

describe('names', () => {
  test.each([
    ['billing', 'billing'],
    ['.', '.'],
    ['..', '..'],
    ['-rf', '-rf'],
    ['--', '--'],
    ['__proto__', '__proto__'],
    ['constructor', 'constructor'],
    ["'; DROP TABLE keys;--", "'; DROP TABLE keys;--"],
    ['%_', '%_'],
    ['a b', 'a b'],
    ['Cafe\u0301', 'Caf\u00e9'],
    ['日本語', '日本語'],
    ['🔑'.repeat(100), '🔑'.repeat(100)],
    ['a'.repeat(100), 'a'.repeat(100)],
    // 200 before, 100 after normalization.
    ['e\u0301'.repeat(100), '\u00e9'.repeat(100)],
    ['key_short', 'key_short'],
    // Bidi marks are made visible when shown; refusing them would refuse right-to-left names.
    ['a\u202eb', 'a\u202eb'],
  ])('%j', (text, name) => {
    expect(parseName(text)).toEqual({ name });
  });

  test.each([
    ['', 'is empty'],
    [' ', 'is empty'],
    ['\u00a0\u2003', 'is empty'],
    [' a', 'space'],
    ['a ', 'space'],
    ['a'.repeat(101), 'longer than 100'],
    ['a'.repeat(255), 'longer than 100'],
    ['a'.repeat(100_000), 'longer than 100'],
    ['🔑'.repeat(101), 'longer than 100'],
    ['a\nb', 'control'],
    ['a\rb', 'control'],
    ['a\tb', 'control'],
    ['a\0b', 'control'],
    ['a\u001b[2Jb', 'control'],
    ['a\u009bb', 'control'],
    ['a\u007f', 'control'],
    ['a\u2028b', 'control'],
    ['a\ud800b', 'control'],
    ['key_0123456789Ab', 'id or a key'],
    ['ws_0123456789Ab', 'id or a key'],
    ['slot_0123456789Ab', 'id or a key'],
    [frozen?.publicKey ?? '', 'id or a key'],
    [frozen?.secretKey ?? '', 'id or a key'],
    [`my ${frozen?.secretKey}`, 'id or a key'],
  ])('%j is refused: %s', (text, why) => {
    expect(parseName(text)).toEqual({ reason: expect.stringContaining(why) });
  });

  test('what is accepted is accepted again, unchanged', () => {
    const any = fc.string({ unit: 'binary', maxLength: 120 });
    const check = (text: string): boolean => {
      const parsed = parseName(text);
      if ('reason' in parsed) return true;
      const again = parseName(parsed.name);
      return 'name' in again && again.name === parsed.name && [...parsed.name].length <= 100;
    };
    fc.assert(fc.property(any, check), { numRuns: 500 });
  });
});

describe('lines of text', () => {
  test('are trimmed and normalized', () => {
    expect(parseText('  the invoice job  ')).toEqual({ text: 'the invoice job' });
    expect(parseText('Cafe\u0301')).toEqual({ text: 'Caf\u00e9' });
    expect(parseText('a'.repeat(1000))).toHaveProperty('text');
  });

  test.each([
    ['', 'is empty'],
    ['  \n ', 'is empty'],
    ['a'.repeat(1001), 'longer than 1000'],
    ['a'.repeat(1_000_000), 'longer than 1000'],
    ['a\nb', 'control'],
    ['a\u001bb', 'control'],
    ['\udc00', 'control'],
  ])('%j is refused: %s', (text, why) => {
    expect(parseText(text)).toEqual({ reason: expect.stringContaining(why) });
  });
});

describe('slugs', () => {
  test.each(['a', '0', 'acme', 'acme-corp', 'a-', 'a'.repeat(63)])('%s', (text) => {
    expect(isSlug(text)).toBe(true);
  });

  test.each(['', '-a', 'A', 'a_b', 'a b', 'a.b', 'ä', 'acme\n', 'a'.repeat(64), '__proto__'])(
    'not %j',
    (text) => {
      expect(isSlug(text)).toBe(false);
    },
  );

  test.each([
    ['Acme Corp', 'acme-corp'],
    ['  Acme  ', 'acme'],
    ['Crédit Agricole', 'credit-agricole'],
    ['Ünïcode', 'unicode'],
    ['a/b\\c', 'a-b-c'],
    ['../../etc', 'etc'],
    ['日本', undefined],
    ['---', undefined],
    ['', undefined],
    ['x'.repeat(200), 'x'.repeat(63)],
  ])('%j suggests %s', (text, slug) => {
    expect(suggestSlug(text)).toBe(slug);
  });

  test('what is suggested is a slug', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => isSlug(suggestSlug(text) ?? 'none')),
      { numRuns: 300 },
    );
  });
});
