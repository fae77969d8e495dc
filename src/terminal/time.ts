const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The furthest that a Date goes from 1970 (ECMA-262, section 21.4.1.1). */
const FURTHEST = 8.64e15;

/** What stands for a moment that is none: only a row that was edited has one, and it must still be listed. */
const NO_MOMENT = '?';

function isMoment(ms: number): boolean {
  return Math.abs(ms) <= FURTHEST;
}

/**
 * How far away a moment is, for a narrow column: `5m`, `2h`, `3d` ago, or `in 90d`. The past is rounded down;
 * the future to the nearest unit, so that a key made two seconds ago for 90 days says `in 90d`.
 * Hours up to two days, then days. Both in ms since 1970; `?` for what is no moment.
 */
export function age(ms: number, now: number): string {
  if (!isMoment(ms)) return NO_MOMENT;
  const ahead = ms > now;
  const distance = Math.abs(ms - now);
  const round = ahead ? Math.round : Math.floor;
  const text =
    round(distance / SECOND) < 60
      ? `${round(distance / SECOND)}s`
      : round(distance / MINUTE) < 60
        ? `${round(distance / MINUTE)}m`
        : round(distance / HOUR) < 48
          ? `${round(distance / HOUR)}h`
          : `${round(distance / DAY)}d`;
  return ahead ? `in ${text}` : text;
}

/**
 * A moment as people say it, in the time zone (the system's when undefined): `today 03:01 UTC+1`, with
 * `yesterday` and `tomorrow`, further away the date `2027-02-19`. `zone: false` leaves `UTC+1` out, for columns.
 * `?` for what is no moment.
 */
export function moment(ms: number, now: number, timeZone?: string, options: { zone?: boolean } = {}): string {
  if (!isMoment(ms)) return NO_MOMENT;
  const { date, clock, zone } = partsOf(ms, timeZone);
  const day = dayNumber(date) - dayNumber(partsOf(now, timeZone).date);
  const word = day === 0 ? 'today' : day === -1 ? 'yesterday' : day === 1 ? 'tomorrow' : undefined;
  if (word === undefined) return date;
  return options.zone === false ? `${word} ${clock}` : `${word} ${clock} ${zone}`;
}

/** What lies no further away than this has its time of day told; in ms. */
export const NEAR = 2 * DAY;

/** As `moment`, and with the time of day too for the days after tomorrow that are near: when something ends. */
export function deadline(ms: number, now: number, timeZone?: string): string {
  if (!isMoment(ms)) return NO_MOMENT;
  const text = moment(ms, now, timeZone);
  const { date, clock, zone } = partsOf(ms, timeZone);
  return text === date && Math.abs(ms - now) <= NEAR ? `${date} ${clock} ${zone}` : text;
}

const YEAR_0 = Date.parse('0000-01-01T00:00:00Z');
const YEAR_10000 = Date.UTC(10_000, 0);

/** RFC 3339 in UTC to the second, `2026-11-21T10:00:00Z`, rounded down; `?` outside the years 0 to 9999, where RFC 3339 ends. */
export function rfc3339(ms: number): string {
  if (!(ms >= YEAR_0 && ms < YEAR_10000)) return NO_MOMENT;
  const text = new Date(Math.floor(ms / SECOND) * SECOND).toISOString();
  return `${text.slice(0, 19)}Z`;
}

const formats = new Map<string | undefined, Intl.DateTimeFormat>();

function partsOf(ms: number, timeZone: string | undefined) {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      ...(timeZone === undefined ? {} : { timeZone }),
      calendar: 'iso8601',
      numberingSystem: 'latn',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'shortOffset',
    });
    formats.set(timeZone, format);
  }
  const parts: Record<string, string> = Object.fromEntries(
    format.formatToParts(ms).map((p) => [p.type, p.value]),
  );
  return {
    date: `${parts.year}-${parts.month}-${parts.day}`,
    clock: `${parts.hour}:${parts.minute}`,
    // Depending on its data, ICU calls UTC itself GMT or GMT+0.
    zone: (parts.timeZoneName ?? 'GMT').replace(/^GMT(?:\+0$)?/, 'UTC'),
  };
}

/** Days since 1970 of a `YYYY-MM-DD`. */
function dayNumber(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / DAY;
}
