import type { ApiKey } from './key.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A use as far as it is known: at `from` (ms) or up to `within` (ms) later. */
export interface NotedUse {
  readonly from: number;
  readonly within: number;
}

/**
 * What a last use at `at` (ms) that was noted for a key, or for a version of it, tells. `UsageRecorder` rounds down to
 * the hour, while rotating to the minute; a minute that was noted before this rotation may stand for the rest of its
 * hour, in which no other use was noted.
 */
export function notedUse(key: Pick<ApiKey, 'olderUntil' | 'issuedAt'>, at: number, now: number): NotedUse {
  const toTheMinute = (key.olderUntil ?? 0) > now && at >= key.issuedAt;
  const within = toTheMinute ? MINUTE : HOUR;
  return { from: at - (at % within), within };
}
