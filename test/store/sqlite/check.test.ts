import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createStore, inspectStore, openStore, repairStore } from '../../../src/store/open.ts';
import { addKeys, someKey, someSeed } from '../../contracts/samples.ts';
import { storeDeps, storeFolder } from '../../support/store-folder.ts';

const EDITED = `DROP TRIGGER keys_search_insert;
  CREATE TRIGGER keys_search_insert AFTER INSERT ON keys BEGIN UPDATE keys SET owner = 'eve'; END`;
const GATE = `CREATE TRIGGER restoring BEFORE INSERT ON audit WHEN unixepoch() < 17
  BEGIN SELECT RAISE(ABORT, 'restoring'); END`;

describe('looking a store over', () => {
  let at: ReturnType<typeof storeFolder>;
  const deps = storeDeps();
  const seed = someSeed();
  const codes = async () => (await inspectStore(at.location, deps)).map(({ code }) => code).sort();
  beforeEach(async () => {
    at = storeFolder();
    await createStore(at.location, deps, async () => seed);
    const store = await openStore(at.location, deps);
    await addKeys(store, [someKey(seed.workspace.id, { name: 'findable' })]);
    await store.close();
  });
  afterEach(() => at.remove());
  /** Writes what the program never would. */
  const tamper = (sql: string) => {
    const connection = new Database(at.path);
    connection.unsafeMode(true);
    connection.pragma('foreign_keys = OFF');
    connection.exec(sql);
    connection.close();
  };

  test('a healthy one has no findings, and looking changes nothing', async () => {
    const before = readFileSync(at.path);
    expect(await inspectStore(at.location, deps)).toEqual([]);
    expect(await repairStore(at.location, deps)).toEqual([]);
    expect(readFileSync(at.path).equals(before)).toBe(true);
  });

  test.runIf(deps.uid !== undefined)('open modes are found and tightened', async () => {
    chmodSync(at.path, 0o644);
    chmodSync(at.folder, 0o755);
    writeFileSync(`${at.path}.before-v2-00`, 'x');
    chmodSync(`${at.path}.before-v2-00`, 0o666);
    expect(await codes()).toEqual(['mode', 'mode', 'mode']);
    await repairStore(at.location, deps);
    expect(await codes()).toEqual([]);
    expect(statSync(at.folder).mode & 0o777).toBe(0o700);
    expect(statSync(at.path).mode & 0o777).toBe(0o600);
    await (await openStore(at.location, deps)).close();
  });

  test('leftovers and a missing reserve are found and mended', async () => {
    writeFileSync(`${at.path}.new-0123456789abcdef`, 'x', { mode: 0o600 });
    rmSync(`${at.path}.reserve`);
    expect(await codes()).toEqual(['leftover', 'reserve']);
    await repairStore(at.location, deps);
    expect(await codes()).toEqual([]);
    expect(readdirSync(at.folder).filter((name) => name.includes('.new-'))).toEqual([]);
  });

  test('a search index that does not fit is found and rebuilt', async () => {
    tamper("INSERT INTO keys_search (keys_search) VALUES ('delete-all')");
    expect(await codes()).toEqual(['search']);
    await repairStore(at.location, deps);
    expect(await codes()).toEqual([]);
    const store = await openStore(at.location, deps);
    expect((await store.keys.page({ term: 'findable' }, { limit: 9 }, 0)).items).toHaveLength(1);
    await store.close();
  });

  test.each([
    [
      'a trigger',
      'CREATE TRIGGER "e""vil" AFTER UPDATE ON keys BEGIN SELECT 1; END',
      'trigger e"vil was not made',
    ],
    ['an edited trigger', EDITED, 'trigger keys_search_insert is not as'],
    ['a trigger that is missing', 'DROP TRIGGER keys_search_insert', 'trigger keys_search_insert is missing'],
  ])('%s is found and mended', async (_, sql, message) => {
    tamper(sql);
    expect(await inspectStore(at.location, deps)).toMatchObject([
      { code: 'schema', message: expect.stringContaining(message), fixable: true },
    ]);
    await repairStore(at.location, deps);
    expect(await codes()).toEqual([]);
    const store = await openStore(at.location, deps);
    await addKeys(store, [someKey(seed.workspace.id, { name: 'quokka' })]);
    expect((await store.keys.page({ term: 'quokka' }, { limit: 9 }, 0)).items).toHaveLength(1);
    await store.close();
  });

  test.each([
    ['a table that is missing', 'DROP TABLE scope_catalogue', 'the table scope_catalogue is missing'],
    ['a column with another name', 'ALTER TABLE meta RENAME COLUMN id TO other', 'the table meta is not as'],
    ['a table too many', 'CREATE TABLE cats (name TEXT)', 'the table cats was not made'],
    ['a view', 'CREATE VIEW cats AS SELECT 1', 'the view cats was not made'],
    ['an index that is missing', 'DROP INDEX keys_live_name', 'the index keys_live_name is missing'],
  ])('%s is named and left alone', async (_, sql, message) => {
    tamper(sql);
    expect(await inspectStore(at.location, deps)).toMatchObject(
      [{ code: 'schema', message: `${at.path}: ${message}`, fixable: false }].map((finding) => ({
        ...finding,
        message: expect.stringContaining(finding.message),
      })),
    );
    expect(await repairStore(at.location, deps)).toEqual([]);
  });

  test('the gate of a restore that was killed is no finding', async () => {
    tamper(GATE);
    expect(await codes()).toEqual([]);
    await (await openStore(at.location, deps)).close();
  });

  test('a gate that would stay shut for longer than any is a trigger like others', async () => {
    tamper(GATE.replace('17', String(2 ** 33)));
    expect(await codes()).not.toEqual([]);
    await expect(openStore(at.location, deps)).rejects.toMatchObject({ code: 'store_damaged' });
    expect(await repairStore(at.location, deps)).not.toEqual([]);
    await (await openStore(at.location, deps)).close();
  });

  test.each([
    ['dropped tables', 'DROP TABLE keys_search; DROP TABLE audit'],
    ['a store without meta', 'DROP TABLE meta'],
  ])('%s are named, whatever else can not be checked then', async (_, sql) => {
    tamper(sql);
    expect(new Set(await codes())).toEqual(new Set(['schema']));
  });

  test('another journal mode is found and set back', async () => {
    tamper('PRAGMA journal_mode = DELETE');
    expect(await codes()).toEqual(['settings']);
    await repairStore(at.location, deps);
    expect(await codes()).toEqual([]);
  });

  test('a row that names nobody, a planted link and a stray journal are named and left alone', async () => {
    tamper("UPDATE keys SET workspace_id = 'ws_gone00000000'");
    symlinkSync('/nowhere', `${at.path}.planted`);
    expect(await codes()).toContain('foreign_key');
    expect(await codes()).toContain('link');
    writeFileSync(`${at.path}-journal`, '', { mode: 0o600 });
    expect(await codes()).toContain('journal');
  });

  test('damage is named and nothing is mended by it', async () => {
    const bytes = readFileSync(at.path);
    bytes.fill(0xff, 4096 * 3, 4096 * 12);
    writeFileSync(at.path, bytes);
    expect(await codes()).toContain('store_damaged');
    await repairStore(at.location, deps);
    expect(readFileSync(at.path).equals(bytes)).toBe(true);
  });

  test('a file that is no store is said to be none', async () => {
    writeFileSync(at.path, 'just text, but quite long '.repeat(99));
    rmSync(`${at.path}.reserve`);
    expect(await codes()).toEqual(['store_foreign']);
    await repairStore(at.location, deps);
    expect(readdirSync(at.folder)).not.toContain('keywright.db.reserve');
  });
});
