import { nearest } from '../domain/nearest.ts';
import { commandLine } from '../domain/shell.ts';
import { Failure, PROGRAM } from '../errors.ts';
import type { Command, Noun, Option } from './command.ts';
import { NOUNS, PLAIN } from './index.ts';
import { GLOBALS, spellingsOf, takesValue } from './options.ts';

/** What commander throws. */
interface CommanderError {
  readonly code: string;
  readonly message: string;
}

/**
 * What commander found wrong with the command line, as a `usage` failure. Nothing that was typed is
 * repeated but names of flags: an argument too many or the value of an unknown flag may be a secret.
 */
export async function misuse(error: CommanderError, argv: readonly string[]): Promise<Failure> {
  const { path, command } = await meant(argv);
  const help = `{keywright} ${[path, '--help'].filter(Boolean).join(' ')}`;
  const options = [...(command?.options ?? []), ...GLOBALS];
  const [, quoted = ''] = /'([^']*)'?/s.exec(error.message) ?? [];
  switch (error.code) {
    case 'commander.unknownOption':
      return misplaced(argv, command) ?? unknownOption(quoted, path, options);
    case 'commander.excessArguments': {
      const most = command?.arguments?.length ?? 0;
      const takes = most === 0 ? 'no argument' : most === 1 ? 'one argument' : `${most} arguments`;
      return usage(`too many arguments: ${path} takes ${takes}`, help);
    }
    case 'commander.missingArgument':
      return usage(`missing required argument <${quoted}>`, help);
    case 'commander.optionMissingArgument':
      return usage(`${longOf(quoted)} needs a value`, help);
    case 'commander.invalidArgument': {
      const option = options.find(({ flags }) => flags === quoted);
      if (error.message.includes(LIKE_A_FLAG)) {
        const name = longOf(quoted);
        return usage(`${name} needs a value`, `write ${name}=VALUE for one that begins with -; ${help}`);
      }
      const once = error.message.includes(GIVEN_TWICE);
      const why = once ? 'may be given once' : `is one of ${option?.choices?.join(', ') ?? 'its choices'}`;
      return usage(`${longOf(quoted)} ${why}`, help);
    }
    default:
      return usage('the command line could not be understood', help);
  }
}

/** What the parser of a flag's value says when the flag is there twice. */
export const GIVEN_TWICE = 'It may be given once.';

/** What it says when the value is a word of its own that looks like a flag. */
export const LIKE_A_FLAG = 'It looks like a flag.';

/**
 * A `usage` failure for a word that is no command, with the one that was probably meant. The rest of `line` is put
 * behind it where it fits the command, which is among `verbs`; what doesn't may be a secret.
 */
export function unknownCommand(
  word: string,
  known: readonly string[],
  noun?: Noun,
  line: { readonly argv: readonly string[]; readonly verbs: readonly Command[] } = { argv: [], verbs: [] },
): Failure {
  const before = noun === undefined ? '' : `${noun.name} `;
  const right = noun?.mistaken?.[word];
  const near = right?.split(' ')[1] ?? nearest(word, known);
  const message = `unknown command${/^[a-z][a-z-]{0,23}$/i.test(word) ? `: ${before}${word}` : ''}`;
  const verb = right?.startsWith(before) === false ? undefined : line.verbs.find(({ name }) => name === near);
  if (near !== undefined && verb !== undefined && fits(verb, line.argv.slice(line.argv.indexOf(word) + 1)))
    return new Failure('usage', message, {
      hint: `did you mean ${near}?`,
      retry: { replace: word, by: near },
    });
  if (near !== undefined)
    return usage(message, `did you mean ${near}? {keywright} ${right ?? before + near}`);
  if (noun === undefined) return usage(message, '{keywright} help');
  return usage(message, `one of ${known.join(', ')}; {keywright} ${noun.name} --help`);
}

/** Does the command know all these flags, and take as many arguments? */
function fits(command: Command, words: readonly string[]): boolean {
  const options = [...(command.options ?? []), ...GLOBALS];
  const optionOf = (word = '') =>
    word.startsWith('-')
      ? options.find((one) => spellingsOf(one).includes(word.split('=')[0] as string))
      : undefined;
  if (words.some((word) => word.startsWith('-') && optionOf(word) === undefined)) return false;
  const given = words.filter((word, i) => {
    const before = optionOf(words[i - 1]);
    return (
      !word.startsWith('-') && !(before !== undefined && takesValue(before) && !words[i - 1]?.includes('='))
    );
  });
  const taken = command.arguments ?? [];
  return given.length <= taken.length || taken.at(-1)?.name.includes('...') === true;
}

/** The command that a line means, as far as it can be told, and what it is called. */
async function meant(argv: readonly string[]): Promise<{ path: string; command?: Command }> {
  const words = argv.filter((word) => !word.startsWith('-'));
  for (const [i, word] of words.entries()) {
    const plain = PLAIN.find(({ name }) => name === word);
    if (plain !== undefined) return { path: plain.name, command: await plain.load() };
    const noun = NOUNS.find(({ name, singular }) => name === word || singular === word);
    if (noun === undefined) continue;
    const later = words.slice(i + 1).map((one) => (one === 'ls' ? 'list' : one));
    const verb = noun.verbs.find(({ name }) => later.includes(name));
    if (verb === undefined) return { path: noun.name };
    return { path: `${noun.name} ${verb.name}`, command: await verb.load() };
  }
  return { path: '' };
}

/** A command's own flags before its noun; the hint is the same line with them at the end. */
function misplaced(argv: readonly string[], command: Command | undefined): Failure | undefined {
  const own = command?.options ?? [];
  const moved: string[] = [];
  const kept: string[] = [];
  let i = 0;
  while (argv[i]?.startsWith('-')) {
    const [flag = ''] = argv[i]?.split('=') ?? [];
    const option = [...own, ...GLOBALS].find((one) => spellingsOf(one).includes(flag));
    const length = option !== undefined && takesValue(option) && argv[i] === flag ? 2 : 1;
    (option !== undefined && own.includes(option) ? moved : kept).push(...argv.slice(i, i + length));
    i += length;
  }
  const [first] = moved;
  if (first === undefined) return undefined;
  const rest = argv.slice(i);
  const end = rest.includes('--') ? rest.indexOf('--') : rest.length;
  const [flag = ''] = first.split('=');
  const line = commandLine(PROGRAM, ...kept, ...rest.toSpliced(end, 0, ...moved));
  return usage(`${flag} stands before the command`, `put ${flag} after the command: ${line}`);
}

function unknownOption(typed: string, path: string, options: readonly Option[]): Failure {
  const program = path === '' ? '{keywright}' : `{keywright} ${path}`;
  const flag = typed.startsWith('--') ? (typed.split('=')[0] as string) : typed.slice(0, 2);
  if (!/^--?[a-z][a-z0-9-]{0,39}$/i.test(flag)) return usage('unknown option', `${program} --help`);
  const known = options.find((option) => spellingsOf(option).includes(flag));
  const message = known === undefined ? `unknown option '${flag}'` : `${flag} takes no value`;
  const way = SECRET.test(flag) ? secretWay(flag, options) : undefined;
  if (way !== undefined)
    return usage(message, `a secret is never an argument, where others can read it: ${program} ${way}`);
  const isWord = known === undefined && flag.startsWith('--');
  const near = isWord ? nearest(flag, options.flatMap(spellingsOf)) : undefined;
  return usage(message, `${near === undefined ? '' : `did you mean ${near}? `}${program} --help`);
}

/** Flags that people expect to take a secret. */
const SECRET = /(^|-)(pass|passphrase|password|secret|token|key|value|stdin)(-|$)/i;

/** How this command takes a secret; undefined when it takes none. */
function secretWay(flag: string, options: readonly Option[]): string | undefined {
  const known = options.flatMap(spellingsOf);
  const own = ['--from-stdin', '--from-file'].find((one) => known.includes(one));
  const way = own ?? (/pass/i.test(flag) ? '--passphrase-file' : undefined);
  const option = options.find((one) => way !== undefined && spellingsOf(one).includes(way));
  if (option === undefined) return undefined;
  return takesValue(option) ? `${way} FILE` : `${way} < FILE`;
}

/** `--name` of `-n, --name <name>`. */
function longOf(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

function usage(message: string, hint: string): Failure {
  return new Failure('usage', message, { hint });
}
