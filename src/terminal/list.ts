import { visible } from '../domain/visible.ts';
import type { Column, ListSpec } from './output.ts';
import type { Style } from './style.ts';
import { type Cell, LAYOUT_ROWS, tableOf } from './table.ts';

/** Writes a part of the answer. */
export type Write = (text: string) => Promise<void>;

/** What a list came to: how many items were written, and the cursor of what follows. */
export interface Written {
  readonly count: number;
  readonly next: string | null;
}

/** Text is handed on in pieces of this size, in characters: a million rows need no more memory than this. */
const PIECE = 64 * 1024;

/** One line an item; `lineOf` has no newline in it. */
export async function writeLines<T>(
  spec: ListSpec<T>,
  lineOf: (item: T) => string,
  write: Write,
): Promise<Written> {
  let piece = '';
  const written = await eachItem(spec, async (item) => {
    piece += `${lineOf(item)}\n`;
    if (piece.length < PIECE) return;
    await write(piece);
    piece = '';
  });
  if (piece !== '') await write(piece);
  return written;
}

/** A row for pipes: tabs between, and none inside, for `visible` shows them as text. */
export function tsvRow(values: readonly string[]): string {
  return values.map(visible).join('\t');
}

/** `{"keys":[…],"next":null}`. Nothing is written before the first page has been read without an error. */
export async function writeJsonList<T>(
  spec: ListSpec<T>,
  textOf: (item: object) => string,
  write: Write,
): Promise<Written> {
  let piece = `{${JSON.stringify(spec.key)}:[`;
  let separator = '';
  const written = await eachItem(spec, async (item) => {
    piece += separator + textOf(spec.json(item));
    separator = ',';
    if (piece.length < PIECE) return;
    await write(piece);
    piece = '';
  });
  await write(`${piece}],"next":${JSON.stringify(written.next)}}\n`);
  return written;
}

/** A table for a terminal of this width; nothing at all for an empty list. */
export async function writeTable<T>(
  spec: ListSpec<T>,
  width: number,
  style: Style,
  write: Write,
): Promise<Written> {
  const shown = shownColumns(spec);
  const draw = tableOf(
    shown.map((column) => ({ ...column, identifier: column === spec.columns[0] })),
    width,
    style,
  );
  let rows: Cell[][] = [];
  const written = await eachItem(spec, async (item) => {
    rows.push(
      shown.map((column) => ({ text: (column.cell ?? column.tsv)(item), color: column.color?.(item) })),
    );
    if (rows.length < LAYOUT_ROWS) return;
    await write(draw(rows));
    rows = [];
  });
  if (rows.length > 0) await write(draw(rows));
  return written;
}

function shownColumns<T>(spec: ListSpec<T>): readonly Column<T>[] {
  return (spec.tableColumns ?? spec.columns.map(({ header }) => header)).map((header) => {
    const column = spec.columns.find((candidate) => candidate.header === header);
    if (column === undefined) throw new Error(`the list "${spec.key}" has no column ${header}`);
    return column;
  });
}

/** Runs through all pages. */
async function eachItem<T>(spec: ListSpec<T>, each: (item: T) => Promise<void>): Promise<Written> {
  let count = 0;
  let next: string | null = null;
  for await (const page of spec.pages) {
    for (const item of page.items) await each(item);
    count += page.items.length;
    next = page.next;
  }
  return { count, next };
}
