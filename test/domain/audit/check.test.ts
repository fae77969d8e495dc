import { describe, expect, test } from 'vitest';
import { entryHash } from '../../../src/domain/audit/chain.ts';
import { checkChain } from '../../../src/domain/audit/check.ts';
import type { AuditEntry } from '../../../src/domain/audit/entry.ts';
import { fakeSealer } from '../../support/fake-ledger.ts';
import { logOf, markOf, readerOf, rechained, transaction } from '../../support/fake-log.ts';

const SEALER = fakeSealer();

/** Six transactions of one entry each, all sealed. */
const LOG = logOf(['a', 'b', 'c', 'd', 'e', 'f'].map((word) => [transaction(word), SEALER]));
const SEQS = LOG.map(({ seq }) => seq);

type Rows = readonly AuditEntry[];

/** The whole check, and three that lack a part of it. */
const check = (rows: Rows) => checkChain(readerOf(rows), SEALER, markOf(LOG));
const withoutSeals = (rows: Rows) => checkChain(readerOf(rows), undefined, markOf(LOG));
const withoutAnchor = (rows: Rows) => checkChain(readerOf(rows), SEALER, undefined);
const chainAlone = (rows: Rows) => checkChain(readerOf(rows), undefined, undefined);

const changedAt = (seq: number, change: Partial<AuditEntry>): Rows =>
  LOG.map((row) => (row.seq === seq ? { ...row, ...change } : row));
const without = (seq: number): Rows => LOG.filter((row) => row.seq !== seq);
const shifted = (rows: Rows): Rows => rows.map((row, i) => ({ ...row, seq: i + 1 }));
const rowAt = (seq: number): AuditEntry => LOG[seq - 1] as AuditEntry;
const forged = { facts: { name: 'forged' } };

describe('a log that nobody touched', () => {
  test('is right', async () => {
    expect(await check(LOG)).toEqual({
      entries: 6,
      bad: null,
      lockedRanges: [],
      clockWentBack: [],
      head: { seq: 6, hash: LOG[5]?.hash },
    });
  });

  test('may be empty', async () => {
    expect(await checkChain(readerOf([]), SEALER, undefined)).toMatchObject({
      entries: 0,
      bad: null,
      head: null,
    });
  });

  test('may have gone on since this machine last saw it', async () => {
    expect((await checkChain(readerOf(LOG), SEALER, markOf(LOG.slice(0, 3)))).bad).toBeNull();
  });

  test('is read page by page', async () => {
    const words = Array.from({ length: 2500 }, (_, i) => `k${i}`);
    const long = logOf([[transaction(...words), SEALER]]);
    expect(await checkChain(readerOf(long), SEALER, markOf(long))).toMatchObject({
      entries: 2500,
      bad: null,
    });
    const cut = long.filter(({ seq }) => seq !== 2001);
    expect((await checkChain(readerOf(cut), SEALER, undefined)).bad?.seq).toBe(2001);
  });
});

describe('a row that was changed is named', () => {
  const bytes = new Uint8Array(32).fill(9);
  const changes: readonly (readonly [string, Partial<AuditEntry>])[] = [
    ['its time', { at: 1 }],
    ['its actor', { actor: 'eve' }],
    ['its OS user', { osUser: 'eve' }],
    ['its action', { action: 'key.revoke' }],
    ['its target', { target: 'key_other' }],
    ['its workspace', { workspaceId: null }],
    ['a fact', forged],
    ['a fact that is added', { facts: { ...rowAt(1).facts, more: 1 } }],
    ['its label: made while locked', { locked: true }],
    ['its link', { prev: bytes }],
    ['its hash', { hash: bytes }],
    ['its hash, to nothing', { hash: new Uint8Array() }],
    ['its seal', { seal: bytes }],
    ['its seal, to that of another entry', { seal: SEALER.seal(99, bytes) }],
    ['its seal, cut', { seal: rowAt(1).seal?.slice(0, 16) ?? null }],
  ];

  test.each(changes)('%s', async (_, change) => {
    for (const seq of SEQS) expect((await check(changedAt(seq, change))).bad?.seq).toBe(seq);
  });

  test('its link and hash, so that they fit each other', async () => {
    for (const row of LOG) {
      const rows = changedAt(row.seq, { prev: bytes, hash: entryHash({ ...row, prev: bytes }), seal: null });
      expect((await chainAlone(rows)).bad).toEqual({
        seq: row.seq,
        reason: 'it does not continue the entry before',
      });
    }
  });

  test('a check without seals does not see a changed seal', async () => {
    expect((await withoutSeals(changedAt(3, { seal: bytes }))).bad).toBeNull();
  });
});

describe('rows that were taken, added or moved', () => {
  test.each(SEQS)('row %i deleted', async (seq) => {
    expect((await check(without(seq))).bad?.seq).toBe(seq);
  });

  test.each(SEQS.slice(0, -1))('row %i deleted and the rest moved up', async (seq) => {
    expect((await check(shifted(without(seq)))).bad?.seq).toBe(seq);
  });

  test.each(SEQS)('a row inserted before row %i', async (seq) => {
    const rows = [...LOG.slice(0, seq - 1), { ...rowAt(seq), ...forged }, ...LOG.slice(seq - 1)];
    expect((await check(shifted(rows))).bad?.seq).toBe(seq);
  });

  test.each(SEQS)('row %i twice', async (seq) => {
    const rows = [...LOG.slice(0, seq), rowAt(seq), ...LOG.slice(seq)];
    expect((await check(rows)).bad?.seq).toBe(seq + 1);
    expect((await check(shifted(rows))).bad?.seq).toBe(seq + 1);
  });

  test('any two rows swapped', async () => {
    for (const a of SEQS) {
      for (const b of SEQS.filter((seq) => seq > a)) {
        const rows = LOG.map((row) =>
          row.seq === a ? { ...rowAt(b), seq: a } : row.seq === b ? { ...rowAt(a), seq: b } : row,
        );
        expect((await check(rows)).bad?.seq).toBe(a);
      }
    }
  });

  test('all rows gone', async () => {
    expect((await check([])).bad).toEqual({ seq: 1, reason: 'the end of the log was cut off' });
  });
});

describe('the tail', () => {
  test.each(SEQS)('cut off from row %i on', async (seq) => {
    const rows = LOG.slice(0, seq - 1);
    expect((await check(rows)).bad).toEqual({ seq, reason: 'the end of the log was cut off' });
    expect((await withoutAnchor(rows)).bad, 'a check without the anchor').toBeNull();
  });

  test.each(SEQS)('cut off from row %i on, and new rows appended', async (seq) => {
    const appended = rechained(LOG, seq, () => forged);
    const longer = rechained([...appended, rowAt(6), rowAt(6)], 7, () => forged);
    for (const seal of ['old', 'none'] as const) {
      for (const rows of [appended, longer]) {
        const sealed = rows.map((row) => (row.seq < seq || seal === 'old' ? row : { ...row, seal: null }));
        expect((await check(sealed)).bad?.seq).toBe(seq);
      }
    }
    expect((await chainAlone(longer)).bad, 'a check without seals and anchor').toBeNull();
  });

  test('an older file put back', async () => {
    expect((await check(LOG.slice(0, 4))).bad?.seq).toBe(5);
  });
});

describe('everything rewritten from a row on, with right numbers, links and hashes', () => {
  test.each(SEQS)('row %i', async (seq) => {
    const rows = rechained(LOG, seq, (row) => (row.seq === seq ? forged : {}));
    expect((await check(rows)).bad?.seq).toBe(seq);
    expect((await withoutAnchor(rows)).bad?.seq).toBe(seq);
    expect((await chainAlone(rows)).bad, 'a check without seals').toBeNull();
  });

  test.each(SEQS)('row %i, and sealed with another key', async (seq) => {
    const other = fakeSealer('another key');
    const rows = rechained(LOG, seq, (row) => (row.seq === seq ? forged : {})).map((row) =>
      row.seq < seq ? row : { ...row, seal: other.seal(row.seq, row.hash) },
    );
    expect((await check(rows)).bad?.seq).toBe(seq);
  });

  test.each(SEQS)('row %i, and its seals taken away', async (seq) => {
    const rows = rechained(LOG, seq, (row) => (row.seq === seq ? forged : {})).map((row) =>
      row.seq < seq ? row : { ...row, seal: null },
    );
    expect((await check(rows)).bad?.seq).toBe(seq);
    expect((await withoutAnchor(rows)).bad).toEqual({ seq, reason: 'its seal is missing' });
  });

  test.each(SEQS)('row %i, and relabelled as made while locked', async (seq) => {
    const rows = rechained(LOG, seq, (row) => ({
      ...(row.seq === seq ? forged : {}),
      locked: true,
      seal: null,
    }));
    const bad = { seq, reason: 'it can not have been made while the store was locked' };
    for (const checked of [check, withoutSeals, withoutAnchor, chainAlone])
      expect((await checked(rows)).bad).toEqual(bad);
  });

  test.each(SEQS)('row %i, and relabelled as revocations made while locked', async (seq) => {
    const rows = rechained(LOG, seq, () => ({ action: 'key.revoke', locked: true, seal: null }));
    expect((await check(rows)).bad?.seq).toBe(seq);
    expect((await withoutAnchor(rows)).bad).toBeNull();
    // What is not remembered and not sealed can't be told from a true entry; it is at least named.
    expect((await withoutAnchor(rows)).lockedRanges).toEqual([{ from: seq, to: 6, sealed: false }]);
  });

  test.each(SEQS)('row %i, in an older or keyless format', async (seq) => {
    for (const format of ['keywright/audit/0', undefined]) {
      const row = rowAt(seq);
      const parts = [
        seq,
        row.at,
        row.actor,
        row.osUser,
        row.action,
        row.target,
        row.workspaceId,
        row.facts,
        row.locked,
      ];
      const facts = { ...row.facts, format: String(format), parts: parts.map(String) };
      expect((await check(changedAt(seq, { hash: entryHash({ ...row, facts }) }))).bad?.seq).toBe(seq);
    }
  });

  test('only between two rows: the first is named, not where it stops fitting', async () => {
    const rewritten = rechained(LOG, 3, (row) => (row.seq === 3 ? forged : {}));
    expect((await check([...rewritten.slice(0, 4), ...LOG.slice(4)])).bad?.seq).toBe(3);
  });
});

describe('transactions of several entries', () => {
  const log = logOf([
    [transaction('a', 'b', 'c'), SEALER],
    [transaction('d', 'e'), SEALER],
  ]);

  test('a rewritten one is named from its beginning, which is as far as its seal can tell', async () => {
    const rows = rechained(log, 5, () => forged);
    expect((await checkChain(readerOf(rows), SEALER, undefined)).bad?.seq).toBe(4);
  });

  test('cut in the middle', async () => {
    const bad = { seq: 4, reason: 'its seal is missing' };
    expect((await checkChain(readerOf(log.slice(0, 4)), SEALER, undefined)).bad).toEqual(bad);
  });

  test('a seal taken from the middle of the log takes nothing away: the next one vouches for the same', async () => {
    const rows = log.map((row) => (row.seq === 3 ? { ...row, seal: null } : row));
    expect((await checkChain(readerOf(rows), SEALER, undefined)).bad).toBeNull();
    const changed = rechained(rows, 2, (row) => (row.seq === 2 ? forged : {}));
    expect((await checkChain(readerOf(changed), SEALER, undefined)).bad?.seq).toBe(1);
  });
});

test('a clock that went back is named, and no error', async () => {
  const times = [5, 9, 4, 4, 12];
  const rows = rechained(LOG.slice(0, 5), 1, (row) => ({ at: times[row.seq - 1] ?? 0 })).map((row) => ({
    ...row,
    seal: SEALER.seal(row.seq, row.hash),
  }));
  expect(await checkChain(readerOf(rows), SEALER, undefined)).toMatchObject({
    bad: null,
    clockWentBack: [3],
  });
});
