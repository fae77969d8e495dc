import { visible } from './visible.ts';

const NEEDS_NO_QUOTES = /^[\w@%+=:,./-]+$/;

/**
 * A word as it must be typed into a POSIX shell to arrive unchanged. Words with characters that a terminal
 * must not see use `$'…'` (POSIX.1-2024, bash, zsh), so that what is printed is also what can be pasted.
 */
export function quote(word: string): string {
  if (NEEDS_NO_QUOTES.test(word)) return word;
  if (visible(word) === word) return `'${word.replaceAll("'", "'\\''")}'`;
  return `$'${[...word].map(escapeOf).join('')}'`;
}

/** One character inside `$'…'`. Octal, because it has a fixed length: `\\x0a` would swallow a digit that follows. */
function escapeOf(character: string): string {
  if (character === "'" || character === '\\') return `\\${character}`;
  if (visible(character) === character) return character;
  return [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
}
