import type { Command, CommandList, Completes, Noun, Option } from './command.ts';
import { GLOBALS, spellingsOf, takesValue } from './options.ts';

/** What may stand in a place: fixed words, and what only the store can tell. */
export interface Candidates {
  readonly fixed: readonly string[];
  readonly dynamic: Exclude<Completes, readonly string[]> | undefined;
  /** What was typed of the word so far. */
  readonly prefix: string;
  /** `--status=` when that stands before it in the same word, else empty. */
  readonly flag: string;
  /** Arguments that are on the line already. */
  readonly given: readonly string[];
}

/** What `help` explains besides commands. */
const TOPICS = ['exit-codes', 'errors', 'environment'];

/** What fits behind the words typed so far (without the program's name); the last one is being typed. Pure. */
export function candidatesFor(words: readonly string[], commands: CommandList): Candidates {
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const at = last.startsWith('--') ? last.indexOf('=') + 1 : 0;
  if (at > 0) {
    const value = candidatesOf([...before, last.slice(0, at - 1), last.slice(at)], commands);
    return { ...value, flag: last.slice(0, at) };
  }
  return candidatesOf(words, commands);
}

function candidatesOf(words: readonly string[], commands: CommandList): Candidates {
  const typed = { prefix: words.at(-1) ?? '', flag: '', given: [] };
  const { prefix } = typed;
  const before = words.slice(0, -1);
  const command = commandOf(before, commands);
  const options = [...(command?.options ?? []), ...GLOBALS];
  const flag = before.at(-1);
  const open =
    flag === undefined
      ? undefined
      : options.find((option) => takesValue(option) && spellingsOf(option).includes(flag));
  if (open !== undefined) return { ...typed, ...split(open.choices ?? open.completes) };
  if (prefix.startsWith('-'))
    return { ...typed, fixed: options.flatMap((option) => spellingsOf(option)), dynamic: undefined };
  if (command !== undefined) {
    const named = commands.plain.includes(command) ? 1 : 2;
    const given = plain(before, options).slice(named);
    return { ...typed, ...split(argumentOf(command, given.length)), given };
  }
  const noun = nounOf(before, commands);
  if (noun !== undefined) return { ...typed, fixed: noun.verbs.map((verb) => verb.name), dynamic: undefined };
  const first = [...commands.nouns, ...commands.plain].map((one) => one.name);
  const [help, about, ...more] = plain(before);
  if (help === undefined) return { ...typed, fixed: [...first, 'help'], dynamic: undefined };
  if (help !== 'help' || more.length > 0) return { ...typed, fixed: [], dynamic: undefined };
  const verbs = about === undefined ? [] : (nounOf([about], commands)?.verbs ?? []).map((verb) => verb.name);
  return { ...typed, fixed: about === undefined ? [...first, ...TOPICS] : verbs, dynamic: undefined };
}

function split(completes: Completes | undefined): Pick<Candidates, 'fixed' | 'dynamic'> {
  if (completes === undefined) return { fixed: [], dynamic: undefined };
  return typeof completes === 'string'
    ? { fixed: [], dynamic: completes }
    : { fixed: completes, dynamic: undefined };
}

/** Words that are neither a flag nor, as far as that can be told, the value of one. */
function plain(words: readonly string[], options: readonly Option[] = GLOBALS): readonly string[] {
  return words.filter((word, i) => {
    const flag = words[i - 1];
    return (
      !word.startsWith('-') &&
      !options.some(
        (option) => takesValue(option) && flag !== undefined && spellingsOf(option).includes(flag),
      )
    );
  });
}

function nounOf(words: readonly string[], { nouns }: CommandList): Noun<Command> | undefined {
  const [first] = plain(words);
  return nouns.find((noun) => noun.name === first || noun.singular === first);
}

function commandOf(words: readonly string[], commands: CommandList): Command | undefined {
  const [first, second] = plain(words);
  return (
    commands.plain.find((command) => command.name === first) ??
    nounOf(words, commands)?.verbs.find(
      (verb) => second !== undefined && [verb.name, verb.alias].includes(second),
    )
  );
}

/** What completes the argument behind so many others. */
function argumentOf(command: Command, given: number): Completes | undefined {
  const all = command.arguments ?? [];
  const last = all.at(-1);
  return (all[given] ?? (last?.name.includes('...') ? last : undefined))?.completes;
}
