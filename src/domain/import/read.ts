import { csvReader, type LineReader } from './csv.ts';
import { type BadRow, FIELDS, type Field, type ImportFormat, isField, type Row } from './row.ts';

const BYTE_ORDER_MARK = '\ufeff';
/** What decoding puts in place of bytes that aren't UTF-8. */
const REPLACEMENT = '\ufffd';
const LISTS: readonly Field[] = ['scopes', 'networks'];

const READERS: { readonly [format in ImportFormat]: () => LineReader } = {
  lines: () => ({ line: tokenRow, end() {} }),
  csv: csvReader,
  jsonl: () => ({ line: jsonRow, end() {} }),
};

/**
 * The rows in these lines, together as they come (a null is a line of more than 64 KiB). Empty lines and
 * a byte order mark at the start are passed over. Throws `usage` for a header that is none, and for an open quote.
 */
export async function* readRows(
  format: ImportFormat,
  batches: AsyncIterable<readonly (string | null)[]>,
): AsyncGenerator<readonly (Row | BadRow)[]> {
  const reader = READERS[format]();
  let line = 0;
  for await (const batch of batches) {
    const rows: (Row | BadRow)[] = [];
    for (const text of batch) {
      line++;
      const row = rowOf(reader, line === 1 ? withoutMark(text) : text, line);
      if (row !== undefined) rows.push(row);
    }
    yield rows;
  }
  reader.end();
}

function rowOf(reader: LineReader, text: string | null, line: number): Row | BadRow | undefined {
  if (text === null) return { line, reason: 'it is longer than 64 KiB' };
  if (text.includes(REPLACEMENT)) return { line, reason: 'it is not valid UTF-8' };
  return reader.line(text, line);
}

function withoutMark(text: string | null): string | null {
  return text?.startsWith(BYTE_ORDER_MARK) === true ? text.slice(1) : text;
}

/** One raw token a line. */
function tokenRow(text: string, line: number): Row | undefined {
  return text.trim() === '' ? undefined : { line, values: { token: text } };
}

/** One JSON object a line. What the parser says of its mistakes is not passed on: it quotes the line. */
function jsonRow(text: string, line: number): Row | BadRow | undefined {
  if (text.trim() === '') return undefined;
  let object: unknown;
  try {
    object = JSON.parse(text);
  } catch {
    return { line, reason: 'it is not JSON' };
  }
  if (typeof object !== 'object' || object === null || Array.isArray(object))
    return { line, reason: 'it is no JSON object' };
  if (membersIn(text) !== Object.keys(object).length)
    return { line, reason: 'a member of the object comes twice' };
  const values: { [field in Field]?: string | readonly string[] } = {};
  for (const [i, [name, value]] of Object.entries(object).entries()) {
    if (!isField(name))
      return { line, reason: `member ${i + 1} of the object is none of ${FIELDS.join(', ')}` };
    if (value === null) continue;
    const list = LISTS.includes(name);
    if (list ? !isTexts(value) : typeof value !== 'string')
      return { line, field: name, reason: list ? 'must be an array of strings' : 'must be a string' };
    values[name] = value;
  }
  return { line, values };
}

/** How many members the object is written with: of two with one name the parser keeps the last. */
function membersIn(text: string): number {
  let depth = 0;
  let members = 0;
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (token === ':' && depth === 1) members++;
  }
  return members;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
