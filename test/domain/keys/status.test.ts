import { expect, test } from 'vitest';
import { statusOf } from '../../../src/domain/keys/status.ts';

const NOW = 1_000;

test.each([
  [{}, 'active'],
  [{ expiresAt: NOW + 1 }, 'active'],
  [{ expiresAt: NOW }, 'expired'],
  [{ expiresAt: NOW - 1 }, 'expired'],
  [{ disabledAt: NOW }, 'disabled'],
  // A state holds whatever the clock says.
  [{ disabledAt: NOW + 5 }, 'disabled'],
  [{ revokedAt: NOW + 5 }, 'revoked'],
  [{ disabledAt: 1, expiresAt: 1 }, 'disabled'],
  [{ revokedAt: 1, disabledAt: 1, expiresAt: 1 }, 'revoked'],
  [{ revokedAt: 0 }, 'revoked'],
  [{ disabledAt: 0 }, 'disabled'],
  [{ expiresAt: 0 }, 'expired'],
  [{ olderUntil: NOW + 1 }, 'rotating'],
  [{ olderUntil: NOW }, 'active'],
  [{ olderUntil: 0 }, 'active'],
  [{ olderUntil: NOW + 1, expiresAt: NOW }, 'expired'],
  [{ olderUntil: NOW + 1, disabledAt: 1 }, 'disabled'],
  [{ olderUntil: NOW + 1, revokedAt: 1 }, 'revoked'],
] as const)('%j is %s', (change, status) => {
  const key = { revokedAt: null, disabledAt: null, expiresAt: null, olderUntil: null, ...change };
  expect(statusOf(key, NOW)).toBe(status);
  const stopped = 'revokedAt' in change ? 'revoked' : 'disabled';
  expect(statusOf(key, NOW, true)).toBe(stopped);
});
