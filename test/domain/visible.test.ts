import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visible } from '../../src/domain/visible.ts';
import { jsonText } from '../../src/terminal/json.ts';

const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Case 165: what a name, a scope or an error of a server may try. */
const ATTACKS: readonly [what: string, text: string, shown: string][] = [
  ['clear screen', '\x1b[2J', '\\u{1b}[2J'],
  ['window title (OSC 0)', '\x1b]0;root\x07', '\\u{1b}]0;root\\u{07}'],
  ['link (OSC 8)', '\x1b]8;;http://x\x1b\\', '\\u{1b}]8;;http://x\\u{1b}\\'],
  ['clipboard (OSC 52)', '\x1b]52;c;eA==\x07', '\\u{1b}]52;c;eA==\\u{07}'],
  ['DCS', '\x1bPq\x1b\\', '\\u{1b}Pq\\u{1b}\\'],
  ['C1 CSI', '\x9b2J', '\\u{9b}2J'],
  ['carriage return', 'ok\rforged', 'ok\\u{0d}forged'],
  ['backspace', 'ab\b', 'ab\\u{08}'],
  ['newline', 'a\nhint: rm -rf', 'a\\u{0a}hint: rm -rf'],
  ['tab', 'a\tb', 'a\\u{09}b'],
  ['DEL and NUL', '\x7f\0', '\\u{7f}\\u{00}'],
  ['bidi override', '\u202egnp.exe', '\\u{202e}gnp.exe'],
  ['bidi isolate', '\u2066a\u2069', '\\u{2066}a\\u{2069}'],
  ['zero width', 'a\u200bb\u200d\ufeff', 'a\\u{200b}b\\u{200d}\\u{feff}'],
  ['line and paragraph separator', '\u2028\u2029', '\\u{2028}\\u{2029}'],
  ['unpaired surrogate', 'a\ud800b', 'a\\u{d800}b'],
  ['tag characters', 'a\u{e0041}', 'a\\u{e0041}'],
  ['private use', '\ue000\u{f0000}', '\\u{e000}\\u{f0000}'],
  ['invisible letters and selectors', '\u3164\u115f\u{e0100}\u034f', '\\u{3164}\\u{115f}\\u{e0100}\\u{34f}'],
];

describe('visible', () => {
  test.each(ATTACKS)('shows %s as text', (_, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test.each(['orders:read', 'naïve café', 'e\u0301', '日本語', 'العربية', 'हिन्दी', '👍🏽 🇩🇪 ❤️ ☎️', 'ok…'])(
    'leaves %s alone',
    (text) => {
      expect(visible(text)).toBe(text);
    },
  );

  test('keeps the emoji of a joined sequence and shows the joiner', () => {
    expect(visible('🧑\u200d💻')).toBe('🧑\\u{200d}💻');
  });

  test('never gives out a character that could disturb a terminal', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text)).not.toMatch(HARMFUL);
        expect(visible(visible(text))).toBe(visible(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('the property is one that stripping escape sequences does not have', () => {
    const stripped = ATTACKS.filter(([, text]) => HARMFUL.test(stripVTControlCharacters(text)));
    expect(stripped.map(([what]) => what)).toEqual(
      expect.arrayContaining(['carriage return', 'backspace', 'newline', 'bidi override', 'zero width']),
    );
  });
});

describe('jsonText', () => {
  test('is exact to a parser and harmless to a terminal, whatever the strings hold', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (object) => {
        const text = jsonText(object);
        expect(text).not.toMatch(HARMFUL);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(object)));
      }),
      { numRuns: 1000 },
    );
    for (const [, text] of ATTACKS) expect(JSON.parse(jsonText({ text }))).toEqual({ text });
  });
});
