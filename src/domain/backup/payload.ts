import { Failure } from '../../errors.ts';
import type { Bytes } from '../ports/backup.ts';
import { Secret } from '../secret.ts';

/** What stands in the first line of a backup, before the database. Times are ms since 1970, UTC. */
export interface BackupHeader {
  readonly storeId: string;
  readonly createdAt: number;
  /** The root key in base64, so that nothing but the backup is needed on another machine. */
  readonly root: Secret;
  /** Version of the database's schema. */
  readonly schema: number;
  /** Bytes of the database. */
  readonly size: number;
  readonly keys: number;
  readonly entries: number;
}

const FORMAT = 'keywright-backup/1';
const LONGEST_LINE = 64 * 1024;
const LF = 0x0a;

/** One line of JSON and the database's bytes. All of it is secret: it goes into age and nowhere else. */
export async function* payloadOf(header: BackupHeader, database: Bytes): AsyncGenerator<Uint8Array> {
  const { storeId, createdAt, root, schema, size, keys, entries } = header;
  const line = {
    format: FORMAT,
    store_id: storeId,
    created_at: new Date(createdAt).toISOString(),
    root_key: root.reveal(),
    ...{ schema, size, keys, entries },
  };
  yield Buffer.from(`${JSON.stringify(line)}\n`);
  yield* database;
}

/**
 * Takes a payload apart. Throws `backup_foreign` for anything else, `store_newer` for a later format; reading the
 * database throws `backup_damaged` when it has another length than the header says.
 */
export async function readPayload(content: Bytes): Promise<{ header: BackupHeader; database: Bytes }> {
  const pieces = content[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let end = -1;
  while (end < 0 && head.length <= LONGEST_LINE) {
    const next = await pieces.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
    end = head.indexOf(LF);
  }
  const header = headerIn(head.toString('utf8', 0, Math.max(end, 0)));
  return { header, database: databaseAfter(head.subarray(end + 1), pieces, header.size) };
}

async function* databaseAfter(
  head: Uint8Array,
  pieces: AsyncIterator<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array> {
  let length = head.length;
  yield head;
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    length += next.value.length;
    yield next.value;
  }
  if (length === size) return;
  throw new Failure(
    'backup_damaged',
    `the backup is damaged: its database has ${length} bytes and not ${size}`,
  );
}

function headerIn(line: string): BackupHeader {
  const fields = objectIn(line);
  const { format, store_id: storeId, created_at: created, root_key: root } = fields;
  if (typeof format === 'string' && format !== FORMAT && /^keywright-backup\/[0-9]+$/.test(format)) {
    throw new Failure(
      'store_newer',
      `the backup has the format ${format}, and this program knows ${FORMAT}`,
      {
        hint: 'npm install --global keywright@latest',
      },
    );
  }
  const createdAt = typeof created === 'string' ? Date.parse(created) : Number.NaN;
  const known = format === FORMAT && typeof storeId === 'string' && /^store_[0-9A-Za-z]{12}$/.test(storeId);
  if (!known || typeof root !== 'string' || Number.isNaN(createdAt)) throw foreign();
  const [schema, size, keys, entries] = ['schema', 'size', 'keys', 'entries'].map((name) =>
    count(fields[name]),
  );
  if (schema === undefined || size === undefined || keys === undefined || entries === undefined)
    throw foreign();
  return { storeId, createdAt, root: new Secret(root), schema, size, keys, entries };
}

function objectIn(line: string): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === 'object' && value !== null) return Object.assign(Object.create(null), value);
  } catch {
    // No JSON, and what it is instead may be anything: nothing of it is shown.
  }
  throw foreign();
}

function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function foreign(): Failure {
  return new Failure('backup_foreign', 'the age file opens, and what is in it is no backup of this program');
}
