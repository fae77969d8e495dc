import { type Color, PLAIN, type Style } from './style.ts';
import { visible } from './visible.ts';
import { cut, widthOf } from './width.ts';

/** A cell's text may come from anywhere. */
export interface Cell {
  readonly text: string;
  readonly color?: Color | undefined;
}

export interface TableColumn {
  readonly header: string;
  /** Cut before the others when the terminal is narrow. */
  readonly flexible: boolean;
}

const GAP = '  ';
/** A flexible column gives way down to this many columns before others are cut. */
const FLEXIBLE_LEAST = 8;
/** Rows that are looked at to choose the widths; later rows are cut to fit, so memory stays bounded. */
export const LAYOUT_ROWS = 500;

/** Draws rows of one table, batch by batch: the first batch decides the widths and gets the headers. */
export type DrawRows = (rows: readonly (readonly Cell[])[]) => string;

/**
 * A borderless table that fits `columns` of the terminal: cells are made harmless, cut with `…` where they must
 * be, then painted and padded. By hand, because a table is only as straight as its measure of width is right:
 * cli-table3 measures with string-width 4, which knows no letters or emoji newer than Unicode 13.
 */
export function tableOf(headers: readonly TableColumn[], columns: number, style: Style = PLAIN): DrawRows {
  let widths: readonly number[] | undefined;
  const line = (cells: readonly Cell[]): string => {
    const parts = cells.map(({ text, color }, i) => {
      const width = widths?.[i] ?? 0;
      const short = cut(text, width);
      const padding = i === cells.length - 1 ? '' : ' '.repeat(Math.max(0, width - widthOf(short)));
      return (color === undefined ? short : style[color](short)) + padding;
    });
    return `${parts.join(GAP).trimEnd()}\n`;
  };
  return (rows) => {
    const safe = rows.map((row) => row.map(({ text, color }) => ({ text: visible(text), color })));
    const head =
      widths === undefined
        ? headers.map(({ header }) => ({ text: header, color: 'dim' as const }))
        : undefined;
    widths ??= fitWidths(naturalWidths(headers, safe), headers, columns);
    return (head === undefined ? safe : [head, ...safe]).map(line).join('');
  };
}

function naturalWidths(headers: readonly TableColumn[], rows: readonly (readonly Cell[])[]): number[] {
  return headers.map(({ header }, i) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[i]?.text ?? '')), widthOf(header)),
  );
}

/** Takes columns from the widest flexible cell, then from the widest of all, until the row fits. */
function fitWidths(natural: readonly number[], headers: readonly TableColumn[], columns: number): number[] {
  const widths = natural.map((width) => Math.min(width, columns));
  const room = columns - GAP.length * (widths.length - 1);
  for (let over = widths.reduce((a, b) => a + b, 0) - room; over > 0; over--) {
    const flexible = widths.map((width, i) => (headers[i]?.flexible && width > FLEXIBLE_LEAST ? width : 0));
    const candidates = Math.max(...flexible) > 0 ? flexible : widths;
    const widest = candidates.indexOf(Math.max(...candidates));
    if ((widths[widest] ?? 0) <= 1) break; // narrower than its columns and gaps: the terminal wraps it
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
