import { Command as Commander } from 'commander';
import { expect, test } from 'vitest';
import { NOUNS, PLAIN } from '../../src/commands/index.ts';
import { parse, wholeProgram } from '../../src/commands/program.ts';
import { filesUnder, sourceModules } from '../support/source-graph.ts';

const ABOUT = { program: 'keywright', version: '0.0.0' };
const COMMANDS = [
  ...PLAIN.map((command) => ({ path: command.name, command })),
  ...NOUNS.flatMap((noun) =>
    noun.verbs.map((command) => ({ path: `${noun.name} ${command.name}`, command })),
  ),
];
const EXAMPLES = COMMANDS.flatMap(({ path, command }) =>
  command.examples.map((example) => ({ path, example })),
);

/** The words of an example up to where the shell takes over (`> file`, `| jq`). */
function wordsOf(example: string): readonly string[] {
  const words = [...example.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/g)].map(
    ([word, one, two]) => one ?? two ?? word,
  );
  const end = words.findIndex((word) => ['>', '|', '<', '&&'].includes(word));
  return end < 0 ? words : words.slice(0, end);
}

/** Commands and options without a word of help. */
function withoutHelp(command: Commander, path: string): readonly string[] {
  const silent = command.options
    .filter((option) => !option.description)
    .map((option) => `${path} ${option.flags}`);
  const arguments_ = command.registeredArguments.filter(
    (argument) => !argument.description && argument.name() !== 'verb',
  );
  const below = command.commands.flatMap((one) => withoutHelp(one, `${path} ${one.name()}`));
  const own = command.description() === '' ? [path] : [];
  return [...own, ...silent, ...arguments_.map((argument) => `${path} <${argument.name()}>`), ...below];
}

test('every command, argument and option has help', () => {
  const silent = new Commander('a').description('b').option('--c');
  silent.command('d <e>');
  expect(withoutHelp(silent, 'a')).toEqual(['a --c', 'a d', 'a d <e>']);
  expect(withoutHelp(wholeProgram(ABOUT), 'keywright')).toEqual([]);
});

test.each(COMMANDS)('$path has a summary and an example, and its help shows it', ({ path, command }) => {
  expect(command.summary).toMatch(/^[a-z\d].*[^.\n]$/);
  expect(command.examples).not.toEqual([]);
  const outcome = parse([...path.split(' '), '--help'], ABOUT);
  expect('print' in outcome ? outcome.print : '').toContain(command.examples[0]);
});

test.each(EXAMPLES)('keywright $example', ({ path, example }) => {
  expect(`${example} `.startsWith(`${path} `)).toBe(true);
  expect(parse(wordsOf(example), ABOUT)).toHaveProperty('command');
});

test('an example that does not parse would be seen', () => {
  expect(() => parse(wordsOf('keys create --no-such-flag > file'), ABOUT)).toThrow('unknown option');
});

test('every file of a verb is in the list', () => {
  const modules = sourceModules();
  const verbs = filesUnder('src/commands').filter((path) =>
    /: Command = \{/.test(modules.get(path)?.code ?? ''),
  );
  const listed = modules.get('src/commands/index.ts')?.imports.map(({ to }) => to);
  expect(verbs.length).toBeGreaterThan(20);
  expect(verbs.filter((path) => !listed?.includes(path))).toEqual([]);
});

test('no name is given twice', () => {
  const names = [
    ...NOUNS.flatMap(({ name, singular }) => [...new Set([name, singular])]),
    ...PLAIN.map(({ name }) => name),
  ];
  expect(new Set(names).size).toBe(names.length);
  for (const noun of NOUNS) {
    const verbs = noun.verbs.flatMap(({ name, alias }) => (alias === undefined ? [name] : [name, alias]));
    expect(new Set(verbs).size).toBe(verbs.length);
  }
});

test('what people mistype leads to a command that exists, and is none itself', () => {
  const paths = COMMANDS.map(({ path }) => path);
  for (const noun of NOUNS) {
    for (const [wrong, right] of Object.entries(noun.mistaken ?? {})) {
      expect(paths).toContain(right);
      expect(paths).not.toContain(`${noun.name} ${wrong}`);
    }
  }
});
