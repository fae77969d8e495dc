import { describe, expect, test } from 'vitest';
import { UsageRecorder } from '../../../src/domain/keys/usage.ts';
import { DAY, HOUR, NOON, ONE, recorder, row, TWO, usedIn } from '../../support/fake-recorder.ts';

describe('last uses', () => {
  test('are rounded down to the hour and written together', async () => {
    const { use, tick, batches } = recorder();
    use('a', NOON + 1);
    use('b', NOON + HOUR - 1);
    use('a', NOON + 5);
    await tick();
    expect(usedIn(batches)).toEqual([
      ['a', NOON],
      ['b', NOON],
    ]);
    expect(batches).toHaveLength(1);
  });

  test('are not written again within the hour', async () => {
    const { use, tick, batches, tasks } = recorder();
    use('a', NOON + 5, { versionUsedAt: NOON });
    expect(tasks).toEqual([]);
    use('a', NOON + HOUR, { versionUsedAt: NOON });
    await tick();
    expect(usedIn(batches)).toEqual([['a', NOON + HOUR]]);
  });

  test('never go back with the clock', async () => {
    const { use, tasks } = recorder();
    use('a', NOON - DAY, { versionUsedAt: NOON });
    expect(tasks).toEqual([]);
  });

  test('ask for one task at a time', async () => {
    const { use, tick, tasks, batches } = recorder();
    for (let i = 0; i < 50; i++) use(`k${i}`);
    expect(tasks).toHaveLength(1);
    await tick();
    expect(batches).toHaveLength(1);
    use('later');
    expect(tasks).toHaveLength(1);
  });

  test('are written in batches of 500', async () => {
    const { use, tick, batches } = recorder();
    for (let i = 0; i < 1201; i++) use(`k${i}`);
    await tick();
    expect(batches.map((batch) => batch.used.length)).toEqual([500, 500, 201]);
    expect(new Set(usedIn(batches).map(([kid]) => kid)).size).toBe(1201);
  });
});

describe('a write that fails', () => {
  test('is tried again with the next batch', async () => {
    const { use, tick, batches, state } = recorder();
    state.works = false;
    use('a');
    use('b', NOON, {}, TWO);
    await tick();
    state.works = true;
    use('c');
    await tick();
    expect(batches).toHaveLength(2);
    expect(new Map(usedIn(batches.slice(1)))).toEqual(
      new Map([
        ['a', NOON],
        ['b', NOON],
        ['c', NOON],
      ]),
    );
    expect(batches[1]?.rehashed.has('b')).toBe(true);
  });

  test('is tried again with the next use of the same key, though it is in the same hour', async () => {
    const { use, tick, batches, state } = recorder();
    state.works = false;
    use('a');
    await tick();
    state.works = true;
    use('a', NOON + 1);
    await tick();
    expect(usedIn(batches)).toEqual([
      ['a', NOON],
      ['a', NOON],
    ]);
  });

  test('does not undo a later use', async () => {
    const { usage, use, batches, state } = recorder();
    state.works = false;
    use('a', NOON);
    const writing = usage.flush();
    use('a', NOON + HOUR);
    await writing;
    state.works = true;
    await usage.flush();
    expect(usedIn(batches.slice(1))).toEqual([['a', NOON + HOUR]]);
  });

  test('ends a flush: close() does not hang on a store that can not be written', async () => {
    const { usage, use, batches, state } = recorder();
    state.works = false;
    for (let i = 0; i < 2000; i++) use(`k${i}`);
    await usage.flush();
    expect(batches).toHaveLength(1);
  });

  test('again and again keeps at most 50 000 uses, the newest', async () => {
    const { usage, use, batches, state } = recorder();
    state.works = false;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 30_000; i++) use(`r${round}k${i}`, NOON, {}, round === 0 ? TWO : ONE);
      await usage.flush();
    }
    batches.length = 0;
    state.works = true;
    await usage.flush();
    const kept = usedIn(batches).map(([kid]) => kid);
    expect(kept).toHaveLength(50_000);
    expect(kept).toContain('r2k29999');
    expect(kept).not.toContain('r0k0');
  });

  test("by throwing is nobody else's trouble", async () => {
    const tasks: (() => void)[] = [];
    const usage = new UsageRecorder({
      write: () => Promise.reject(new Error('disk')),
      later: (task, ms) => void (ms === 1 && tasks.push(task)),
      ...{ interval: 1, now: () => NOON, lateUse: async () => undefined },
      reporter: { id: () => 'me', after: 0 },
    });
    usage.used(row('a'), NOON, ONE, 'token a');
    for (const task of tasks) task();
    await new Promise((resolve) => setImmediate(resolve));
    expect(tasks).toHaveLength(1);
  });
});

describe('hashes under an old pepper', () => {
  test('are made anew once, with what they replace', async () => {
    const { use, tick, batches } = recorder();
    use('a', NOON, { versionUsedAt: NOON }, TWO);
    use('a', NOON, { versionUsedAt: NOON }, TWO);
    await tick();
    expect(batches).toHaveLength(1);
    expect(batches[0]?.used).toEqual([]);
    expect(batches[0]?.rehashed.get('a')).toEqual({
      old: row('a').hash,
      verifier: { pepper: 2, hash: TWO.hash(2, 'ws_1', 'token a') },
      generation: 1,
    });
  });

  test('stay when the newest pepper is missing', async () => {
    const { use, tick, batches } = recorder();
    use('a', NOON, {}, { ...TWO, current: 3 });
    await tick();
    expect(batches).toHaveLength(1);
    expect(batches[0]?.rehashed.size).toBe(0);
  });

  test('of the newest pepper are left alone', () => {
    const { use, tasks } = recorder();
    use('a', NOON, { pepper: 2, versionUsedAt: NOON }, TWO);
    expect(tasks).toEqual([]);
  });
});
