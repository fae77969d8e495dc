import { Failure } from '../errors.ts';

const LONGEST_SECONDS = 600;

/** `KEYWRIGHT_KEYCHAIN_TIMEOUT` in ms: `10s`, `500ms`, or bare seconds; undefined when not set. Throws `usage`. */
export function parseKeychainTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^([0-9]{1,6})(ms|s)?$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * (match[2] === 'ms' ? 1 : 1000);
  if (ms >= 1 && ms <= LONGEST_SECONDS * 1000) return ms;
  throw new Failure(
    'usage',
    `KEYWRIGHT_KEYCHAIN_TIMEOUT must be like 10s or 500ms, at most ${LONGEST_SECONDS}s`,
  );
}
