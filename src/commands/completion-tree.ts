import type { Command, CommandList, Option } from './command.ts';
import { GLOBALS, spellingsOf, takesValue } from './options.ts';

/** A word that may stand in a place, with what it means. */
export interface Word {
  readonly word: string;
  readonly about: string;
}

/** One command as completion scripts need it. */
interface CompletionCommand {
  /** Every way to write it: `keys create`, `key create`. */
  readonly spellings: readonly string[];
  readonly flags: readonly Word[];
  /** Flags with a fixed set of values: each spelling of the flag, and the values. */
  readonly choices: readonly { readonly flags: readonly string[]; readonly values: readonly string[] }[];
  /** Is its argument a file? */
  readonly takesFile: boolean;
}

/** The command tree, flattened for the scripts. */
export interface CompletionTree {
  /** Words that may stand first. */
  readonly top: readonly Word[];
  /** Each noun in both spellings, and its verbs. */
  readonly nouns: readonly { readonly spellings: readonly string[]; readonly verbs: readonly Word[] }[];
  readonly commands: readonly CompletionCommand[];
  /** Every spelling of every flag that takes a value: the word behind it is no command. */
  readonly valueFlags: readonly string[];
  /** Those of them whose value is a file. */
  readonly fileFlags: readonly string[];
  /** Every way to write a command whose argument is a file. */
  readonly fileCommands: readonly string[];
}

/** What of the command list the completion scripts hold. Values such as key names they ask the program for. */
export function completionTree({ nouns, plain }: CommandList): CompletionTree {
  const commands = [
    ...plain.map((command) => commandOf([command.name], command)),
    ...nouns.flatMap((noun) =>
      noun.verbs.map((verb) => {
        const names = [...new Set([noun.name, noun.singular])];
        const verbs = verb.alias === undefined ? [verb.name] : [verb.name, verb.alias];
        return commandOf(
          names.flatMap((one) => verbs.map((name) => `${one} ${name}`)),
          verb,
        );
      }),
    ),
  ];
  const options = [...plain, ...nouns.flatMap((noun) => noun.verbs)].flatMap(
    (command) => command.options ?? [],
  );
  return {
    top: [...plain, ...nouns]
      .map(({ name, summary }) => ({ word: name, about: summary }))
      .concat({ word: 'help', about: 'help' }),
    nouns: nouns.map((noun) => ({
      spellings: [...new Set([noun.name, noun.singular])],
      verbs: noun.verbs.map(({ name, summary }) => ({ word: name, about: summary })),
    })),
    commands,
    valueFlags: spellings([...options, ...GLOBALS].filter(takesValue)),
    fileCommands: commands.filter(({ takesFile }) => takesFile).flatMap((command) => command.spellings),
    fileFlags: spellings([...options, ...GLOBALS].filter(({ completes }) => completes === 'file')),
  };
}

function spellings(options: readonly Option[]): readonly string[] {
  return [...new Set(options.flatMap(spellingsOf))].sort();
}

function commandOf(spellings: readonly string[], command: Command): CompletionCommand {
  const options = [...(command.options ?? []), ...GLOBALS];
  const fixed = options.flatMap((option) =>
    option.choices === undefined ? [] : [{ flags: spellingsOf(option), values: option.choices }],
  );
  return {
    spellings,
    flags: options.flatMap((option) => spellingsOf(option).map((word) => ({ word, about: option.about }))),
    choices: fixed,
    takesFile: command.arguments?.[0]?.completes === 'file',
  };
}
