import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandLine, commandOn, flagLine, quote } from '../../src/domain/shell.ts';
import { visible } from '../../src/domain/visible.ts';
import { PROGRAM } from '../../src/errors.ts';

const WITH_BASH = (() => {
  try {
    execFileSync('bash', ['-c', 'true']);
    return true;
  } catch {
    return false;
  }
})();

describe('quote', () => {
  test.each([
    ['orders:read', 'orders:read'],
    ['', "''"],
    ['two words', "'two words'"],
    ["it's", "'it'\\''s'"],
    ['$(rm -rf ~)', "'$(rm -rf ~)'"],
    ['~', "'~'"],
    ['a\nb', "$'a\\012b'"],
    ["\x1b'\\", "$'\\033\\047\\134'"],
    ['=ls', "'=ls'"],
    ['a\\b', "'a'\\\\'b'"],
  ])('writes %j as %s', (word, quoted) => {
    expect(quote(word)).toBe(quoted);
  });

  test.skipIf(!WITH_BASH)('arrives unchanged in a shell, and what is printed is what is pasted', () => {
    const word = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 8 }), (words) => {
        const line = commandLine(...words);
        expect(visible(line)).toBe(line);
        const script = `printf '%s\\0' ${line}`;
        const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
        expect(
          execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8', env }).split('\0').slice(0, -1),
        ).toEqual(words);
      }),
      { numRuns: 60 },
    );
  });
});

test('commandOn puts a name that looks like a flag behind the flags', () => {
  expect(commandOn('keys rotate', 'billing', '-w', 'acme')).toBe(`${PROGRAM} keys rotate billing -w acme`);
  expect(commandOn('keys rotate', '-rf', '-w', 'acme')).toBe(`${PROGRAM} keys rotate -w acme -- -rf`);
  expect(flagLine('--slot', '-rf')).toBe('--slot=-rf');
});

test('commandLine leaves the place of the program name for the output', () => {
  expect(commandLine(PROGRAM, 'keys', 'show', 'my key')).toBe(`${PROGRAM} keys show 'my key'`);
});
