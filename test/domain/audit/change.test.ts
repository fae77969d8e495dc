import { describe, expect, test, vi } from 'vitest';
import { change, signatureOf } from '../../../src/domain/audit/change.ts';
import { checkChain } from '../../../src/domain/audit/check.ts';
import type { NewEntry } from '../../../src/domain/audit/entry.ts';
import { someSlot } from '../../contracts/samples.ts';
import { openDesk } from '../../support/fake-ledger.ts';

const entry = (target: string, action = 'slot.add'): NewEntry => ({
  action,
  target,
  workspaceId: null,
  facts: {},
});
const stop = (target: string): NewEntry => entry(target, 'key.revoke');

describe('a change', () => {
  test('and its entries are written together, chained and sealed', async () => {
    const desk = openDesk();
    const slot = someSlot();
    const answer = await change(desk.ledger, async (tx, record) => {
      await tx.write.slots.insert(slot);
      record(entry(slot.id));
      record(entry('slot_other'));
      return 'done';
    });
    expect(answer).toBe('done');
    const log = await desk.log();
    expect(log.map(({ seq, at, actor, target, seal }) => [seq, at, actor, target, seal !== null])).toEqual([
      [1, expect.any(Number), 'ana', desk.workspace.id, true],
      [2, desk.clock.at, 'ana', slot.id, false],
      [3, desk.clock.at, 'ana', 'slot_other', true],
    ]);
    expect((await checkChain(desk.store.audit, desk.ledger.sealer, desk.anchor.mark)).bad).toBeNull();
  });

  test('raises the anchor to its last entry', async () => {
    const desk = openDesk();
    await change(desk.ledger, async (_, record) => [record(entry('a')), record(entry('b'))]);
    const head = await desk.store.audit.head();
    expect(desk.anchor).toMatchObject({
      mark: { storeId: desk.store.identity.id, seq: 3, head: head?.hash },
      sealed: true,
    });
  });

  test('is marked when it was made while locked, in the log and in the anchor', async () => {
    const desk = openDesk();
    await change(desk.locked, async (_, record) => record(stop('a')));
    expect(await desk.store.audit.head()).toMatchObject({ locked: true, seal: null });
    expect(desk.anchor).toMatchObject({ mark: { seq: 2 }, sealed: false });
  });

  test('that records nothing leaves log and anchor alone', async () => {
    const desk = openDesk();
    expect(await change(desk.ledger, async () => 5)).toBe(5);
    expect(await desk.log()).toHaveLength(1);
    expect(desk.anchor.mark).toBeUndefined();
  });

  test('that throws leaves nothing behind', async () => {
    const desk = openDesk();
    const slot = someSlot();
    const work = change(desk.ledger, async (tx, record) => {
      await tx.write.slots.insert(slot);
      record(entry(slot.id));
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await desk.log()).toHaveLength(1);
    expect(await desk.store.slots.all()).toEqual([]);
    expect(desk.anchor.mark).toBeUndefined();
  });

  test('whose entry can not be written does not happen', async () => {
    const desk = openDesk();
    const slot = someSlot();
    const write = desk.store.write.bind(desk.store);
    vi.spyOn(desk.store, 'write').mockImplementation((work, options) =>
      write((tx) => {
        const audit = () => Promise.reject(new Error('the log is full'));
        return work({ ...tx, write: { ...tx.write, audit } });
      }, options),
    );
    const work = change(desk.ledger, async (tx, record) => {
      await tx.write.slots.insert(slot);
      record(entry(slot.id));
    });
    await expect(work).rejects.toThrow('the log is full');
    expect((await desk.store.slots.all()).map(({ id }) => id)).not.toContain(slot.id);
    expect(desk.anchor.mark).toBeUndefined();
  });

  test('that is committed stays a success when the anchor can not be written', async () => {
    const desk = openDesk();
    desk.anchor.raise = () => {
      throw new Error('read-only');
    };
    await change(desk.ledger, async (_, record) => record(entry('a')));
    expect(await desk.log()).toHaveLength(2);
    expect(desk.anchorFailures).toEqual([new Error('read-only')]);
  });
});

test('20 writers of 500 entries leave no gap and no fork', async () => {
  const desk = openDesk();
  const write = async (writer: number): Promise<void> => {
    for (let i = 0; i < 50; i++) {
      const [ledger, made] = writer % 3 === 0 ? [desk.locked, stop] : [desk.ledger, entry];
      const entries = Array.from({ length: 10 }, (_, n) => made(`slot_${writer}_${i}_${n}`));
      await change(ledger, async (_, record) => {
        for (const one of entries) record(one);
      });
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, writer) => write(writer)));
  const report = await checkChain(desk.store.audit, desk.ledger.sealer, desk.anchor.mark);
  expect(report).toMatchObject({ entries: 10_001, bad: null });
  expect(desk.anchor.mark?.seq).toBe(10_001);
});

test('the OS user is recorded where it is another than the actor', () => {
  const by = (name: string, osUser: string) =>
    signatureOf({ actor: { name, osUser, from: '--actor' }, now: () => 7 });
  expect(by('ana', 'ana')).toEqual({ at: 7, actor: 'ana', osUser: null });
  expect(by('ana', 'root')).toEqual({ at: 7, actor: 'ana', osUser: 'root' });
});
