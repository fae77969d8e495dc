import { PROGRAM } from '../errors.ts';
import { visible } from './visible.ts';

/** Not `=` first: zsh reads `=ls` as the path of `ls`. */
const NEEDS_NO_QUOTES = /^(?!=)[\w@%+=:,./-]+$/;

/**
 * A word as it must be typed into a POSIX shell to arrive unchanged; no part of it is ever run, in fish neither.
 * Words with characters that a terminal must not see use `$'…'` (POSIX.1-2024, bash, zsh), so that what is printed
 * is also what can be pasted; a shell that doesn't know it gets another word.
 */
export function quote(word: string): string {
  if (NEEDS_NO_QUOTES.test(word)) return word;
  // A backslash stands outside the quotes, since fish would read it inside them.
  if (visible(word) === word) return `'${word.replace(/['\\]/g, "'\\$&'")}'`;
  return `$'${[...word].map(escapeOf).join('')}'`;
}

/**
 * One character inside `$'…'`. Octal, because it has a fixed length: `\\x0a` would swallow a digit that follows. The
 * quote, too: where `$'…'` is a dollar and a quoted word, `\\'` would end that.
 */
function escapeOf(character: string): string {
  if (character !== "'" && character !== '\\' && visible(character) === character) return character;
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}

/** A command to paste. A leading `PROGRAM` stays as it is, for the output to put the program's name in. */
export function commandLine(...words: readonly string[]): string {
  return words.map((word, i) => (i === 0 && word === PROGRAM ? word : quote(word))).join(' ');
}

/** The command `verb` on what is called `name`: behind `--` and all flags when it looks like one itself. */
export function commandOn(verb: string, name: string, ...flags: readonly string[]): string {
  const rest = name.startsWith('-') ? [...flags, '--', name] : [name, ...flags];
  return commandLine(PROGRAM, ...verb.split(' '), ...rest);
}

/** A flag and its value, which may look like a flag itself. */
export function flagLine(flag: string, value: string): string {
  return `${flag}${value.startsWith('-') ? '=' : ' '}${quote(value)}`;
}
