import {
  Command as Commander,
  Argument as CommanderArgument,
  Option as CommanderOption,
  InvalidArgumentError,
} from 'commander';
import type { Globals } from '../context.ts';
import { Failure } from '../errors.ts';
import type { Command, Listed, Noun, Option } from './command.ts';
import { loaded, NOUNS, PLAIN } from './index.ts';
import { GIVEN_TWICE, LIKE_A_FLAG, misuse, unknownCommand } from './misuse.ts';
import { contradiction, flagOf, GLOBALS, spellingsOf, valuesOf } from './options.ts';
import { type Parsed, parsed } from './quick-parse.ts';

/** What parsing calls for: a command, text to print (help, version), or the overview of bare `keywright`. */
export type Outcome = { readonly command: Parsed } | { readonly print: string } | { readonly bare: Globals };

/** Where commander's own printing goes. */
interface Sink {
  text: string;
}

/**
 * Parses what follows the program's name. Built afresh for each run and only from the commands that
 * are named in it: loading and building all of them takes longer than most commands. Throws `usage`.
 */
export async function parse(
  argv: readonly string[],
  about: { program: string; version: string },
): Promise<Outcome> {
  const sink: Sink = { text: '' };
  let outcome: Outcome | undefined;
  const found = (command: Parsed): void => {
    outcome = { command };
  };
  const root = rootOf(about, sink, argv);
  const [first] = argv;
  if (argv.at(-1) === '--help' && first !== undefined && !first.startsWith('-') && !words().includes(first)) {
    throw unknownCommand(first, words());
  }
  refuseUnknownVerb(argv);
  root.argument('[command]').action((word: string | undefined) => {
    if (word !== undefined) throw unknownCommand(word, words());
    outcome = { bare: root.opts() as Globals };
  });
  for (const command of await loaded(plainIn(argv))) addCommand({ root, argv, found }, root, command);
  for (const noun of NOUNS) addNoun({ root, argv, found }, noun, await loaded(verbsIn(argv, noun)));
  try {
    root.parse([...argv], { from: 'user' });
  } catch (error) {
    return afterCommander(error, sink, argv, about.version);
  }
  return outcome ?? { print: sink.text };
}

/** Of a verb that isn't there, commander would show the noun's help. */
function refuseUnknownVerb(argv: readonly string[]): void {
  const [first, second, third] = argv;
  const noun = NOUNS.find(({ name, singular }) => first === name || first === singular);
  if (noun === undefined || second === undefined || third === undefined) return;
  const verbs = noun.verbs.map(({ name }) => name);
  const known = second.startsWith('-') || second === 'ls' || verbs.includes(second);
  if (argv.at(-1) === '--help' && !known) throw unknownCommand(second, verbs, noun);
}

/** The verbs that a command line may mean: those it names, else, for help and hints, all of a named noun. */
function verbsIn(argv: readonly string[], noun: Noun): readonly Listed[] {
  if (!names(argv, noun)) return [];
  const named = noun.verbs.filter(
    ({ name }) => argv.includes(name) || (name === 'list' && argv.includes('ls')),
  );
  return named.length > 0 ? named : noun.verbs;
}

/** As `verbsIn`, for commands without a noun; the overview shows all of them. */
function plainIn(argv: readonly string[]): readonly Listed[] {
  const overview = argv.some((word) => ['help', '--help', '-h'].includes(word));
  const other = NOUNS.some((noun) => names(argv, noun));
  return overview && !other ? PLAIN : PLAIN.filter(({ name }) => argv.includes(name));
}

function names(argv: readonly string[], noun: Noun): boolean {
  return argv.includes(noun.name) || argv.includes(noun.singular);
}

function rootOf(about: { program: string; version: string }, sink: Sink, argv: readonly string[]): Commander {
  const root = new Commander(about.program)
    .description('Issue, hold and authorize credentials from the command line.')
    .version(about.version, '-V, --version', 'print the version')
    .usage('<command> [options]')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [topic...]', 'help about a command, or: exit-codes, errors, environment')
    .showSuggestionAfterError(true)
    .enablePositionalOptions()
    .allowExcessArguments()
    .exitOverride()
    .configureHelp({ showGlobalOptions: false, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => {
        sink.text += text;
      },
      writeErr: () => undefined,
      outputError: () => undefined,
    });
  return addOptions(root, GLOBALS, argv);
}

/** What the parts of one parser share. */
interface Building {
  readonly root: Commander;
  readonly argv: readonly string[];
  found(command: Parsed): void;
}

function addNoun(building: Building, noun: Noun, verbs: readonly Command[]): void {
  const { root, argv } = building;
  const parent = root.command(noun.name).description(noun.summary);
  if (noun.singular !== noun.name) parent.alias(noun.singular);
  if (verbs.length === 0) return;
  parent.usage('<verb> [options]');
  addOptions(parent, GLOBALS, argv, true);
  for (const verb of verbs) addCommand(building, parent, verb);
  parent
    .argument('[verb]')
    .allowExcessArguments()
    // What follows an unknown verb was meant for the right one: it is the verb that is told.
    .allowUnknownOption()
    .action((verb: string | undefined) => {
      if (verb === undefined) parent.help();
      if (verb?.startsWith('-'))
        parent.error(`unknown option '${verb}'`, { code: 'commander.unknownOption' });
      throw unknownCommand(
        verb as string,
        noun.verbs.map((one) => one.name),
        noun,
        { argv, verbs },
      );
    });
}

/** What may stand first. */
function words(): readonly string[] {
  return [
    ...NOUNS.flatMap((noun) => [noun.name, noun.singular]),
    ...PLAIN.map((command) => command.name),
    'help',
  ];
}

function addCommand({ root, argv, found }: Building, parent: Commander, command: Command): void {
  const leaf = parent.command(command.name).summary(command.summary);
  leaf.description(
    command.details === undefined ? command.summary : `${command.summary}\n\n${command.details}`,
  );
  if (command.alias !== undefined) leaf.alias(command.alias);
  for (const argument of command.arguments ?? [])
    leaf.addArgument(new CommanderArgument(argument.name, argument.about));
  addOptions(leaf, command.options ?? [], argv);
  const own = (command.options ?? []).map((option) => flagOf(option).name);
  const globals = GLOBALS.filter((option) => !own.includes(flagOf(option).name));
  addOptions(leaf, globals, argv);
  leaf.allowExcessArguments(false);
  leaf.addHelpText(
    'after',
    `\nExamples:\n${command.examples.map((example) => `  ${root.name()} ${example}`).join('\n')}`,
  );
  leaf.action(() => {
    const both = contradiction(command.options ?? [], argv);
    if (both !== undefined) throw new Failure('usage', `give one of ${both}, not both`);
    const values = leaf.opts();
    const layers = [root.opts(), ...(parent === root ? [] : [parent.opts()]), values];
    const shared = new Set(globals.map((option) => flagOf(option).name));
    const ownValues = Object.fromEntries(Object.entries(values).filter(([name]) => own.includes(name)));
    found(parsed(command, globalsOf(layers, shared), leaf.args, ownValues));
  });
}

/** A global may stand before the noun, after it, or after the verb; the last one counts. */
function globalsOf(layers: readonly { [name: string]: unknown }[], shared: ReadonlySet<string>): Globals {
  const merged: { [name: string]: unknown } = {};
  for (const [i, layer] of layers.entries()) {
    for (const [name, value] of Object.entries(layer)) {
      const isGlobal = i < layers.length - 1 || shared.has(name);
      // `--no-input` and `--no-color` default to true, so a false anywhere is what was said.
      if (isGlobal && value !== undefined && merged[name] !== false) merged[name] = value;
    }
  }
  return merged as Globals;
}

function addOptions(
  command: Commander,
  options: readonly Option[],
  argv: readonly string[],
  hidden = false,
): Commander {
  for (const option of options) {
    const made = optionOf(option, argv).hideHelp(hidden);
    command.addOption(GLOBALS.includes(option) ? made.helpGroup('Options of every command:') : made);
  }
  return command;
}

function optionOf(option: Option, argv: readonly string[]): CommanderOption {
  const made = new CommanderOption(option.flags, option.about);
  if (option.choices !== undefined) made.choices(option.choices);
  if (option.repeats !== true && made.required) made.argParser(once(option, argv));
  if (option.repeats === true) {
    made.argParser((value: string, before: unknown) => {
      refuseFlag(option, value, argv);
      // `false` of a `--no-` before it is told of later.
      return [...(Array.isArray(before) ? before : []), ...valuesOf(option, value)];
    });
  }
  return made;
}

/** A flag that is given twice was a mistake once. */
function once(option: Option, argv: readonly string[]): (value: string, before: unknown) => string {
  return (value, before) => {
    refuseFlag(option, value, argv);
    if (before !== undefined) throw new InvalidArgumentError(GIVEN_TWICE);
    if (option.choices !== undefined && !option.choices.includes(value)) {
      throw new InvalidArgumentError(`Allowed choices are ${option.choices.join(', ')}.`);
    }
    return value;
  };
}

/** `--name --help` is a forgotten value; `--name=--help` is how to mean it. */
function refuseFlag(option: Option, value: string, argv: readonly string[]): void {
  if (!value.startsWith('-')) return;
  const joined = spellingsOf(option).map((one) => (one.startsWith('--') ? `${one}=${value}` : one + value));
  if (!joined.some((word) => argv.includes(word))) throw new InvalidArgumentError(LIKE_A_FLAG);
}

/** Commander throws to end a run: for help and version all is well, everything else is wrong usage. */
async function afterCommander(
  error: unknown,
  sink: Sink,
  argv: readonly string[],
  version: string,
): Promise<Outcome> {
  if (error instanceof Failure) throw error;
  const { code, message, exitCode } = error as { code?: string; message: string; exitCode?: number };
  if (code === undefined || !code.startsWith('commander.')) throw error;
  if (code === 'commander.version' && argv.includes('--json'))
    return { print: `${JSON.stringify({ version })}\n` };
  if (exitCode === 0 || code === 'commander.help') return { print: sink.text };
  throw await misuse({ code, message }, argv);
}
