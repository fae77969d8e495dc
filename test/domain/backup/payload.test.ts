import { expect, test } from 'vitest';
import { type BackupHeader, payloadOf, readPayload } from '../../../src/domain/backup/payload.ts';
import type { Bytes } from '../../../src/domain/ports/backup.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { T0 } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';

const DATABASE = Buffer.from('SQLite format 3\0 and\nmore lines\n');
const HEADER: BackupHeader = {
  storeId: 'store_abcdefABCDEF',
  createdAt: T0,
  root: new Secret(Buffer.alloc(32, 7).toString('base64')),
  ...{ schema: 2, size: DATABASE.length, keys: 3, entries: 9 },
};

async function* pieces(bytes: Uint8Array, size: number): Bytes {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function whole(bytes: Bytes): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part);
  return Buffer.concat(parts);
}

const written = (header = HEADER): Promise<Buffer> => whole(payloadOf(header, pieces(DATABASE, 5)));
const firstLine = (fields: object): Buffer => Buffer.from(`${JSON.stringify(fields)}\n`);
const known = {
  format: 'keywright-backup/1',
  store_id: 'store_abcdefABCDEF',
  created_at: '2026-01-01T00:00:00.000Z',
  root_key: 'key',
  ...{ schema: 2, size: 0, keys: 0, entries: 1 },
};

test.each([1, 7, 100_000])('what was written is read back, in pieces of %i', async (size) => {
  const { header, database } = await readPayload(pieces(await written(), size));
  expect({ ...header, root: header.root.reveal() }).toEqual({ ...HEADER, root: HEADER.root.reveal() });
  expect((await whole(database)).equals(DATABASE)).toBe(true);
});

test('its first line is JSON that age -d shows', async () => {
  const [line = ''] = (await written()).toString('latin1').split('\n');
  expect(JSON.parse(line)).toEqual({
    ...known,
    root_key: HEADER.root.reveal(),
    size: 32,
    keys: 3,
    entries: 9,
  });
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['no line', Buffer.alloc(200_000, 'a')],
  ['no JSON', Buffer.from('hello\n')],
  ['null', Buffer.from('null\n')],
  ['an array', Buffer.from('[1]\n')],
  ['another format', firstLine({ ...known, format: 'tar' })],
  ['a store without an id', firstLine({ ...known, store_id: '__proto__' })],
  ['no key', firstLine({ ...known, root_key: 7 })],
  ['a time that is none', firstLine({ ...known, created_at: 'yesterday' })],
  ['a size that is none', firstLine({ ...known, size: -1 })],
  ['a size beyond all', Buffer.from(JSON.stringify(known).replace('"size":0', '"size":1e309').concat('\n'))],
  ['fields of a prototype', Buffer.from(`{"__proto__":${JSON.stringify(known)}}\n`)],
])('%s is no backup, and nothing of it is shown', async (_, content) => {
  const failure = await failureOf(() => readPayload(pieces(content, 1000)));
  expect(failure.code).toBe('backup_foreign');
  expect(failure.message).not.toMatch(/hello|tar|aaa/);
});

test('a later format is told by its name', async () => {
  const failure = await failureOf(() =>
    readPayload(pieces(firstLine({ ...known, format: 'keywright-backup/2' }), 9)),
  );
  expect([failure.code, failure.message]).toEqual([
    'store_newer',
    expect.stringContaining('keywright-backup/2'),
  ]);
});

test.each([-1, 1])('a database that is %i byte off is refused at its end', async (off) => {
  const { database } = await readPayload(
    pieces(await written({ ...HEADER, size: DATABASE.length + off }), 9),
  );
  expect((await failureOf(() => whole(database))).code).toBe('backup_damaged');
});
