import { describe, expect, test } from 'vitest';
import { allCommands, NOUNS, PLAIN } from '../../src/commands/index.ts';
import { GLOBALS } from '../../src/commands/options.ts';
import { type Outcome, parse } from '../../src/commands/program.ts';
import { filesUnder, sourceModules } from '../support/source-graph.ts';

const { nouns, plain } = await allCommands();
const COMMANDS = [
  ...plain.map((command) => ({ path: command.name, command })),
  ...nouns.flatMap(({ name, verbs }) =>
    verbs.map((command) => ({ path: `${name} ${command.name}`, command })),
  ),
];

const parsed = (words: readonly string[]): Promise<Outcome> =>
  parse(words, { program: 'keywright', version: '0.0.0' });

const longOf = (flags: string): string | undefined => /--[a-z-]+/.exec(flags)?.[0];

async function help(...words: readonly string[]): Promise<string> {
  const outcome = await parsed([...words, '--help']);
  return 'print' in outcome ? outcome.print : '';
}

/** The words of an example up to where the shell takes over (`> file`, `| jq`). */
function wordsOf(example: string): readonly string[] {
  const words = [...example.matchAll(/'([^']*)'|"([^"]*)"|[^\s'"]+/g)].map(
    ([word, one, two]) => one ?? two ?? word,
  );
  const end = words.findIndex((word) => ['>', '|', '<', '&&'].includes(word));
  return end < 0 ? words : words.slice(0, end);
}

describe.each(COMMANDS)('$path', ({ path, command }) => {
  test('has a summary, and help for every argument and option', async () => {
    const own = command.options ?? [];
    // `audit list --actor` means something else than `--actor` does elsewhere.
    const shared = GLOBALS.filter(
      ({ flags }) => !own.some((option) => longOf(option.flags) === longOf(flags)),
    );
    const described = [...(command.arguments ?? []), ...own, ...shared];
    const texts = [command.summary, ...described.map(({ about }) => about)];
    for (const text of texts) expect(text).toMatch(/^\S.*[^.\s]$/);
    const shown = (await help(...path.split(' '))).replace(/\s+/g, ' ');
    for (const text of texts) expect(shown).toContain(text);
  });

  test('has examples that parse to it', async () => {
    expect(command.examples).not.toEqual([]);
    for (const example of command.examples) {
      expect(`${example} `.startsWith(`${path} `), example).toBe(true);
      expect(await parsed(wordsOf(example)), example).toHaveProperty('command');
    }
  });

  test('shows its examples in its help', async () => {
    for (const example of command.examples)
      expect(await help(...path.split(' '))).toContain(`keywright ${example}`);
  });
});

test('what is wrong with an example would be seen', async () => {
  await expect(parsed(wordsOf('keys create --no-such-flag > file'))).rejects.toThrow('unknown option');
  await expect(parsed(wordsOf('workspaces rename acme'))).rejects.toThrow('missing required argument');
  await expect(parsed(wordsOf('keys list a b | head'))).rejects.toThrow('too many arguments');
});

test('the list calls every command by its own name', async () => {
  for (const listed of [...PLAIN, ...NOUNS.flatMap(({ verbs }) => verbs)]) {
    expect((await listed.load()).name).toBe(listed.name);
  }
});

test('every file of a command is in the list', () => {
  const modules = sourceModules();
  const files = filesUnder('src/commands').filter((path) =>
    /: Command = \{/.test(modules.get(path)?.code ?? ''),
  );
  const listed = modules.get('src/commands/index.ts')?.imports.map(({ to }) => to);
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((path) => !listed?.includes(path))).toEqual([]);
});

test('no name is given twice, and the help names each', async () => {
  const names = [
    ...nouns.flatMap(({ name, singular }) => [...new Set([name, singular])]),
    ...plain.map(({ name }) => name),
  ];
  expect(new Set(names).size).toBe(names.length);
  const overview = await help();
  for (const { name } of [...nouns, ...plain]) expect(overview).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  for (const { verbs } of nouns) {
    const spellings = verbs.flatMap(({ name, alias }) => (alias === undefined ? [name] : [name, alias]));
    expect(new Set(spellings).size).toBe(spellings.length);
  }
});

test('a singular and ls mean the same', async () => {
  for (const { singular, verbs } of nouns) {
    const list = verbs.find(({ name }) => name === 'list');
    expect(list === undefined ? { command: {} } : await parsed([singular, 'ls'])).toHaveProperty('command');
  }
});

test('what people mistype leads to a command that exists, and is none itself', async () => {
  const paths = COMMANDS.map(({ path }) => path);
  for (const { name, mistaken = {} } of nouns) {
    for (const [wrong, right] of Object.entries(mistaken)) {
      expect(paths).toContain(right);
      // The same line with the right verb, or, under another noun, that alone.
      const verb = right.startsWith(`${name} `) ? { replace: wrong, by: right.split(' ')[1] } : undefined;
      const hint = expect.stringContaining(
        verb === undefined ? `{keywright} ${right}` : `did you mean ${verb.by}?`,
      );
      await expect(parsed([name, wrong])).rejects.toMatchObject({ code: 'usage', hint, retry: verb });
    }
  }
});
