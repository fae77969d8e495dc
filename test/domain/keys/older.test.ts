import { expect, test } from 'vitest';
import { NO_CUT_OFF } from '../../../src/domain/keys/key.ts';
import { endOfOlder } from '../../../src/domain/keys/older.ts';

const OPEN = { cutOff: null, expiresAt: null, endedAt: null };

test.each([
  ['nothing says so', OPEN, NO_CUT_OFF, null],
  ['its cut-off', { ...OPEN, cutOff: 10 }, 30, 10],
  ['its expiry', { ...OPEN, cutOff: 10, expiresAt: 5 }, 30, 5],
  ["the key's limit", { ...OPEN, cutOff: 40, expiresAt: 50 }, 30, 30],
  ['the limit, for one that lacks a cut-off', OPEN, 30, 30],
  ['its having been ended, though another one lives on', { ...OPEN, cutOff: 10, endedAt: 8 }, 30, 0],
  ['its having been ended, though another one has no end', { ...OPEN, endedAt: 8 }, NO_CUT_OFF, 0],
  ['that all are ended', { ...OPEN, cutOff: 10 }, 0, 0],
  ['that the key knows of none', { ...OPEN, cutOff: 10 }, null, 0],
])('ends by %s', (_, version, olderUntil, end) => {
  expect(endOfOlder(version, olderUntil)).toBe(end);
});

test('what can not be read is no date', () => {
  expect(endOfOlder({ ...OPEN, cutOff: Number.NaN }, 30)).toBeNaN();
  expect(endOfOlder({ ...OPEN, cutOff: 10 }, Number.NaN)).toBeNaN();
});
