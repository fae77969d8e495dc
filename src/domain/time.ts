const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const DAY = UNITS.d;

/** Longest life that may be asked for: ten years. Longer is `never`, said outright. */
export const LONGEST_LIFE = 3650 * DAY;

export const DURATION_FORMS = 'a duration such as 30m, 24h, 90d or 12w';
const TOO_FAR = 'lies more than ten years ahead; say never if that is meant';
const EXPIRY_FORMS = `${DURATION_FORMS}, a date such as 2027-02-19, or never`;

/** `30m`, `24h`, `90d`, `12w` in ms; undefined for anything else, zero and more than ten years included. */
export function parseDuration(text: string): number | undefined {
  const match = /^([1-9][0-9]{0,8})([mhdw])$/.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  return ms <= LONGEST_LIFE ? ms : undefined;
}

/** Start of a calendar day in UTC (ms) for `2027-02-19`; undefined when there is no such day. */
export function parseDay(text: string): number | undefined {
  const match = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(text);
  if (match === null) return undefined;
  const at = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return new Date(at).toISOString().startsWith(text) ? at : undefined;
}

/** A moment in RFC 3339 with its offset, in ms; undefined when malformed or impossible. */
export function parseMoment(text: string): number | undefined {
  const match =
    /^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]{1,3})?([Zz]|[+-][0-9]{2}:[0-9]{2})$/.exec(
      text,
    );
  if (match === null || parseDay(match[1] as string) === undefined) return undefined;
  if (Number(match[2]) > 23 || Number(match[3]) > 59 || Number(match[4]) > 59) return undefined;
  const at = Date.parse(text.toUpperCase());
  return Number.isNaN(at) ? undefined : at;
}

/**
 * The first moment (ms) at which something no longer holds: `null` for `never`, the end of that day
 * UTC for a date. The reason why not, for everything else: the past, more than ten years, no such day.
 */
export function parseExpiry(text: string, now: number): { at: number | null } | { reason: string } {
  if (text === 'never') return { at: null };
  const duration = parseDuration(text);
  if (duration !== undefined) return { at: now + duration };
  const day = parseDay(text);
  const at = day === undefined ? parseMoment(text) : day + DAY;
  if (at === undefined && /^[1-9][0-9]*[mhdw]$/.test(text)) return { reason: TOO_FAR };
  if (at === undefined) return { reason: `must be ${EXPIRY_FORMS}` };
  if (at <= now) return { reason: 'lies in the past' };
  if (at - now > LONGEST_LIFE) return { reason: TOO_FAR };
  return { at };
}

/** A moment in the past: a duration ago, a date (its start, UTC) or RFC 3339; undefined for anything else. */
export function parseSince(text: string, now: number): number | undefined {
  const duration = parseDuration(text);
  return duration === undefined ? (parseDay(text) ?? parseMoment(text)) : now - duration;
}
