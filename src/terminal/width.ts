import stringWidth from 'fast-string-width';

const PLAIN_ASCII = /^[\x20-\x7e]*$/;

/** Made on first use: it takes 9 ms to make. */
let graphemes: Intl.Segmenter | undefined;

/** Columns that a line of harmless text takes on a terminal: wide letters and emoji two, combining marks none. */
export function widthOf(text: string): number {
  return PLAIN_ASCII.test(text) ? text.length : stringWidth(text);
}

/** The text, or as many whole characters of it as fit in `columns` together with `…`. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (PLAIN_ASCII.test(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  let end = 0; // of what fits beside the ellipsis
  let width = 0;
  graphemes ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment, index } of graphemes.segment(text)) {
    width += widthOf(segment);
    if (width > columns) return `${text.slice(0, end)}…`;
    if (width < columns) end = index + segment.length;
  }
  return text;
}

/** The text with spaces after it up to `columns`; longer text stays as it is. */
export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}
