import { escapeHarmful } from '../domain/visible.ts';

/**
 * One line of JSON without the newline. Strings are exact to whoever parses it; characters that could disturb a
 * terminal are written as `\u009b`, which JSON allows everywhere (RFC 8259 section 7).
 */
export function jsonText(value: object): string {
  return escapeHarmful(JSON.stringify(value), jsonEscapeOf);
}

/** One `\uXXXX` for each UTF-16 code unit. */
function jsonEscapeOf(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return text;
}
