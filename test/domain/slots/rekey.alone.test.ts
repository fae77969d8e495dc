import { describe, expect, test, vi } from 'vitest';
import type { AuditEntry } from '../../../src/domain/audit/entry.ts';
import type { UnlockSources } from '../../../src/domain/ports/secrets.ts';
import type { AnchorMark } from '../../../src/domain/ports/system.ts';
import { addSlot } from '../../../src/domain/slots/manage.ts';
import { type RekeyPlan, rekey } from '../../../src/domain/slots/rekey.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { openSlotDesk as desk, operator, type SlotDesk } from '../../support/fake-secrets.ts';

const SOURCES: UnlockSources = {
  passphraseGiven: false,
  passphrase: () => Promise.reject(new Error('nobody')),
};

const run = async (d: SlotDesk, confirm: (plan: RekeyPlan) => Promise<void> = async () => undefined) =>
  rekey(d.ledger, { secrets: d.secrets, sources: SOURCES }, confirm);

/** A desk whose commit, once made, still reports an error, as a lost connection would. */
async function unsure(made: boolean) {
  const d = await desk();
  await addSlot(d.ledger, d.access, d.secrets, operator('second'));
  const before = await d.needed();
  const write = d.store.write.bind(d.store);
  vi.spyOn(d.store, 'write').mockImplementation(async (work, options) => {
    if (made) await write(work, options);
    throw new Error('disk trouble');
  });
  return { d, before };
}

test('one runs at a time, so that a second does not touch what the first has made', async () => {
  const d = await desk();
  const steps: string[] = [];
  const answered = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const first = run(d, () => {
    steps.push('first asks');
    asked.resolve();
    return answered.promise;
  }).then(() => steps.push('first done'));
  await asked.promise;
  const read = vi.spyOn(d.store, 'readTogether');
  const second = run(d, async () => void steps.push('second asks')).then(() => steps.push('second done'));
  for (let i = 0; i < 50; i++) await Promise.resolve();
  expect(read, 'the second has not even read the slots').not.toHaveBeenCalled();
  answered.resolve();
  await Promise.all([first, second]);
  expect(steps).toEqual(['first asks', 'first done', 'second asks', 'second done']);
  expect(d.secrets.outside).toEqual(await d.needed());
});

describe('the anchor', () => {
  test('is put once, without a MAC, at the head before, while nothing is committed yet', async () => {
    const d = await desk();
    const before = await d.store.audit.head();
    const resets: { mark: AnchorMark | undefined; mac: unknown; head: Promise<AuditEntry | undefined> }[] =
      [];
    const reset = d.anchor.reset;
    d.anchor.reset = (mark, mac) => {
      resets.push({ mark, mac, head: d.store.audit.head() });
      reset(mark, mac);
    };
    await run(d);
    expect(resets.map(({ mark, mac }) => [mark, mac])).toEqual([
      [{ storeId: d.store.identity.id, seq: before?.seq, head: before?.hash }, undefined],
    ]);
    expect(await resets[0]?.head).toEqual(before);
    expect(d.anchor.mark?.seq).toBe((before?.seq ?? 0) + 1);
    expect(d.anchor.sealed).toBe(true);
  });

  test.each([
    ['store_rolled_back', { seq: 99 }],
    ['store_foreign', { storeId: 'store_other' }],
  ] as const)('that says %s stops it, and stays', async (code, change) => {
    const d = await desk();
    const head = await d.store.audit.head();
    if (head === undefined) throw new Error('there is no log');
    const mark = { storeId: d.store.identity.id, seq: head.seq, head: head.hash, ...change };
    d.anchor.mark = mark;
    const before = [await d.store.slots.all(), await d.store.slots.peppers(), new Set(d.secrets.outside)];
    expect(await failureOf(() => run(d))).toMatchObject({ code });
    expect([await d.store.slots.all(), await d.store.slots.peppers(), d.secrets.outside]).toEqual(before);
    expect(await d.store.audit.head()).toEqual(head);
    expect(d.anchor).toMatchObject({ mark, resets: 0 });
  });
});

describe('a commit that reports an error', () => {
  test('but was made keeps the new entries outside, which the store needs', async () => {
    const { d, before } = await unsure(true);
    await expect(run(d)).rejects.toThrow('disk trouble');
    expect(d.secrets.outside).toEqual(await d.needed());
    expect([...before].filter((header) => d.secrets.outside.has(header))).toEqual([]);
  });

  test('and was not made keeps the old ones', async () => {
    const { d, before } = await unsure(false);
    await expect(run(d)).rejects.toThrow('disk trouble');
    expect(d.secrets.outside).toEqual(before);
    expect(await d.needed()).toEqual(before);
  });

  test.each([true, false])('keeps both where the store can not be read any more (made: %s)', async (made) => {
    const { d } = await unsure(made);
    const before = new Set(d.secrets.outside);
    await expect(
      run(d, async () => void vi.spyOn(d.store.slots, 'all').mockRejectedValue(new Error('unreadable'))),
    ).rejects.toThrow('disk trouble');
    expect([...before].filter((header) => !d.secrets.outside.has(header))).toEqual([]);
    expect(d.secrets.outside.size).toBe(2 * before.size);
  });
});
