import type { Context, Globals } from '../context.ts';
import type { Command, Listed, Option } from './command.ts';
import { NOUNS, PLAIN } from './index.ts';
import { Input } from './input.ts';
import { contradiction, flagOf, GLOBALS, spellingsOf, takesValue, valuesOf } from './options.ts';

/** What was asked for, parsed and not yet done. */
export interface Parsed {
  readonly command: Command;
  readonly globals: Globals;
  readonly args: readonly string[];
  /** By `flagOf` of the command's own options; `--no-name` is false, and true when it was not given. */
  readonly values: Values;
  run(context: Context): Promise<number | undefined>;
}

type Values = { [name: string]: unknown };

/** The command with what it was given, ready to run. */
export function parsed(command: Command, globals: Globals, args: readonly string[], values: Values): Parsed {
  return {
    command,
    globals,
    args,
    values,
    run(context) {
      // An actor that is none is refused by reads, too, which have no use for it.
      if (globals.actor !== undefined || context.env('KEYWRIGHT_ACTOR') !== undefined) context.actor();
      return command.run(context, new Input(args, values));
    },
  };
}

/**
 * Parses a command line that is plainly right, by the same options that commander is given, and gives
 * back undefined for every other: then `program.ts` takes it up, with commander's help and messages.
 * Loading and building commander costs half of what starting Node does, and most lines don't need it;
 * a test holds that both parse what this one accepts to the same.
 */
export async function quickParse(argv: readonly string[]): Promise<Parsed | undefined> {
  const globals: Values = { input: true, color: true };
  const flags = new Map<string, Flag>();
  addFlags(flags, GLOBALS, globals);
  const words = argv.values();
  const listed = findCommand(words, flags);
  if (listed === undefined) return undefined;
  const command = await listed.load();
  if (contradiction(command.options ?? [], argv) !== undefined) return undefined;
  const own: Values = {};
  addFlags(flags, command.options ?? [], own);
  for (const name of offByDefault(command.options ?? [])) own[name] = true;
  const args = readRest(words, flags);
  if (args === undefined || !fits(args.length, command)) return undefined;
  return parsed(command, globals as Globals, args, own);
}

interface Flag {
  readonly option: Option;
  /** Where its value goes. */
  readonly into: Values;
}

/** A command's own flag goes before a global one of the same name. */
function addFlags(flags: Map<string, Flag>, options: readonly Option[], into: Values): void {
  for (const option of options)
    for (const spelling of spellingsOf(option)) flags.set(spelling, { option, into });
}

/** Names of flags that exist as `--no-name` only. */
function offByDefault(options: readonly Option[]): readonly string[] {
  const flags = options.map(flagOf);
  const positive = flags.filter(({ negated }) => !negated).map(({ name }) => name);
  return flags.filter(({ name, negated }) => negated && !positive.includes(name)).map(({ name }) => name);
}

/** Reads up to the verb; globals may stand before it. */
function findCommand(words: Iterator<string>, flags: ReadonlyMap<string, Flag>): Listed | undefined {
  let verbs: readonly Listed[] | undefined;
  for (let word = words.next().value; word !== undefined; word = words.next().value) {
    if (word.startsWith('-')) {
      if (!readFlag(word, words, flags)) return undefined;
      continue;
    }
    if (verbs !== undefined) return verbs.find(({ name }) => name === (word === 'ls' ? 'list' : word));
    const plain = PLAIN.find(({ name }) => name === word);
    if (plain !== undefined) return plain;
    verbs = NOUNS.find((noun) => noun.name === word || noun.singular === word)?.verbs;
    if (verbs === undefined) return undefined;
  }
  return undefined;
}

/** Reads what follows the verb; undefined when something is not plain. */
function readRest(words: Iterator<string>, flags: ReadonlyMap<string, Flag>): readonly string[] | undefined {
  const args: string[] = [];
  for (let word = words.next().value; word !== undefined; word = words.next().value) {
    if (!word.startsWith('-')) args.push(word);
    else if (!readFlag(word, words, flags)) return undefined;
  }
  return args;
}

/** Reads one flag and its value; false when that is not plain. */
function readFlag(word: string, words: Iterator<string>, flags: ReadonlyMap<string, Flag>): boolean {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  const flag = flags.get(at < 0 ? word : word.slice(0, at));
  if (flag === undefined) return false;
  const { option, into } = flag;
  const { name, negated } = flagOf(option);
  if (!takesValue(option)) {
    into[name] = !negated;
    return at < 0;
  }
  const value = at < 0 ? words.next().value : word.slice(at + 1);
  if (value === undefined || (at < 0 && value.startsWith('-'))) return false;
  if (option.choices !== undefined && !option.choices.includes(value)) return false;
  if (option.repeats === true) {
    into[name] = [...((into[name] as readonly string[] | undefined) ?? []), ...valuesOf(option, value)];
    return true;
  }
  if (into[name] !== undefined) return false;
  into[name] = value;
  return true;
}

function fits(count: number, { arguments: all = [] }: Command): boolean {
  const required = all.filter(({ name }) => name.startsWith('<')).length;
  const endless = all.at(-1)?.name.includes('...') === true;
  return count >= required && (endless || count <= all.length);
}
