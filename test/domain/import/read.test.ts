import { describe, expect, test } from 'vitest';
import { readRows } from '../../../src/domain/import/read.ts';
import type { BadRow, ImportFormat, Row } from '../../../src/domain/import/row.ts';
import { failureOf } from '../../support/fake-ledger.ts';

/** What these lines are read as; each batch on its own, as it may arrive. */
async function read(
  format: ImportFormat,
  ...batches: readonly (readonly (string | null)[])[]
): Promise<readonly (Row | BadRow)[]> {
  async function* arriving() {
    yield* batches;
  }
  const rows: (Row | BadRow)[] = [];
  for await (const batch of readRows(format, arriving())) rows.push(...batch);
  return rows;
}

const values = (rows: readonly (Row | BadRow)[]) =>
  rows.map((row) => ('values' in row ? { line: row.line, ...row.values } : row));

describe('lines', () => {
  test('each is a token, empty ones and a byte order mark aside', async () => {
    expect(values(await read('lines', ['\ufeffone', '', '  '], ['two']))).toEqual([
      { line: 1, token: 'one' },
      { line: 4, token: 'two' },
    ]);
  });

  test('one that was too long or is not UTF-8 is bad, and is not shown', async () => {
    expect(await read('lines', [null, 'canary\ufffd'])).toEqual([
      { line: 1, reason: 'it is longer than 64 KiB' },
      { line: 2, reason: 'it is not valid UTF-8' },
    ]);
  });
});

describe('csv', () => {
  test('quotes, doubled quotes, commas and line breaks inside, as RFC 4180 has them', async () => {
    const rows = await read(
      'csv',
      ['\ufeffToken,"name",purpose', 't1,plain,', '"t,2","say ""hi""",x'],
      ['t3,"two', 'lines, ""quoted""",y', '', 't4,"",z'],
    );
    expect(values(rows)).toEqual([
      { line: 2, token: 't1', name: 'plain' },
      { line: 3, token: 't,2', name: 'say "hi"', purpose: 'x' },
      { line: 4, token: 't3', name: 'two\nlines, "quoted"', purpose: 'y' },
      { line: 7, token: 't4', purpose: 'z' },
    ]);
  });

  test.each(['a"b",c', '"a"b,c', '"a" ,c', 'a,b"c"'])('misplaced quotes: %s', async (text) => {
    const rows = await read('csv', ['token,name', text, 't2,n2']);
    expect(rows).toHaveLength(2);
    expect(rows[0]).toEqual({ line: 2, reason: 'a quote is not where one may be' });
  });

  test('more or fewer fields than the header has', async () => {
    const rows = await read('csv', ['token,name', 'canary', 'a,b,c']);
    expect(rows).toEqual([
      { line: 2, reason: 'it has one field and the header 2' },
      { line: 3, reason: 'it has 3 fields and the header 2' },
    ]);
  });

  test.each([
    [
      'without a header, and nothing of the row is shown',
      'canary-secret-0123456789,n',
      'line 1: column 1 is unknown',
    ],
    ['with semicolons', 'token;name', 'line 1: column 1 is unknown'],
    ['a column that is none', 'token,__proto__', 'line 1: column 2 is unknown'],
    ['a column twice', 'token,name,Token', 'line 1: the column token comes twice'],
  ])('%s', async (_, header, message) => {
    const failure = await failureOf(() => read('csv', [header, 'a,b']));
    expect([failure.code, failure.message]).toEqual(['usage', message]);
    expect(failure.hint).not.toContain('canary');
  });

  test('a quote that is never closed is said with its line, before the rest of a large file is held', async () => {
    const end = await failureOf(() => read('csv', ['token', 'a', '"canary', 'b']));
    expect(end.message).toBe('line 3: a quote is opened and not closed');
    const lines = ['token', '"canary', ...Array<string>(70_000).fill('x')];
    expect((await failureOf(() => read('csv', lines))).message).toBe(
      'line 2: a quote is opened and not closed',
    );
  });
});

describe('jsonl', () => {
  test('one object a line; null says nothing', async () => {
    const rows = await read('jsonl', ['{"token":"t","scopes":["a:b"],"name":null}', '', '{"sha256":"x"}']);
    expect(values(rows)).toEqual([
      { line: 1, token: 't', scopes: ['a:b'] },
      { line: 3, sha256: 'x' },
    ]);
  });

  test.each([
    ['{"token":"canary"', 'it is not JSON'],
    ['["canary"]', 'it is no JSON object'],
    ['"canary"', 'it is no JSON object'],
    ['null', 'it is no JSON object'],
    ['{"token":"t","canary":1}', /^member 2 of the object is none of token, /],
    ['{"__proto__":{"name":"x"},"token":"t"}', /^member 1 of the object is none of /],
    ['{"constructor":1}', /^member 1 of the object is none of /],
    ['{"token":"canary","name":"x","token":"other"}', 'a member of the object comes twice'],
    ['{"token":"canary","\\u0074oken":"other"}', 'a member of the object comes twice'],
  ])('%s', async (text, reason) => {
    const [row] = await read('jsonl', [text]);
    expect(row).toEqual({ line: 1, reason: expect.stringMatching(reason) });
    expect(JSON.stringify(row)).not.toContain('canary');
    expect(({} as { name?: unknown }).name).toBeUndefined();
  });

  test('what only looks like a member twice is none', async () => {
    const purpose = `"token": \\ {"token": [:], "a\\": ${'x"'.repeat(16_000)}`;
    const text = JSON.stringify({ token: 't', purpose, scopes: ['a:b', 'a:c'] });
    expect(values(await read('jsonl', [text]))).toEqual([
      { line: 1, token: 't', purpose, scopes: ['a:b', 'a:c'] },
    ]);
  });

  test.each([
    ['{"token":7}', 'token', 'must be a string'],
    ['{"name":["x"]}', 'name', 'must be a string'],
    ['{"scopes":"a:b"}', 'scopes', 'must be an array of strings'],
    ['{"networks":[1]}', 'networks', 'must be an array of strings'],
  ])('%s', async (text, field, reason) => {
    expect(await read('jsonl', [text])).toEqual([{ line: 1, field, reason }]);
  });
});
