import { describe, expect, test, vi } from 'vitest';
import type { KeyVersion } from '../../../src/domain/keys/key.ts';
import { NO_CUT_OFF } from '../../../src/domain/keys/key.ts';
import type { RunningVerifier } from '../../../src/domain/ports/usage.ts';
import {
  endOfOlder,
  finishOverlap,
  LATEST_REPORT,
  whyNotIdle,
} from '../../../src/domain/rotations/overlap.ts';
import { DAY, someKey, T0 } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { HOUR, openRotationDesk } from '../../support/rotation-desk.ts';

const MINUTE = 60_000;

describe('ending an overlap', () => {
  test('ends every older version as a state', async () => {
    const desk = await openRotationDesk();
    const second = (await desk.rotate({ graceMs: DAY })).secretKey.reveal();
    const third = (await desk.rotate({ graceMs: DAY })).secretKey.reveal();
    const { key, ended } = await finishOverlap(desk.ledger, desk.key);
    expect([ended, key.olderUntil]).toEqual([[2, 1], 0]);
    desk.clock.at -= DAY;
    expect(await desk.codes(desk.token, second, third)).toEqual(['expired', 'expired', 'ok 3']);
    expect((await desk.entries()).at(-1)).toMatchObject({
      action: 'rotation.finish',
      facts: { version: 3, older_until: 0, ended_versions: ['2', '1'] },
    });
  });

  test('with nothing to end is no failure, and not on record', async () => {
    const desk = await openRotationDesk();
    const before = await desk.log();
    expect((await finishOverlap(desk.ledger, desk.key)).ended).toEqual([]);
    expect(await desk.log()).toEqual(before);
    await desk.rotate({ graceMs: HOUR });
    desk.clock.at += HOUR;
    expect((await finishOverlap(desk.ledger, desk.key)).ended).toEqual([]);
  });

  test('is refused while a delivery is open', async () => {
    const desk = await openRotationDesk();
    await desk.rotate({ delivery: true });
    expect(await failureOf(() => finishOverlap(desk.ledger, desk.key))).toMatchObject({
      code: 'wrong_state',
      hint: expect.stringMatching(/rotations resume .* rotations rollback /),
    });
    expect(await desk.codes(desk.token)).toEqual(['ok 1']);
  });

  test('takes whom the key belongs to, or who holds its secret', async () => {
    const desk = await openRotationDesk();
    await desk.rotate();
    const eve = { ...desk.ledger, actor: { ...desk.ledger.actor, name: 'eve' } };
    expect(await failureOf(() => finishOverlap(eve, desk.key))).toMatchObject({ code: 'forbidden' });
    expect((await finishOverlap(eve, desk.key, { withSecret: true })).ended).toEqual([1]);
  });

  test('only if idle: not before the new version is used, nor while the old one is', async () => {
    const desk = await openRotationDesk();
    const next = (await desk.rotate({ graceMs: DAY })).secretKey.reveal();
    const attempt = () => finishOverlap(desk.ledger, desk.key, { idleMs: HOUR });
    const use = async (token: string) => {
      await desk.verifier.verify(token, {});
      await desk.usage.flush();
    };
    expect(await failureOf(attempt)).toMatchObject({
      exitCode: 9,
      message: 'version 2 of deploy was not used yet; nothing was ended',
    });
    await use(next);
    expect(await failureOf(attempt)).toMatchObject({
      message: 'version 2 of deploy was issued later than that; nothing was ended',
    });
    desk.clock.at += HOUR;
    await use(desk.token);
    desk.clock.at += HOUR;
    vi.spyOn(desk.store, 'verifiers').mockResolvedValue([]);
    expect(await failureOf(attempt), 'noted to the minute').toMatchObject({
      message: 'version 1 of deploy was used within that time; nothing was ended',
    });
    desk.clock.at += MINUTE;
    expect((await attempt()).ended).toEqual([1]);
  });
});

describe('idle is an older version', () => {
  const NOW = T0 + 10 * DAY;
  const key = someKey('ws_1', {
    version: 2,
    issuedAt: NOW - DAY,
    versionUsedAt: NOW - HOUR,
    olderUntil: NOW + DAY,
  });
  const older = (lastUsedAt: number | null): KeyVersion => ({
    kid: key.kid,
    version: 1,
    issuedAt: T0,
    expiresAt: null,
    cutOff: NOW + DAY,
    endedAt: null,
    firstUsedAt: null,
    lastUsedAt,
    lateUseAt: null,
    shownAt: T0,
  });
  const why = (lastUsedAt: number | null, verifiers: readonly RunningVerifier[] = [], idleMs = HOUR) =>
    whyNotIdle(key, [older(lastUsedAt)], verifiers, idleMs, NOW)?.reason;

  test.each([
    ['that was never used', null, true],
    ['whose last use, rounded down to the minute, may lie within', NOW - HOUR, false],
    ['whose last use may lie within by a millisecond', NOW - HOUR - MINUTE + 1, false],
    ['whose last use lies before', NOW - HOUR - MINUTE, true],
  ])('%s: %s', (_, lastUsedAt, idle) => {
    expect(why(lastUsedAt) === undefined).toBe(idle);
  });

  test.each([
    ['just now', NOW, HOUR, true],
    ['as late as is normal', NOW - LATEST_REPORT, HOUR, true],
    ['too long ago', NOW - LATEST_REPORT - 1, HOUR, false],
    ['before a quiet time that is shorter than that', NOW - 2 * MINUTE, MINUTE, false],
    ['in the future, since a clock was set', NOW + HOUR, HOUR, false],
  ])('as far as every running verifier has reported: %s', (_, reportedAt, idleMs, idle) => {
    expect(why(null, [{ id: 'v', pid: 42, reportedAt }], idleMs) === undefined).toBe(idle);
  });

  test('naming the process that has not, and the way out', () => {
    const silent = [
      { id: 'a', pid: 41, reportedAt: NOW },
      { id: 'b', pid: 42, reportedAt: NOW - HOUR },
    ];
    expect(whyNotIdle(key, [older(null)], silent, HOUR, NOW)).toEqual({
      reason:
        'the verifier with process id 42 has not reported lately, so uses of older versions may be unknown',
      hint: expect.stringMatching(
        /stop process 42 if it hangs; without waiting: \{keywright\} rotations finish kw_pk_/,
      ),
    });
    expect(why(null, [{ id: 'b', pid: null, reportedAt: 0 }])).toMatch(
      /^a running verifier has not reported/,
    );
  });
});

test.each([
  [{ cutOff: 5, expiresAt: 9, endedAt: null }, 100, 5],
  [{ cutOff: 9, expiresAt: 5, endedAt: null }, 100, 5],
  [{ cutOff: null, expiresAt: null, endedAt: null }, NO_CUT_OFF, null],
  [{ cutOff: null, expiresAt: null, endedAt: null }, 7, 7],
  [{ cutOff: 5, expiresAt: null, endedAt: 3 }, 100, 0],
  [{ cutOff: 5, expiresAt: null, endedAt: null }, null, 0],
])('the end of %o, with %s in the row of the key, is %s', (version, olderUntil, end) => {
  expect(endOfOlder(version, olderUntil)).toBe(end);
});
