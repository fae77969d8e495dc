import { Failure } from '../../errors.ts';
import { type BadRow, FIELDS, type Field, isField, type Row } from './row.ts';

/** Most characters of one record: one that goes on for longer has lost a quote. */
const LONGEST_RECORD = 65_536;

/** Turns lines into rows; what it gives back for the line before a record's last is undefined. */
export interface LineReader {
  line(text: string, line: number): Row | BadRow | undefined;
  /** Throws `usage` when the input ends where it may not. */
  end(): void;
}

/** Comma-separated values (RFC 4180) with a header. A quoted field may hold commas, quotes (doubled) and line breaks. */
export function csvReader(): LineReader {
  let header: readonly Field[] | undefined;
  let open: { readonly line: number; readonly text: string } | undefined;

  const record = (text: string, line: number): Row | BadRow | undefined => {
    if (text.trim() === '') return undefined;
    const fields = text.includes('"') ? quotedFields(text) : text.split(',');
    if (fields === undefined) return { line, reason: 'a quote is not where one may be' };
    if (header !== undefined) return rowOf(header, fields, line);
    header = headerOf(fields, line);
    return undefined;
  };

  return {
    line(text, line) {
      const odd = text.includes('"') && text.split('"').length % 2 === 0;
      if (open === undefined && !odd) return record(text, line);
      const start = open ?? { line, text: '' };
      const whole = open === undefined ? text : `${open.text}\n${text}`;
      if (whole.length > LONGEST_RECORD) throw unclosed(start.line);
      // An odd number of quotes opens a quoted field or closes the open one.
      open = odd === (open === undefined) ? { line: start.line, text: whole } : undefined;
      return open === undefined ? record(whole, start.line) : undefined;
    },
    end() {
      if (open !== undefined) throw unclosed(open.line);
    },
  };
}

/** The fields of one record in which there is a quote; undefined when it is malformed. */
function quotedFields(record: string): readonly string[] | undefined {
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    const field = record[at] === '"' ? quotedField(record, at) : plainField(record, at);
    if (field === undefined) return undefined;
    fields.push(field.text);
    at = field.end;
    if (at === record.length) return fields;
    if (record[at] !== ',') return undefined;
  }
}

interface Piece {
  readonly text: string;
  /** Where it ends: at a comma, or at the end of the record. */
  readonly end: number;
}

function plainField(record: string, start: number): Piece | undefined {
  const comma = record.indexOf(',', start);
  const end = comma === -1 ? record.length : comma;
  const text = record.slice(start, end);
  return text.includes('"') ? undefined : { text, end };
}

function quotedField(record: string, start: number): Piece | undefined {
  let text = '';
  for (let from = start + 1; ; ) {
    const quote = record.indexOf('"', from);
    if (quote === -1) return undefined;
    text += record.slice(from, quote);
    if (record[quote + 1] !== '"') return { text, end: quote + 1 };
    text += '"';
    from = quote + 2;
  }
}

/** Columns are named by their number: without a header this may be a row, with a secret in it. */
function headerOf(names: readonly string[], line: number): readonly Field[] {
  const header = names.map((name) => name.trim().toLowerCase());
  const columns = `the columns are ${FIELDS.join(', ')}`;
  return header.map((name, i) => {
    if (!isField(name)) {
      const hint = `${columns}; a comma between two, their names in the first line`;
      throw new Failure('usage', `line ${line}: column ${i + 1} is unknown`, { hint });
    }
    if (header.indexOf(name) !== i)
      throw new Failure('usage', `line ${line}: the column ${name} comes twice`, { hint: columns });
    return name;
  });
}

/** An empty field says nothing. */
function rowOf(header: readonly Field[], fields: readonly string[], line: number): Row | BadRow {
  if (fields.length !== header.length)
    return { line, reason: `it has ${counted(fields.length)} and the header ${header.length}` };
  const values: { [field in Field]?: string } = {};
  for (const [i, field] of header.entries()) if (fields[i] !== '') values[field] = fields[i] as string;
  return { line, values };
}

const counted = (fields: number): string => (fields === 1 ? 'one field' : `${fields} fields`);

function unclosed(line: number): Failure {
  return new Failure('usage', `line ${line}: a quote is opened and not closed`);
}
