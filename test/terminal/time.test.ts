import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { age, deadline, moment, rfc3339 } from '../../src/terminal/time.ts';

const NOW = Date.UTC(2026, 10, 21, 10, 0, 0);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('age', () => {
  test.each([
    [0, '0s'],
    [-59_999, '59s'],
    [-MINUTE, '1m'],
    [-5 * MINUTE - 59_000, '5m'],
    [-59 * MINUTE - 59_999, '59m'],
    [-2 * HOUR, '2h'],
    [-47 * HOUR - 59 * MINUTE, '47h'],
    [-48 * HOUR, '2d'],
    [-3 * DAY, '3d'],
    [90 * DAY, 'in 90d'],
    [90 * DAY - 2000, 'in 90d'],
    [59.6 * MINUTE, 'in 1h'],
    [59_600, 'in 1m'],
    [30_000, 'in 30s'],
  ])('%i ms from now is %s', (distance, text) => {
    expect(age(NOW + distance, NOW)).toBe(text);
  });
});

describe('moment', () => {
  test.each([
    [0, 'Europe/Berlin', 'today 11:00 UTC+1'],
    [0, 'UTC', 'today 10:00 UTC'],
    [0, 'Asia/Kolkata', 'today 15:30 UTC+5:30'],
    [-11 * HOUR, 'UTC', 'yesterday 23:00 UTC'],
    [14 * HOUR, 'UTC', 'tomorrow 00:00 UTC'],
    [14 * HOUR - 1, 'UTC', 'today 23:59 UTC'],
    [90 * DAY, 'UTC', '2027-02-19'],
    [-2 * DAY, 'UTC', '2026-11-19'],
  ])('%i ms from now in %s is %s', (distance, zone, text) => {
    expect(moment(NOW + distance, NOW, zone)).toBe(text);
  });

  test('is midnight 00:00, never 24:00, and counts days over a change of the clocks', () => {
    const beforeChange = Date.UTC(2026, 9, 24, 22, 0, 0); // Berlin leaves summer time on the 25th
    expect(moment(beforeChange + 25 * HOUR, beforeChange + HOUR, 'Europe/Berlin')).toBe(
      'tomorrow 00:00 UTC+1',
    );
  });

  test('leaves the zone out for columns', () => {
    expect(moment(NOW, NOW, 'Europe/Berlin', { zone: false })).toBe('today 11:00');
  });
});

test.each([9e15, -9e15, Number.NaN, Number.POSITIVE_INFINITY])('%d, as in an edited row, is "?"', (ms) => {
  expect([rfc3339(ms), moment(ms, NOW, 'UTC'), deadline(ms, NOW, 'UTC'), age(ms, NOW)]).toEqual(
    Array(4).fill('?'),
  );
});

describe('rfc3339', () => {
  test('is UTC to the second, rounded down', () => {
    expect(rfc3339(NOW + 999)).toBe('2026-11-21T10:00:00Z');
    expect(rfc3339(Date.UTC(10000, 0, 1) - 1)).toBe('9999-12-31T23:59:59Z');
    expect(rfc3339(Date.UTC(10000, 0, 1))).toBe('?');
    expect(rfc3339(Date.UTC(-1, 11, 31))).toBe('?');
  });

  test('reads back as the same second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253402300799 }), (seconds) => {
        expect(Date.parse(rfc3339(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });
});
