import { expect, test } from 'vitest';
import { aloneWith } from '../../../src/domain/rotations/alone.ts';
import { Failure } from '../../../src/errors.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { openRotationDesk } from '../../support/rotation-desk.ts';

test('who is second is refused at once, naming who is first; another key is free', async () => {
  const desk = await openRotationDesk();
  const other = { ...desk.key, kid: 'another00000' };
  await aloneWith(desk.store, desk.key, async () => {
    const failure = await failureOf(() => aloneWith(desk.store, desk.key, async () => 'never'));
    expect(failure).toMatchObject({ code: 'wrong_state', exitCode: 5 });
    expect(failure.message).toMatch(/^deploy is being rotated by another process/);
    expect(failure.hint).toContain(`{keywright} rotations resume kw_pk_live_${desk.key.kid} --deliver …`);
    const third = await failureOf(() =>
      aloneWith(desk.store, desk.key, async () => 'never', 'rotations rollback k'),
    );
    expect(third.hint).toBe('wait for it, or end it and then {keywright} rotations rollback k');
    expect(await aloneWith(desk.store, other, async () => 'free')).toBe('free');
  });
  expect(await aloneWith(desk.store, desk.key, async () => 'again')).toBe('again');
});

test('a store that is busy during the work stays what it is', async () => {
  const desk = await openRotationDesk();
  const busy = new Failure('busy', 'process 7 holds the store');
  expect(await failureOf(() => aloneWith(desk.store, desk.key, () => Promise.reject(busy)))).toBe(busy);
});
