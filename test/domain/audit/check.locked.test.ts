import { describe, expect, test } from 'vitest';
import { checkChain } from '../../../src/domain/audit/check.ts';
import { fakeSealer } from '../../support/fake-ledger.ts';
import { logOf, markOf, readerOf, rechained, transaction } from '../../support/fake-log.ts';

const SEALER = fakeSealer();
const forged = { facts: { name: 'forged' } };

/** What can be done without the audit key: each word a key that is revoked. */
const stopped = (...words: readonly string[]) => doing('key.revoke', ...words);
const doing = (action: string, ...words: readonly string[]) =>
  transaction(...words).map((entry) => ({ ...entry, action }));

describe('entries made while locked', () => {
  const log = logOf([
    [transaction('a'), SEALER],
    [stopped('b', 'c'), undefined],
    [stopped('d'), undefined],
    [transaction('e'), SEALER],
    [stopped('f'), undefined],
  ]);

  test('are named, with whether a later transaction sealed them', async () => {
    expect(await checkChain(readerOf(log), SEALER, markOf(log))).toMatchObject({
      bad: null,
      lockedRanges: [
        { from: 2, to: 4, sealed: true },
        { from: 6, to: 6, sealed: false },
      ],
    });
  });

  test('are covered by the seal that comes after them', async () => {
    const rows = rechained(log, 3, (row) => (row.seq === 3 ? forged : {}));
    expect((await checkChain(readerOf(rows), SEALER, undefined)).bad?.seq).toBe(2);
  });

  test('are covered by the anchor until then', async () => {
    const rows = rechained(log, 6, () => forged);
    expect((await checkChain(readerOf(rows), SEALER, markOf(log))).bad?.seq).toBe(6);
  });

  test('do not hide a transaction whose seal was taken away', async () => {
    const rows = log.map((row) => (row.seq === 1 ? { ...row, seal: null } : row));
    expect((await checkChain(readerOf(rows), SEALER, undefined)).bad).toEqual({
      seq: 1,
      reason: 'its seal is missing',
    });
  });

  test.each(['key.revoke', 'key.disable', 'grant.revoke', 'app.remove', 'store.accept-rollback'])(
    '%s may be one',
    async (action) => {
      const one = logOf([
        [transaction('a'), SEALER],
        [doing(action, 'b'), undefined],
      ]);
      expect(await checkChain(readerOf(one), SEALER, markOf(one))).toMatchObject({
        bad: null,
        lockedRanges: [{ from: 2, to: 2, sealed: false }],
      });
    },
  );

  test.each([
    'key.create',
    'key.enable',
    'key.update',
    'key.revoke2',
    'KEY.REVOKE',
    'slot.add',
    'store.rekey',
    'workspace.archive',
    'workspace.unarchive',
    '',
    'toString',
  ])('%j is none, even where a later seal covers it', async (action) => {
    const one = logOf([
      [transaction('a'), SEALER],
      [stopped('b'), undefined],
      [doing(action, 'c'), undefined],
      [transaction('d'), SEALER],
    ]);
    for (const sealer of [SEALER, undefined]) {
      expect((await checkChain(readerOf(one), sealer, markOf(one))).bad).toEqual({
        seq: 3,
        reason: 'it can not have been made while the store was locked',
      });
    }
  });
});
