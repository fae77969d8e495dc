import { expect, test } from 'vitest';
import { change } from '../../../src/domain/audit/change.ts';
import { compareAnchor } from '../../../src/domain/audit/compare-anchor.ts';
import { ERRORS } from '../../../src/errors.ts';
import { openDesk } from '../../support/fake-ledger.ts';

async function deskWith(entries: number) {
  const desk = openDesk();
  for (let i = 0; i < entries; i++) {
    await change(desk.ledger, async (_, record) =>
      record({ action: 'a.b', target: `t${i}`, workspaceId: null, facts: {} }),
    );
  }
  return desk;
}

test('no memory, the same head, or a store that went on: nothing to say', async () => {
  const desk = await deskWith(3);
  const early = await desk.store.audit.bySeq(2);
  expect(await compareAnchor(undefined, desk.store)).toBeUndefined();
  expect(await compareAnchor(desk.anchor.mark, desk.store)).toBeUndefined();
  const mark = { storeId: desk.store.identity.id, seq: 2, head: early?.hash ?? new Uint8Array() };
  expect(await compareAnchor(mark, desk.store)).toBeUndefined();
});

test('another store is foreign', async () => {
  const [here, there] = [await deskWith(1), await deskWith(1)];
  const problem = await compareAnchor(there.anchor.mark, here.store);
  expect(problem).toMatchObject({
    code: 'store_foreign',
    hint: expect.stringContaining('doctor --accept-rollback'),
  });
});

test.each([
  ['a shorter log', 5, 'it ends with entry 4, and entry 5 was there before'],
  ['another entry at that place', 3, 'entry 3 is another one than before'],
])('%s was rolled back', async (_, seq, why) => {
  const desk = await deskWith(3);
  const mark = { storeId: desk.store.identity.id, seq, head: new Uint8Array(32).fill(1) };
  const problem = await compareAnchor(mark, desk.store);
  expect(problem).toMatchObject({ code: 'store_rolled_back', message: `the store was rolled back: ${why}` });
  expect(problem && ERRORS[problem.code].exit).toBe(11);
});
