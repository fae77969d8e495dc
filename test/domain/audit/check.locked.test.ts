import { describe, expect, test } from 'vitest';
import { checkChain } from '../../../src/domain/audit/check.ts';
import { fakeSealer } from '../../support/fake-ledger.ts';
import { logOf, markOf, readerOf, rechained, transaction } from '../../support/fake-log.ts';

const SEALER = fakeSealer();
const forged = { facts: { name: 'forged' } };

describe('entries made while locked', () => {
  const log = logOf([
    [transaction('a'), SEALER],
    [transaction('b', 'c'), undefined],
    [transaction('d'), undefined],
    [transaction('e'), SEALER],
    [transaction('f'), undefined],
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
});
