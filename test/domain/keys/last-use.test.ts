import { expect, test } from 'vitest';
import { NO_CUT_OFF } from '../../../src/domain/keys/key.ts';
import { HOUR, MINUTE, notedUse } from '../../../src/domain/keys/last-use.ts';

const TEN = Date.UTC(2026, 10, 21, 10);

test.each([
  ['a key that does not rotate', null, TEN, TEN, HOUR],
  ['a rotation that is over', TEN + 5 * MINUTE, TEN + 2 * MINUTE, TEN, HOUR],
  ['a use since the rotation began', NO_CUT_OFF, TEN + 2 * MINUTE, TEN + 2 * MINUTE, MINUTE],
  ['a use before it', NO_CUT_OFF, TEN, TEN, HOUR],
])('of %s', (_, olderUntil, at, from, within) => {
  const key = { olderUntil, issuedAt: TEN + MINUTE };
  expect(notedUse(key, at, TEN + 30 * MINUTE)).toEqual({ from, within });
});
