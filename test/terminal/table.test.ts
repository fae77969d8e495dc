import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TableColumn, tableOf } from '../../src/terminal/table.ts';
import { widthOf } from '../../src/terminal/width.ts';

const COLUMNS: readonly TableColumn[] = [
  { header: 'NAME', flexible: true },
  { header: 'ID', identifier: true },
  { header: 'STATUS' },
  { header: 'SCOPES', flexible: true, lesser: true },
  { header: 'OWNER', lesser: true },
  { header: 'EXPIRES' },
];
const ROW = ['a name of many words', 'kw_pk_live_1', 'active', 'orders:read orders:write', 'ana', 'in 90d'];

/** The headers that are left on a terminal of this width. */
function shownAt(columns: number): string {
  const [head = ''] = tableOf(COLUMNS, columns)([ROW.map((text) => ({ text }))]).split('\n');
  return head.replace(/ +/g, ' ');
}

test.each([
  [100, 'NAME ID STATUS SCOPES OWNER EXPIRES'],
  [60, 'NAME ID STATUS SCOPES OWNER EXPIRES'],
  [50, 'NAME ID STATUS SCOPES EXPIRES'],
  [40, 'NAME ID STATUS EXPIRES'],
  [35, 'NAME ID STATUS'],
  [25, 'NAME ID'],
  [20, 'ID'],
  [5, 'ID'],
])(
  '%i columns: lesser columns go first, then those on the right, never the identifier',
  (columns, headers) => {
    expect(shownAt(columns)).toBe(headers);
  },
);

test('every line fits when an identifier does, and shows it whole', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
  const row = fc.tuple(text, fc.stringMatching(/^[a-z0-9_]{12}$/), text, text, text, text);
  fc.assert(
    fc.property(
      fc.array(row, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 120 }),
      (rows, columns) => {
        const lines = tableOf(
          COLUMNS,
          columns,
        )(rows.map((cells) => cells.map((cell) => ({ text: cell })))).split('\n');
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(Math.max(columns, 12));
        for (const [i, cells] of rows.entries()) expect(lines[i + 1]).toContain(cells[1]);
      },
    ),
  );
});
