import { describe, expect, test } from 'vitest';
import {
  rotationColumns,
  rotationJson,
  versionJson,
  versionsOf,
} from '../../../src/commands/rotations/describe.ts';
import type { KeyVersion } from '../../../src/domain/keys/key.ts';
import { DAY, someKey, someRotation, T0 } from '../../contracts/samples.ts';

const NOW = T0 + 9 * DAY;
const key = someKey('ws_1', { version: 2, issuedAt: T0 + DAY, olderUntil: 0 });
const older = (change: Partial<KeyVersion>): KeyVersion => ({
  ...{ kid: key.kid, version: 1, issuedAt: T0 + 5, expiresAt: NOW + DAY, cutOff: null, endedAt: null },
  ...{ firstUsedAt: null, lastUsedAt: null, lateUseAt: null, shownAt: T0, ...change },
});

describe('a version that ended at a moment that nobody knows', () => {
  test.each([
    ['nothing', { endedAt: 0 }, ''],
    ['nothing', { cutOff: 0 }, ''],
    ['when it was put on record', { cutOff: 0, endedAt: T0 + DAY }, '2026-01-02T00:00:00Z'],
  ])('shows %s instead of a moment in 1970', (_, change, end) => {
    const rotation = someRotation(key, { state: 'finished', fromVersion: 1, toVersion: 2 });
    const old = older(change);
    const until = rotationColumns(NOW).find(({ header }) => header === 'OLD VALID UNTIL');
    expect(until?.tsv({ rotation, key, workspace: 'acme', old })).toBe(end);
    const [, shown] = versionsOf(key, [old]);
    if (shown === undefined) throw new Error('version 1 is missing');
    const all = [versionJson(shown), rotationJson(rotation, old)];
    expect(JSON.stringify(all)).not.toContain('1970');
  });
});

test('no use is shown as before the version was issued: uses are noted rounded down', () => {
  const used = { firstUsedAt: T0, lastUsedAt: T0 };
  const current = { ...key, versionFirstUsedAt: T0, versionUsedAt: T0 + 2 * DAY };
  expect(versionsOf(current, [older(used)]).map(versionJson)).toMatchObject([
    { version: 2, first_used_at: '2026-01-02T00:00:00Z', last_used_at: '2026-01-03T00:00:00Z' },
    { version: 1, issued_at: expect.any(String), first_used_at: '2026-01-01T00:00:00Z' },
  ]);
  expect(versionsOf(current, [older(used)])[1]).toMatchObject({ firstUsedAt: T0 + 5, lastUsedAt: T0 + 5 });
});
