import { visible } from '../domain/visible.ts';
import { type Color, PLAIN, type Style } from './style.ts';
import { cut, widthOf } from './width.ts';

/** A cell's text may come from anywhere. */
export interface Cell {
  readonly text: string;
  readonly color?: Color | undefined;
}

export interface TableColumn {
  readonly header: string;
  /** Never cut and never left out: better a line that the terminal wraps than half an identifier. */
  readonly identifier?: boolean;
  /** Cut before the others when the terminal is narrow. */
  readonly flexible?: boolean;
  /** Left out before the others when the terminal is narrower still. */
  readonly lesser?: boolean;
}

const GAP = '  ';
/** A flexible column gives way down to this many columns before others are left out. */
const FLEXIBLE_LEAST = 8;
/** Rows that are looked at to choose the widths; later rows are cut to fit, so memory stays bounded. */
export const LAYOUT_ROWS = 500;

/** Draws rows of one table, batch by batch: the first batch decides the widths and gets the headers. */
export type DrawRows = (rows: readonly (readonly Cell[])[]) => string;

/**
 * A borderless table that fits `columns` of the terminal: cells are made harmless, columns left out or cells
 * cut with `…` where they must be, then painted and padded. By hand, because a table is only as straight as
 * its measure of width is right: cli-table3 measures with string-width 4, which knows no letters or emoji
 * newer than Unicode 13.
 */
export function tableOf(headers: readonly TableColumn[], columns: number, style: Style = PLAIN): DrawRows {
  let layout: Layout | undefined;
  const line = (cells: readonly Cell[], shown: Layout): string => {
    const parts = shown.map(({ column, width, whole }, i) => {
      const { text, color } = cells[column] ?? { text: '' };
      const short = whole ? text : cut(text, width);
      const padding = i === shown.length - 1 ? '' : ' '.repeat(Math.max(0, width - widthOf(short)));
      return (color === undefined ? short : style[color](short)) + padding;
    });
    return `${parts.join(GAP).trimEnd()}\n`;
  };
  return (rows) => {
    const safe = rows.map((row) => row.map(({ text, color }) => ({ text: visible(text), color })));
    const head =
      layout === undefined
        ? headers.map(({ header }) => ({ text: header, color: 'dim' as const }))
        : undefined;
    const shown = layout ?? layoutOf(headers, naturalWidths(headers, safe), columns);
    layout = shown;
    return (head === undefined ? safe : [head, ...safe]).map((row) => line(row, shown)).join('');
  };
}

/** The columns that are shown: their place in the row, their width, and whether cells are never cut. */
type Layout = readonly { readonly column: number; readonly width: number; readonly whole: boolean }[];

/** Narrows flexible columns, then leaves columns out, lesser ones and those on the right first, until the rest fits. */
function layoutOf(headers: readonly TableColumn[], natural: readonly number[], columns: number): Layout {
  let left = headers.map((header, column) => ({ ...header, column, natural: natural[column] ?? 0 }));
  for (;;) {
    const least = left.map((one) => (isElastic(one) ? Math.min(one.natural, FLEXIBLE_LEAST) : one.natural));
    if (sum(least) + GAP.length * (left.length - 1) <= columns) break;
    const last =
      left.findLast((one) => one.lesser && !one.identifier) ?? left.findLast((one) => !one.identifier);
    if (last === undefined || left.length === 1) break;
    left = left.filter((one) => one !== last);
  }
  const widths = fitWidths(left, columns);
  return left.map(({ column, identifier }, i) => ({
    column,
    width: widths[i] ?? 0,
    whole: identifier === true,
  }));
}

function isElastic({ flexible, identifier }: TableColumn): boolean {
  return flexible === true && identifier !== true;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function naturalWidths(headers: readonly TableColumn[], rows: readonly (readonly Cell[])[]): number[] {
  return headers.map(({ header }, i) =>
    rows.reduce((widest, row) => Math.max(widest, widthOf(row[i]?.text ?? '')), widthOf(header)),
  );
}

/** Takes columns from the widest flexible cell until the row fits; the only column gives way when it may be cut. */
function fitWidths(shown: readonly (TableColumn & { natural: number })[], columns: number): number[] {
  const widths = shown.map(({ natural }) => natural);
  if (shown.length === 1 && shown[0]?.identifier !== true) return [Math.min(widths[0] ?? 0, columns)];
  const room = columns - GAP.length * (widths.length - 1);
  for (let over = sum(widths) - room; over > 0; over--) {
    const elastic = widths.map((width, i) => (isElastic(shown[i] as TableColumn) ? width : 0));
    const widest = elastic.indexOf(Math.max(...elastic));
    if ((elastic[widest] ?? 0) <= FLEXIBLE_LEAST) break; // identifiers alone are wider: the terminal wraps them
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}
