import { parseName, parseText } from '../domain/names.ts';
import { DURATION_FORMS, parseDuration } from '../domain/time.ts';
import { Failure } from '../errors.ts';

type Values = { readonly [name: string]: unknown };

/**
 * What the user typed after a verb, with the checks that every command shares: an empty value is
 * refused, for it is an unset variable more often than a wish. All failures are `usage` and name the
 * flag and what it accepts.
 */
export class Input {
  readonly args: readonly string[];
  readonly #options: Values;

  constructor(args: readonly string[], options: Values) {
    this.args = args;
    this.#options = options;
    for (const arg of args)
      if (arg.trim() === '') throw new Failure('usage', 'an argument is empty (is a variable unset?)');
    for (const [name, value] of Object.entries(options)) refuseEmpty(name, value);
  }

  flag(name: string): boolean {
    return this.#options[name] === true;
  }

  /** True when `--no-name` was given. */
  off(name: string): boolean {
    return this.#options[name] === false;
  }

  text(name: string): string | undefined {
    const value = this.#options[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The values of a flag that repeats, each once. */
  list(name: string): readonly string[] {
    const value = this.#options[name];
    return Array.isArray(value) ? [...new Set(value as string[])] : [];
  }

  /** A name of 1–100 characters (`parseName`). */
  name(option: string): string | undefined {
    const text = this.text(option);
    return text === undefined ? undefined : checkedName(text, `--${dashed(option)}`);
  }

  /** A line of free text (`parseText`). */
  line(option: string): string | undefined {
    const text = this.text(option);
    if (text === undefined) return undefined;
    const parsed = parseText(text);
    if ('reason' in parsed) throw badValue(option, parsed.reason);
    return parsed.text;
  }

  /** A duration in ms. */
  duration(option: string): number | undefined {
    const text = this.text(option);
    if (text === undefined) return undefined;
    const ms = parseDuration(text);
    if (ms === undefined) throw badValue(option, `must be ${DURATION_FORMS}`);
    return ms;
  }

  /** A duration in ms; seconds, too, for what may be over quickly. */
  shortDuration(option: string): number | undefined {
    const text = this.text(option);
    const seconds = /^([1-9][0-9]{0,5})s$/.exec(text ?? '')?.[1];
    const ms = seconds === undefined ? parseDuration(text ?? '') : Number(seconds) * 1000;
    if (text !== undefined && ms === undefined)
      throw badValue(option, 'must be a duration such as 45s, 30m or 24h');
    return text === undefined ? undefined : ms;
  }

  /** A whole number from `least` to a million million. */
  count(option: string, least: number): number | undefined {
    const text = this.text(option);
    if (text === undefined) return undefined;
    const value = /^(0|[1-9][0-9]{0,11})$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least)) throw badValue(option, `must be a whole number from ${least} on`);
    return value;
  }
}

/** The name in NFC; a `usage` failure that says what is wrong with it. */
export function checkedName(text: string, what: string): string {
  const parsed = parseName(text);
  if ('reason' in parsed)
    throw new Failure('usage', `${what} ${parsed.reason}`, {
      hint: 'a name has 1 to 100 characters, no control characters, and not the shape of an id or a key',
    });
  return parsed.name;
}

/** A `usage` failure about the value of a flag. */
export function badValue(option: string, reason: string): Failure {
  return new Failure('usage', `--${dashed(option)} ${reason}`);
}

function refuseEmpty(name: string, value: unknown): void {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.some((one) => typeof one === 'string' && one.trim() === '')) {
    throw badValue(name, 'is empty (is a variable unset?)');
  }
}

function dashed(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
