import type { ApiKey, KeyStatus } from './key.ts';

/** The state of a key at `now` (ms). Revocation and disabling are states and hold whatever the clock says. */
export function statusOf(
  key: Pick<ApiKey, 'revokedAt' | 'disabledAt' | 'expiresAt'>,
  now: number,
): KeyStatus {
  if (key.revokedAt !== null) return 'revoked';
  if (key.disabledAt !== null) return 'disabled';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  return 'active';
}
