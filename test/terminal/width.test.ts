import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visible } from '../../src/domain/visible.ts';
import { cut, pad, widthOf } from '../../src/terminal/width.ts';

describe('widthOf', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['日本', 4],
    ['한', 2],
    ['e\u0301', 1],
    ['👍🏽', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['ｱ', 1],
  ])('%s takes %i columns', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });
});

describe('cut', () => {
  test.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['abcdef', 1, '…'],
    ['abcdef', 0, ''],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
    ['👍🏽👍🏽', 3, '👍🏽…'],
    ['𠮷𠮷𠮷', 4, '𠮷…'],
  ])('cuts %s to %i columns', (text, columns, expected) => {
    expect(cut(text, columns)).toBe(expected);
  });

  test('what comes out fits, and text that fits is unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (raw, columns) => {
        const text = visible(raw);
        expect(widthOf(cut(text, columns))).toBeLessThanOrEqual(columns);
        if (widthOf(text) < columns) expect(cut(text, columns)).toBe(text);
      }),
    );
  });
});

test('pad fills up with spaces by columns, not by characters', () => {
  expect(pad('日本', 6)).toBe('日本  ');
  expect(pad('abcdef', 3)).toBe('abcdef');
});
