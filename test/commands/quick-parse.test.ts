import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Command, Option } from '../../src/commands/command.ts';
import { allCommands } from '../../src/commands/index.ts';
import { GLOBALS, spellingsOf, takesValue } from '../../src/commands/options.ts';
import { parse } from '../../src/commands/program.ts';
import { type Parsed, quickParse } from '../../src/commands/quick-parse.ts';

const { nouns, plain } = await allCommands();
const COMMANDS: readonly { readonly spellings: readonly (readonly string[])[]; readonly command: Command }[] =
  [
    ...plain.map((command) => ({ spellings: [[command.name]], command })),
    ...nouns.flatMap((noun) =>
      noun.verbs.map((command) => ({
        spellings: [noun.name, noun.singular].flatMap((name) =>
          [command.name, command.alias].flatMap((verb) => (verb === undefined ? [] : [[name, verb]])),
        ),
        command,
      })),
    ),
  ];

/** What commander makes of the line; the failure when it refuses it. */
async function byCommander(argv: readonly string[]): Promise<unknown> {
  try {
    const outcome = await parse(argv, { program: 'keywright', version: '0.0.0' });
    return 'command' in outcome ? seen(outcome.command) : outcome;
  } catch (error) {
    return error;
  }
}

/** All that a command and its context can see of what was typed. */
function seen({ command, globals, args, values }: Parsed): object {
  // `completion` is made anew each time it is loaded.
  return { command: [command.name, command.summary], globals, args, values };
}

const word = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('billing', 'acme', 'a:b', 'a:b, c:d', '30d', '3', 'ls', 'list', 'keys'),
  },
  { weight: 2, arbitrary: fc.string({ maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constantFrom('', '-', '--', '-1', '-rf', '--=', 'help', '__proto__', '=x') },
);

/** A flag as it may be typed, with a value where it takes one, mostly right. */
function flag(options: readonly Option[]): fc.Arbitrary<string[]> {
  return fc.constantFrom(...options).chain((option) => {
    const value = option.choices === undefined ? word : fc.oneof(fc.constantFrom(...option.choices), word);
    return fc
      .tuple(fc.constantFrom(...spellingsOf(option)), value, fc.nat(9))
      .map(([spelling, text, form]) => {
        if (form === 0) return [spelling];
        if (form === 1) return [`${spelling}=${text}`];
        return takesValue(option) ? (form < 4 ? [`${spelling}=${text}`] : [spelling, text]) : [spelling];
      });
  });
}

const line = fc.constantFrom(...COMMANDS).chain(({ spellings, command }) => {
  const globals = fc.array(flag(GLOBALS), { maxLength: 2 });
  const rest = fc.array(
    fc.oneof(
      flag([...(command.options ?? []), ...GLOBALS]),
      word.map((one) => [one]),
    ),
    { maxLength: 4 },
  );
  return fc
    .tuple(globals, fc.constantFrom(...spellings), globals, rest)
    .map(([before, [first = '', ...verb], between, after]) => [
      ...before.flat(),
      first,
      ...between.flat(),
      ...verb,
      ...after.flat(),
    ]);
});

test('what is accepted quickly, commander parses to the same', async () => {
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(line, async (argv) => {
      const quick = await quickParse(argv);
      if (quick === undefined) return;
      accepted++;
      expect(await byCommander(argv), argv.join(' ')).toEqual(seen(quick));
    }),
    { numRuns: 1500 },
  );
  // Else the property would say little.
  expect(accepted).toBeGreaterThan(300);
});

test('the examples of every command are accepted quickly', async () => {
  for (const { command } of COMMANDS) {
    for (const example of command.examples.filter((one) => !/["'<>|]/.test(one)))
      expect(await quickParse(example.split(' ')), example).toMatchObject({
        command: { name: command.name },
      });
  }
});

describe('what is left to commander', () => {
  test.each([
    ['nothing', []],
    ['help', ['help']],
    ['help of a command', ['keys', 'list', '--help']],
    ['the version', ['--version']],
    ['a noun alone', ['keys']],
    ['an unknown noun', ['kyes', 'list']],
    ['an unknown verb', ['keys', 'lst']],
    ['ls where there is no list', ['audit', 'ls', '--']],
    ['an unknown flag', ['keys', 'list', '--frobnicate']],
    ['a flag of another command', ['keys', 'list', '--scope', 'a:b']],
    ['a flag of a command before it', ['--status', 'active', 'keys', 'list']],
    ['a part of a flag', ['keys', 'list', '--stat', 'active']],
    ['a missing value', ['keys', 'list', '--status']],
    ['a value that looks like a flag', ['keys', 'list', '--owner', '--json']],
    ['a negative number', ['keys', 'revoke', '--all', '--expect', '-1']],
    ['a value for a flag that takes none', ['keys', 'list', '--json=yes']],
    ['a value beside a short flag', ['keys', 'list', '-wacme']],
    ['combined short flags', ['keys', 'revoke', 'billing', '-yq']],
    ['another choice', ['keys', 'list', '--status', 'open']],
    ['a flag given twice', ['keys', 'list', '--owner', 'ana', '--owner', 'bo']],
    ['a global flag given twice', ['--actor', 'ana', 'keys', 'list', '--actor', 'bo']],
    ['the end of flags', ['keys', 'show', '--', '-rf']],
    ['a lone dash', ['keys', 'show', '-']],
    ['too few arguments', ['workspaces', 'rename', 'acme']],
    ['too many arguments', ['keys', 'list', 'one', 'two']],
  ] as const)('%s', async (_, argv) => {
    expect(await quickParse(argv)).toBeUndefined();
  });
});
