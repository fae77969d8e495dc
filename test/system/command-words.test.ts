import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wordsOf } from '../../src/system/command-words.ts';

const words = (line: string) => {
  const split = wordsOf(line);
  return 'words' in split ? split.words : split;
};

/** What a POSIX shell makes of the line. */
const byShell = (line: string): readonly string[] => {
  const script = `set -- ${line}\nfor word; do printf '%s\\0' "$word"; done`;
  const { stdout } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  return stdout.split('\0').slice(0, -1);
};

test.each([
  'gh secret set DEPLOY_KEY',
  "  a   'b c'\td  ",
  `a"b c"'d e'f`,
  `"a \\" b" 'c\\d' e\\ f`,
  `"a\\b" "c\\\\d" "e\\$f" "g\\\`h"`,
  'a \'\' ""',
  `'it'\\''s'`,
  'a#b x=#y',
  'curl https://example.com/?a=b',
  'a "x|y;z&<>()~*" b',
  'ä "ö ü" 🔑',
  'a\\\nb "c\\\nd"',
  'a b=c --flag=val',
  '{a,b} [x] !',
])('splits as a shell does: %s', (line) => {
  expect(words(line)).toEqual(byShell(line));
});

test('whatever is quoted comes out as it was', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab $`"\'\\|&;<>*~()#\n\t=é') });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 5 }), (given) => {
      const single = given.map((one) => `'${one.replaceAll("'", "'\\''")}'`);
      const double = given.map((one) => `"${one.replace(/[$`"\\]/g, '\\$&')}"`);
      expect(words(['cmd', ...single].join(' '))).toEqual(['cmd', ...given]);
      expect(words(['cmd', ...double].join(' '))).toEqual(['cmd', ...given]);
    }),
  );
});

test('what it splits, it splits as a shell does', () => {
  const line = fc.string({ unit: fc.constantFrom(...'ab \'"\\#=\t'), minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(line, (text) => {
      const split = wordsOf(`cmd ${text}`);
      if ('words' in split) expect(split.words).toEqual(byShell(`cmd ${text}`));
    }),
    { numRuns: 60 },
  );
});

describe('what takes a shell is refused', () => {
  test.each([
    'a | b',
    'a & b',
    'a; b',
    'a < f',
    'a > f',
    'a $X',
    'a *',
    'a ~/x',
    'a `b`',
    'a (b)',
    'a\nb',
    'a # b',
    'a "$X"',
    'a "`b`"',
  ])('%s', (line) => {
    expect(words(line)).toMatchObject({
      reason: expect.stringContaining('which takes a shell'),
      shell: true,
    });
  });

  test('an assignment, whose value is not repeated', () => {
    expect(words('TOKEN=abc gh secret')).toEqual({
      reason: 'begins with an assignment, which takes a shell',
      shell: true,
    });
  });
});

test.each([
  ["a 'b", 'has a quote that is not closed'],
  ['a "b', 'has a quote that is not closed'],
  ['a \\', 'ends with a backslash'],
  ["''", 'names no command'],
  ['  ', 'names no command'],
  ['a "\0"', 'holds a NUL character'],
])('no command line: %j', (line, reason) => {
  expect(words(line)).toEqual({ reason, shell: false });
});
