import { describe, expect, test } from 'vitest';
import type { VerificationRow } from '../../../src/domain/keys/key.ts';
import { UsageRecorder } from '../../../src/domain/keys/usage.ts';
import type { UsageBatch } from '../../../src/domain/ports/store.ts';
import { fakeHasher } from '../../support/fake-ledger.ts';

const HOUR = 3_600_000;
const NOON = 12 * HOUR;
const ONE = fakeHasher({ 1: 'one' });
const TWO = fakeHasher({ 1: 'one', 2: 'two' });

function row(kid: string, change: Partial<VerificationRow> = {}): VerificationRow {
  return {
    kid,
    workspaceId: 'ws_1',
    brand: 'kw',
    mode: 'live',
    owner: 'ana',
    scopes: '',
    networks: '',
    version: 1,
    pepper: 1,
    hash: ONE.hash(1, 'ws_1', `token ${kid}`) ?? new Uint8Array(),
    expiresAt: null,
    disabledAt: null,
    revokedAt: null,
    lastUsedAt: null,
    generation: 1,
    ...change,
  };
}

/** A recorder whose tasks run when the test says so, and whose writes work while `works` says so. */
function recorder() {
  const tasks: (() => void)[] = [];
  const batches: UsageBatch[] = [];
  const state = { works: true };
  const write = async (batch: UsageBatch): Promise<boolean> => {
    batches.push(batch);
    return state.works;
  };
  const usage = new UsageRecorder(write, (task) => void tasks.push(task));
  const tick = async (): Promise<void> => {
    for (const task of tasks.splice(0)) task();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const use = (kid: string, now = NOON, change: Partial<VerificationRow> = {}, hasher = ONE): void =>
    usage.used(row(kid, change), now, hasher, `token ${kid}`);
  return { usage, tasks, batches, state, tick, use };
}

const usedIn = (batches: readonly UsageBatch[]) => batches.flatMap((batch) => [...batch.used]);

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
    use('a', NOON + 5, { lastUsedAt: NOON });
    expect(tasks).toEqual([]);
    use('a', NOON + HOUR, { lastUsedAt: NOON });
    await tick();
    expect(usedIn(batches)).toEqual([['a', NOON + HOUR]]);
  });

  test('never go back with the clock', async () => {
    const { use, tasks } = recorder();
    use('a', NOON - DAY, { lastUsedAt: NOON });
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
    expect(batches.map((batch) => batch.used.size)).toEqual([500, 500, 201]);
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
    const usage = new UsageRecorder(
      () => Promise.reject(new Error('disk')),
      (task) => void tasks.push(task),
    );
    usage.used(row('a'), NOON, ONE, 'token a');
    for (const task of tasks) task();
    await new Promise((resolve) => setImmediate(resolve));
    expect(tasks).toHaveLength(1);
  });
});

describe('hashes under an old pepper', () => {
  test('are made anew once, with what they replace', async () => {
    const { use, tick, batches } = recorder();
    use('a', NOON, { lastUsedAt: NOON }, TWO);
    use('a', NOON, { lastUsedAt: NOON }, TWO);
    await tick();
    expect(batches).toHaveLength(1);
    expect(batches[0]?.used.size).toBe(0);
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
    expect(batches[0]?.rehashed.size).toBe(0);
  });

  test('of the newest pepper are left alone', () => {
    const { use, tasks } = recorder();
    use('a', NOON, { pepper: 2, lastUsedAt: NOON }, TWO);
    expect(tasks).toEqual([]);
  });
});

const DAY = 24 * HOUR;
