import { describe, expect, test } from 'vitest';
import { NO_CUT_OFF } from '../../../src/domain/keys/key.ts';
import { UsageRecorder } from '../../../src/domain/keys/usage.ts';
import type { UsageBatch } from '../../../src/domain/ports/usage.ts';
import { HOUR, MINUTE, NOON, ONE, older, recorder, row, TWO, usedIn } from '../../support/fake-recorder.ts';

describe('while an older version may still be in use', () => {
  test.each([
    ['with a cut-off ahead', 1, MINUTE],
    ['without a cut-off yet', NO_CUT_OFF, MINUTE],
    ['after the cut-off', 0, HOUR],
  ])('%s', async (_, ahead, grain) => {
    const { use, tick, batches } = recorder();
    const now = NOON + 5 * MINUTE;
    use('a', now + 1, { olderUntil: Math.min(NO_CUT_OFF, now + 1 + ahead) });
    await tick();
    expect(usedIn(batches)).toEqual([['a', now - (now % grain)]]);
  });

  test('uses are kept to the minute, of either version apart', async () => {
    const { use, tick, batches } = recorder();
    const rotating = { version: 2, olderUntil: NOON + HOUR };
    use('a', NOON + 61_000, rotating);
    use('a', NOON + 62_000, rotating, ONE, older('a'));
    await tick();
    expect(batches[0]?.used).toEqual([
      { kid: 'a', version: 2, older: false, at: NOON + MINUTE },
      { kid: 'a', version: 1, older: true, at: NOON + MINUTE },
    ]);
  });

  test('a use of the one says nothing of the other', async () => {
    const { use, tick, batches } = recorder();
    const rotating = { version: 2, olderUntil: NOON + HOUR, versionUsedAt: NOON };
    use('a', NOON, rotating);
    expect(batches).toEqual([]);
    use('a', NOON, rotating, ONE, older('a', { lateUseAt: 1 }));
    await tick();
    expect(usedIn(batches)).toEqual([['a', NOON]]);
    use('a', NOON, { ...rotating, versionUsedAt: null }, ONE, older('a', { lastUsedAt: NOON, lateUseAt: 1 }));
    await tick();
    expect(batches).toHaveLength(1);
  });

  test('an older hash is not brought under a newer pepper', async () => {
    const { use, tick, batches } = recorder();
    use('a', NOON, { version: 2, olderUntil: NOON + HOUR }, TWO, older('a'));
    await tick();
    expect(batches[0]?.rehashed.size).toBe(0);
  });
});

describe('a late use', () => {
  const rotating = { version: 2, olderUntil: NOON + HOUR };

  test('is told once of a version whose cut-off is set, after the batch is written', async () => {
    const { use, tick, late, state } = recorder();
    use('a', NOON, rotating, ONE, older('a', { lastUsedAt: NOON }));
    use('a', NOON, rotating, ONE, older('a', { lastUsedAt: NOON }));
    expect(late).toEqual([]);
    state.works = false;
    use('b', NOON);
    await tick();
    expect(late, 'a store that takes no uses takes no entries').toEqual([]);
    state.works = true;
    use('c', NOON);
    await tick();
    expect(late).toEqual(['a 1']);
  });

  test.each([
    ['noted already', { lateUseAt: NOON - 1 }],
    ['still being replaced', { cutOff: null }],
  ])('is not told of a version that is %s', async (_, change) => {
    const { use, tick, late } = recorder();
    use('a', NOON, rotating, ONE, older('a', change));
    await tick();
    expect(late).toEqual([]);
  });

  test('waits with at most 499 others while the store takes none', async () => {
    const { use, usage, late, state } = recorder();
    state.works = false;
    for (let i = 0; i < 600; i++) use(`k${i}`, NOON, rotating, ONE, older(`k${i}`, { lastUsedAt: NOON }));
    use('other');
    await usage.flush();
    state.works = true;
    await usage.flush();
    expect(late).toHaveLength(500);
  });

  test('that could not be put on record is told again', async () => {
    const { use, usage, late, state } = recorder();
    state.lateWorks = false;
    use('a', NOON, rotating, ONE, older('a'));
    await usage.flush();
    state.lateWorks = true;
    await usage.flush();
    await usage.flush();
    expect(late).toEqual(['a 1', 'a 1']);
  });
});

describe('reports', () => {
  const reported = (batches: readonly UsageBatch[]) => batches.map(({ reporter }) => reporter);

  test('come with every batch, at each beat, and with the end', async () => {
    const { usage, use, tick, beat, batches, state } = recorder(0);
    await usage.flush();
    state.now += 5;
    use('a');
    await tick();
    state.now += 30_000;
    await beat();
    await usage.close();
    await beat();
    expect(reported(batches)).toEqual([
      { id: 'me', at: NOON, closing: false },
      { id: 'me', at: NOON + 5, closing: false },
      { id: 'me', at: NOON + 30_005, closing: false },
      { id: 'me', at: NOON + 30_005, closing: true },
    ]);
  });

  test('are not made of one that ends soon', async () => {
    const { usage, use, batches, state } = recorder(5000);
    use('a');
    await usage.flush();
    state.now += 4999;
    use('b');
    await usage.close();
    expect(reported(batches)).toEqual([undefined, undefined]);
  });

  test('begin when one runs long', async () => {
    const { usage, use, batches, state } = recorder(5000);
    state.now += 5000;
    use('a');
    await usage.flush();
    await usage.close();
    expect(reported(batches)).toEqual([
      { id: 'me', at: NOON + 5000, closing: false },
      { id: 'me', at: NOON + 5000, closing: true },
    ]);
  });

  test('claim nothing that is not written: only the last batch carries one, and none after a failure', async () => {
    const { usage, use, batches, state } = recorder(0);
    for (let i = 0; i < 501; i++) use(`k${i}`);
    await usage.flush();
    expect(reported(batches).map((report) => report !== undefined)).toEqual([false, true]);
    state.works = false;
    use('more');
    await usage.flush();
    state.works = true;
    await usage.close();
    expect(usedIn(batches.slice(3)), 'what failed goes with the report that ends it').toEqual([
      ['more', NOON],
    ]);
    expect(reported(batches).at(-1)).toMatchObject({ closing: true });
  });

  test('wait for a batch that is still being written', async () => {
    const writes: { batch: UsageBatch; end(written: boolean): void }[] = [];
    const usage = new UsageRecorder({
      write: (batch) => new Promise((end) => void writes.push({ batch, end })),
      later: () => undefined,
      ...{ interval: 1, now: () => NOON, lateUse: async () => undefined },
      reporter: { id: () => 'me', after: 0 },
    });
    usage.used(row('a'), NOON, ONE, 'token a');
    const first = usage.flush();
    usage.used(row('b'), NOON, ONE, 'token b');
    const second = usage.flush();
    expect(writes).toHaveLength(1);
    writes[0]?.end(false);
    await first;
    writes[1]?.end(true);
    await second;
    expect(usedIn(writes.slice(1).map(({ batch }) => batch))).toEqual([
      ['b', NOON],
      ['a', NOON],
    ]);
  });

  test('go on when the clock went back', async () => {
    const { usage, batches, state } = recorder(0);
    await usage.flush();
    state.now -= 20;
    await usage.flush();
    expect(reported(batches)).toHaveLength(2);
  });
});
