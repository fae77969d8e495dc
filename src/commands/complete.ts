import type { Command, CommandList, Completes, Noun, Option } from './command.ts';
import { GLOBALS, spellingsOf, takesValue } from './options.ts';

/** What may stand in a place: fixed words, and what only the store can tell. */
export interface Candidates {
  readonly fixed: readonly string[];
  readonly dynamic: Exclude<Completes, readonly string[]> | undefined;
  /** What was typed of the word so far. */
  readonly prefix: string;
}

/** What fits behind the words typed so far (without the program's name); the last one is being typed. Pure. */
export function candidatesFor(words: readonly string[], commands: CommandList): Candidates {
  const prefix = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const command = commandOf(before, commands);
  const options = [...(command?.options ?? []), ...GLOBALS];
  const flag = before.at(-1);
  const open =
    flag === undefined
      ? undefined
      : options.find((option) => takesValue(option) && spellingsOf(option).includes(flag));
  if (open !== undefined) return { ...split(open.choices ?? open.completes), prefix };
  if (prefix.startsWith('-'))
    return { fixed: options.flatMap((option) => spellingsOf(option)), dynamic: undefined, prefix };
  if (command !== undefined)
    return { ...split(argumentOf(command, before, commands.plain.includes(command))), prefix };
  const noun = nounOf(before, commands);
  if (noun !== undefined) return { fixed: noun.verbs.map((verb) => verb.name), dynamic: undefined, prefix };
  if (plain(before).length > 0) return { fixed: [], dynamic: undefined, prefix };
  return {
    fixed: [...commands.nouns, ...commands.plain].map((one) => one.name).concat('help'),
    dynamic: undefined,
    prefix,
  };
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

function argumentOf(command: Command, words: readonly string[], isPlain: boolean): Completes | undefined {
  const named = isPlain ? 1 : 2;
  const given = plain(words, [...(command.options ?? []), ...GLOBALS]).length - named;
  const all = command.arguments ?? [];
  const last = all.at(-1);
  return (all[given] ?? (last?.name.includes('...') ? last : undefined))?.completes;
}
