import type { ApiKey, KeyStatus } from './key.ts';

/**
 * The state of a key at `now` (ms). Revocation and disabling are states and hold whatever the clock says. A key is
 * as good as disabled while it is `stopped`: bound to an integration that isn't configured, or of an archived workspace.
 * `rotating` only says that an older version may verify, too: it is as good as `active`.
 */
export function statusOf(
  key: Pick<ApiKey, 'revokedAt' | 'disabledAt' | 'expiresAt' | 'olderUntil'>,
  now: number,
  stopped = false,
): KeyStatus {
  if (key.revokedAt !== null) return 'revoked';
  if (key.disabledAt !== null || stopped) return 'disabled';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'expired';
  return key.olderUntil !== null && key.olderUntil > now ? 'rotating' : 'active';
}
