/** Characters that make a shell do something when they stand outside quotes. */
const NEEDS_SHELL = new Set('|&;<>$*~`()\n\r#');
/** Those that it acts on between double quotes, too. */
const NEEDS_SHELL_QUOTED = new Set('$`');
/** What a backslash takes its meaning from between double quotes (POSIX.1-2024, 2.2.3). */
const ESCAPED_IN_QUOTES = new Set('$`"\\\n');

/** The words of a command line, or why it is none; `shell`: only a shell could run it. */
export type Words =
  | { readonly words: readonly string[] }
  | { readonly reason: string; readonly shell: boolean };

/**
 * Splits a command line into words as a POSIX shell does (quotes, backslash; POSIX.1-2024, 2.2), and refuses what
 * would need one to run: operators, expansions, globs, comments, assignments before the command. `#` counts only
 * where a word begins.
 */
export function wordsOf(line: string): Words {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < line.length; ) {
    const character = line[at] as string;
    if (character === ' ' || character === '\t') {
      if (word !== undefined) words.push(word);
      word = undefined;
      at++;
      continue;
    }
    if (NEEDS_SHELL.has(character) && !(character === '#' && word !== undefined)) {
      const shown = character === '\n' || character === '\r' ? 'line break' : character;
      return { reason: `holds an unquoted ${shown}, which takes a shell`, shell: true };
    }
    const part = partAt(line, at);
    if ('reason' in part) return part;
    word = (word ?? '') + part.text;
    at = part.end;
  }
  if (word !== undefined) words.push(word);
  if (words[0] === undefined || words[0] === '') return { reason: 'names no command', shell: false };
  if (/^[A-Za-z_][A-Za-z0-9_]*=/.test(words[0]))
    return { reason: 'begins with an assignment, which takes a shell', shell: true };
  if (words.some((one) => one.includes('\0'))) return { reason: 'holds a NUL character', shell: false };
  return { words };
}

type Part =
  | { readonly text: string; readonly end: number }
  | { readonly reason: string; readonly shell: boolean };

/** A quoted stretch, an escaped character, or one plain character. */
function partAt(line: string, at: number): Part {
  const character = line[at] as string;
  if (character === "'") {
    const end = line.indexOf("'", at + 1);
    if (end < 0) return { reason: 'has a quote that is not closed', shell: false };
    return { text: line.slice(at + 1, end), end: end + 1 };
  }
  if (character === '"') return doubleQuoted(line, at + 1);
  if (character !== '\\') return { text: character, end: at + 1 };
  const next = line[at + 1];
  if (next === undefined) return { reason: 'ends with a backslash', shell: false };
  // A backslash before a line break joins two lines.
  return { text: next === '\n' ? '' : next, end: at + 2 };
}

function doubleQuoted(line: string, start: number): Part {
  let text = '';
  for (let at = start; at < line.length; at++) {
    const character = line[at] as string;
    if (character === '"') return { text, end: at + 1 };
    if (NEEDS_SHELL_QUOTED.has(character))
      return { reason: `holds ${character} between double quotes, which takes a shell`, shell: true };
    const next = line[at + 1];
    if (character === '\\' && next !== undefined && ESCAPED_IN_QUOTES.has(next)) {
      text += next === '\n' ? '' : next;
      at++;
    } else text += character;
  }
  return { reason: 'has a quote that is not closed', shell: false };
}
