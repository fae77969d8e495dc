/**
 * What must not reach a terminal as it is: controls (C0, C1, DEL), format characters (bidi overrides and
 * isolates, zero-width joiners, tags), unpaired surrogates, private-use and unassigned code points, line and
 * paragraph separators, and everything else that draws nothing. The two presentation selectors of emoji stay.
 */
const HARMFUL = /(?![\ufe0e\ufe0f])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const PLAIN_ASCII = /^[\x20-\x7e]*$/;

/**
 * Makes text from anywhere harmless for tables, TSV, prompts and messages: a character that could move the
 * cursor, hide, reorder or break a line becomes its code point as text, `\u{202e}`. Ordinary letters of every
 * script, combining marks and emoji stay (an emoji's zero-width joiner is shown as text). For people only:
 * a literal backslash is not doubled, so it can't be turned back. JSON carries text exactly instead.
 */
export function visible(text: string): string {
  return escapeHarmful(text, (character) => {
    const codePoint = character.codePointAt(0) as number;
    return `\\u{${codePoint.toString(16).padStart(2, '0')}}`;
  });
}

/** Replaces each harmful character by what `escapeOf` makes of it. */
export function escapeHarmful(text: string, escapeOf: (character: string) => string): string {
  return PLAIN_ASCII.test(text) ? text : text.replace(HARMFUL, escapeOf);
}
