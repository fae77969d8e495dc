import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate, setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Head, StoreCopy } from '../../../src/domain/ports/backup.ts';
import type { Store } from '../../../src/domain/ports/store.ts';
import { copiedStore, createStore, openStore, snapshotStore } from '../../../src/store/open.ts';
import { copyPages } from '../../../src/store/sqlite/copy.ts';
import { closeLog } from '../../../src/store/sqlite/log-gate.ts';
import { addKeys, someEntry, someKey, someSeed, T0 } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';
import { backedUp, bytesOf, inPieces } from './backed-up.ts';

let at: ReturnType<typeof storeFolder>;
let store: Store;
const seed = someSeed();
const key = someKey(seed.workspace.id);
const deps = storeDeps({ busyTimeoutMs: 300 });

beforeEach(async () => {
  at = storeFolder();
  await createStore(at.location, deps, async () => seed);
  store = await openStore(at.location, deps);
  await addKeys(store, [key]);
});
afterEach(async () => {
  await store.close();
  at.remove();
});

const backup = (): Promise<Buffer> => backedUp(at.location, deps);
const copied = <T>(bytes: Uint8Array, work: (copy: StoreCopy) => Promise<T>): Promise<T> =>
  copiedStore(at.location, deps, inPieces(bytes), work);
const headOf = async (of: Store): Promise<Head | undefined> => of.audit.head();
const revoke = (): Promise<void> =>
  store.write(async (tx) => {
    await tx.write.keys.revoke([key.kid], T0, null);
    await tx.write.audit([someEntry(((await tx.audit.head())?.seq ?? 0) + 1)]);
  });
const revokedAt = async (): Promise<number | null | undefined> =>
  (await store.keys.byKid(key.kid))?.revokedAt;
const asides = (): readonly string[] => readdirSync(at.folder).filter((name) => name.includes('.new-'));

describe('a snapshot', () => {
  test('is what the store was, has no name while it is read, and says what it holds', async () => {
    const snapshot = await snapshotStore(at.location, deps);
    expect(asides()).toEqual([]);
    await revoke();
    const bytes = await bytesOf(snapshot.database);
    expect(snapshot).toMatchObject({ size: bytes.length, keys: 1, entries: 1 });
    await snapshot.discard();
    await copied(bytes, async (copy) => {
      expect(await copy.store.keys.byKid(key.kid)).toMatchObject({ revokedAt: null });
      expect(await copy.damages()).toEqual([]);
    });
    expect(await revokedAt()).toBe(T0);
  });
});

describe('a copy of a backup', () => {
  test('is private, and gone afterwards, whatever its work does', async () => {
    const bytes = await backup();
    await expect(
      copied(bytes, async () => {
        for (const name of asides()) expect(statSync(`${at.folder}/${name}`).mode & 0o077).toBe(0);
        expect(asides()).not.toEqual([]);
        throw new Error('what its work does');
      }),
    ).rejects.toThrow('what its work does');
    expect(asides()).toEqual([]);
  });

  test('keeps nobody from the locks of the store while its work waits for an answer', async () => {
    await copied(await backup(), async () => {
      expect(await store.exclusively('rotation-1', async () => 'had', { waitMs: 0 })).toBe('had');
    });
  });

  test.each([
    ['nothing', Buffer.alloc(0), 'backup_damaged'],
    ['text', Buffer.alloc(5000, 'a'), 'backup_foreign'],
  ])('of %s is refused without naming the file', async (_, bytes, code) => {
    const failure = await failureOf(() => copied(bytes, async () => undefined));
    expect(failure.code).toBe(code);
    expect(failure.message).not.toContain('.new-');
  });

  test('of another program, and of a newer one, is told apart', async () => {
    const bytes = await backup();
    for (const [offset, value, code] of [
      [68, 7, 'backup_foreign'],
      [60, 999, 'store_newer'],
    ] as const) {
      const other = Buffer.from(bytes);
      other.writeUInt32BE(value, offset); // application_id and user_version, sqlite.org/fileformat2.html 1.3
      expect((await failureOf(() => copied(other, async () => undefined))).code).toBe(code);
    }
  });

  test('takes the place of the store for those who have it open, and keeps its size', async () => {
    const bytes = await backup();
    await revoke();
    await copied(bytes, async (copy) => {
      await copy.store.write((tx) => tx.write.keys.setDisabled([key.kid], T0));
      await copy.replace(await headOf(store));
    });
    expect(await store.keys.byKid(key.kid)).toMatchObject({ revokedAt: null, disabledAt: T0 });
    await revoke();
    expect(await revokedAt()).toBe(T0);
  });

  test('does not, when the store changed since it was looked at: what was revoked stays so', async () => {
    const bytes = await backup();
    const failure = await failureOf(() =>
      copied(bytes, async (copy) => {
        const seen = await headOf(store);
        await revoke();
        await copy.replace(seen);
      }),
    );
    expect(failure.code).toBe('changed');
    expect(await revokedAt()).toBe(T0);
    await store.write(async (tx) => tx.write.audit([someEntry(((await tx.audit.head())?.seq ?? 0) + 1)]));
  });

  test('does not while a writer holds the store, which goes on afterwards', async () => {
    const bytes = await backup();
    const holder = new Database(at.path);
    const failure = await failureOf(() =>
      copied(bytes, async (copy) => {
        const seen = await headOf(store);
        holder.exec('BEGIN IMMEDIATE');
        await copy.replace(seen);
      }),
    );
    holder.exec('ROLLBACK');
    holder.close();
    expect(failure.code).toBe('busy');
    await revoke();
    expect(await revokedAt()).toBe(T0);
  });

  test('opens the log again when its writer has ended, and tells why nothing was restored', async () => {
    const bytes = await backup();
    const holder = new Database(at.path);
    const isShut = holder.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'restoring'").pluck();
    let ended: Promise<void> | undefined;
    const patient = { ...deps, busyTimeoutMs: 1000 };
    const failure = await failureOf(() =>
      copiedStore(at.location, patient, inPieces(bytes), async (copy) => {
        const seen = await headOf(store);
        ended = (async () => {
          while (isShut.get() === undefined) await setImmediate();
          holder.exec('BEGIN IMMEDIATE');
          // After the copying gave up, and before the opening does.
          await setTimeout(1500);
          holder.close();
        })();
        await copy.replace(seen);
      }),
    );
    await ended;
    expect([failure.code, failure.message]).toEqual([
      'busy',
      expect.stringContaining('nothing was restored'),
    ]);
    await revoke();
    expect(await revokedAt()).toBe(T0);
  });

  test('has taken it though a writer that waited writes before that is seen', async () => {
    const bytes = await backup();
    const writer = new Database(at.path);
    await copied(bytes, async (copy) => {
      await copy.store.write((tx) => tx.write.audit([someEntry(2, { action: 'store.restore' })]));
      await copy.store.close();
      const source = new Database(join(at.folder, asides()[0] ?? ''));
      const backUp = source.backup.bind(source);
      source.backup = async (...to) => {
        const done = await backUp(...to);
        writer.exec('UPDATE meta SET generation = generation + 1');
        return done;
      };
      await copyPages(source, at.path, deps);
      source.close();
    });
    writer.close();
    expect((await store.audit.head())?.action).toBe('store.restore');
  });

  test('is made a store where there is none, and refused where there is one', async () => {
    const bytes = await backup();
    expect((await failureOf(() => copied(bytes, (copy) => copy.place()))).code).toBe('exists');
    await store.close();
    const empty = storeFolder();
    await copiedStore(empty.location, deps, inPieces(bytes), (copy) => copy.place());
    const made = await openStore(empty.location, deps);
    expect(await made.keys.byKid(key.kid)).toMatchObject({ name: key.name });
    await made.close();
    expect(statSync(empty.path)).toMatchObject({ nlink: 1 });
    expect(readFileSync(empty.path).readUInt8(18)).toBe(2); // WAL
    empty.remove();
  });
});

describe('while the log is shut', () => {
  test('a change is busy and nothing of it is there; opened again it goes through', async () => {
    const open = await closeLog(at.path, await headOf(store), deps);
    expect((await failureOf(revoke)).code).toBe('busy');
    expect(await revokedAt()).toBe(null);
    await open();
    await revoke();
    expect(await revokedAt()).toBe(T0);
  });

  test('a process that died shutting it is not felt for long', async () => {
    await closeLog(at.path, await headOf(store), deps);
    const database = new Database(at.path);
    const sql = String(
      database.prepare("SELECT sql FROM sqlite_schema WHERE name = 'restoring'").pluck().get(),
    );
    const until = Number(/unixepoch\(\) < ([0-9]+)/.exec(sql)?.[1]);
    expect(until - Date.now() / 1000).toBeLessThan(125);
    database.exec(`DROP TRIGGER restoring; ${sql.replace(String(until), String(until - 125))}`);
    database.close();
    await revoke();
    expect(await revokedAt()).toBe(T0);
  });
});
