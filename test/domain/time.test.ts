import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  LONGEST_LIFE,
  parseDay,
  parseDuration,
  parseExpiry,
  parseMoment,
  parseSince,
} from '../../src/domain/time.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21, 12);

describe('durations', () => {
  test.each([
    ['1m', MINUTE],
    ['30m', 30 * MINUTE],
    ['24h', DAY],
    ['90d', 90 * DAY],
    ['12w', 84 * DAY],
    ['3650d', LONGEST_LIFE],
    ['5256000m', LONGEST_LIFE],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    ' ',
    '0',
    '0d',
    '00d',
    '-1',
    '-1d',
    '+1d',
    '1',
    '1.5h',
    '1e3d',
    '1e309',
    'Infinity',
    'NaN',
    'd',
    '090d',
    '1 d',
    ' 1d',
    '1d ',
    '1d\n',
    '1D',
    '1s',
    '1y',
    '1mo',
    '1d2h',
    '3651d',
    '522w',
    '999999999w',
    '9999999999d',
    '１d',
    '10m ago',
    '0x10d',
    '__proto__',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('days', () => {
  test('every day of 1970 to 2200 and no other date of those years', () => {
    const parts = fc.tuple(
      fc.integer({ min: 1970, max: 2200 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
    );
    const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    const check = ([year, month, day]: readonly [number, number, number]): void => {
      const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
      const length = month === 2 && leap ? 29 : (lengths[month - 1] ?? 0);
      const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
      expect(parseDay(text)).toBe(day >= 1 && day <= length ? Date.UTC(year, month - 1, day) : undefined);
    };
    fc.assert(fc.property(parts, check), { numRuns: 1000 });
  });

  test.each([
    '',
    '2026-2-3',
    '26-02-03',
    '2026-02-30',
    '2025-02-29',
    '2026-13-01',
    '2026-00-01',
    '2026-01-00',
    '2026/01/01',
    '2026-01-01T',
    ' 2026-01-01',
    '0000-00-00',
    '10000-01-01',
    '-2026-01-01',
    '２026-01-01',
  ])('%j is none', (text) => {
    expect(parseDay(text)).toBeUndefined();
  });
});

describe('moments', () => {
  test.each([
    ['2026-11-21T12:00:00Z', NOW],
    ['2026-11-21t12:00:00z', NOW],
    ['2026-11-21T13:00:00+01:00', NOW],
    ['2026-11-21T03:30:00-08:30', NOW],
    ['2026-11-21T12:00:00.5Z', NOW + 500],
    ['2026-11-21T12:00:00.123Z', NOW + 123],
  ])('%s', (text, at) => {
    expect(parseMoment(text)).toBe(at);
  });

  test.each([
    '',
    '2026-11-21',
    '2026-11-21T12:00',
    '2026-11-21T12:00:00',
    '2026-11-21 12:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T12:60:00Z',
    '2026-11-21T12:00:60Z',
    '2026-11-21T12:00:00+25:00',
    '2026-11-21T12:00:00+01:60',
    '2026-11-21T12:00:00.1234Z',
    '2026-11-21T12:00:00Zulu',
    'Sat, 21 Nov 2026 12:00:00 GMT',
    '1795262400000',
  ])('%j is none', (text) => {
    expect(parseMoment(text)).toBeUndefined();
  });
});

describe('expiry', () => {
  test.each([
    ['never', null],
    ['90d', NOW + 90 * DAY],
    ['2026-11-21', Date.UTC(2026, 10, 22)],
    ['2027-02-19', Date.UTC(2027, 1, 20)],
    ['2026-11-21T12:00:01Z', NOW + 1000],
    ['2036-11-17', Date.UTC(2036, 10, 18)],
  ])('%s', (text, at) => {
    expect(parseExpiry(text, NOW)).toEqual({ at });
  });

  test.each([
    ['-1', 'must be'],
    ['0', 'must be'],
    ['1e309', 'must be'],
    ['', 'must be'],
    [' ', 'must be'],
    ['Never', 'must be'],
    ['never ', 'must be'],
    ['none', 'must be'],
    ['null', 'must be'],
    ['false', 'must be'],
    ['10m ago', 'must be'],
    ['2026-02-30', 'must be'],
    ['0d', 'must be'],
    ['tomorrow', 'must be'],
    ['2026-11-20', 'past'],
    ['2026-11-21T12:00:00Z', 'past'],
    ['1999-01-01', 'past'],
    ['9999-12-31', 'more than ten years'],
    ['10000000000d', 'more than ten years'],
    ['2036-11-19', 'more than ten years'],
  ])('%j is refused: %s', (text, why) => {
    expect(parseExpiry(text, NOW)).toEqual({ reason: expect.stringContaining(why) });
  });

  test('only the word never gives a key without an end', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('NEVER', 'never', 'never\n', '∞', '0', '-0'));
    const check = (said: string): boolean => {
      const parsed = parseExpiry(said, NOW);
      if ('reason' in parsed) return true;
      return parsed.at === null ? said === 'never' : parsed.at > NOW && parsed.at <= NOW + LONGEST_LIFE;
    };
    fc.assert(fc.property(text, check), { numRuns: 500 });
  });
});

test.each([
  ['7d', NOW - 7 * DAY],
  ['2026-11-01', Date.UTC(2026, 10, 1)],
  ['2026-11-21T11:59:00Z', NOW - MINUTE],
  ['never', undefined],
  ['', undefined],
  ['-7d', undefined],
])('since %j', (text, at) => {
  expect(parseSince(text, NOW)).toBe(at);
});
