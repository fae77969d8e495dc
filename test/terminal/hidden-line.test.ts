import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HiddenLine, LONGEST_LINE } from '../../src/terminal/hidden-line.ts';

/** Sends the keys in one piece and one byte at a time; both must come to the same. */
function type(keys: string): { typed: string; text: string } {
  const whole = new HiddenLine();
  const typed = whole.take(Buffer.from(keys));
  const single = new HiddenLine();
  let last: string = 'more';
  for (const byte of Buffer.from(keys)) {
    last = single.take(Buffer.of(byte));
    if (last !== 'more') break;
  }
  expect([single.text, last]).toEqual([whole.text, typed]);
  return { typed, text: whole.text };
}

describe('HiddenLine', () => {
  test.each([
    ['a line', 'pass phrase\r', 'line', 'pass phrase'],
    ['with LF', 'x\n', 'line', 'x'],
    ['spaces stay', '  x  \r', 'line', '  x  '],
    ['letters of all kinds', 'pä日👍\r', 'line', 'pä日👍'],
    ['backspace takes one character', 'ab👍\x7f\x7fc\b\r', 'line', 'a'],
    ['backspace on nothing', '\x7fa\r', 'line', 'a'],
    ['Ctrl-U takes all', 'abc\x15d\r', 'line', 'd'],
    ['Ctrl-C', 'abc\x03', 'cancelled', 'abc'],
    ['Ctrl-D on an empty line', '\x04', 'cancelled', ''],
    ['Ctrl-D in a line does nothing', 'a\x04b\r', 'line', 'ab'],
    ['Ctrl-Z', 'a\x1a', 'suspend', 'a'],
    ['arrows and function keys do nothing', 'a\x1b[D\x1b[1;5C\x1bOPb\r', 'line', 'ab'],
    ['bracketed paste', '\x1b[200~pasted\x1b[201~\r', 'line', 'pasted'],
    ['bracketed paste of several lines', '\x1b[200~first\rsecond\r\x1b[201~', 'line', 'first'],
    ['pasted lines', 'first\nrm -rf /\n', 'line', 'first'],
    ['other controls do nothing', 'a\0\t\x01\x9bb\r', 'line', 'ab'],
    ['Ctrl-C after a lone escape', '\x1b\x03', 'cancelled', ''],
    ['Enter inside an escape sequence', 'a\x1b[\r', 'line', 'a'],
  ])('%s', (_, keys, typed, text) => {
    expect(type(keys)).toEqual({ typed, text });
  });

  test('knows that more came with the end of the line', () => {
    const alone = new HiddenLine();
    alone.take(Buffer.from('x\r'));
    const pasted = new HiddenLine();
    pasted.take(Buffer.from('x\ry'));
    expect([alone.pasted, pasted.pasted]).toEqual([false, true]);
  });

  test('is bounded', () => {
    const line = new HiddenLine();
    for (let i = 0; i < 100; i++) line.take(Buffer.alloc(1000, 'x'));
    expect(line.tooLong).toBe(true);
    expect(line.text.length).toBe(LONGEST_LINE + 1);
  });

  test('gives back whatever printable text was typed', () => {
    const printable = fc
      .string({ unit: 'grapheme' })
      .filter((text) => !/\p{Cc}/u.test(text) && text.isWellFormed());
    fc.assert(
      fc.property(printable, (text) => {
        expect(type(`${text}\r`).text).toBe(text);
      }),
    );
  });
});
