import { parseProviderScope } from '../../domain/apps/scopes.ts';
import { Failure, PROGRAM } from '../../errors.ts';

/** For each field of a stored thing, whether a value may stand there. */
export type Shape<T> = { readonly [Field in keyof T]-?: (value: unknown) => boolean };

/** Furthest moment that a Date can hold, ms (ECMAScript, Time Values). */
const LAST_MOMENT = 8.64e15;

export const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
export const isFlag = (value: unknown): boolean => typeof value === 'boolean';
export const isTime = (value: unknown): boolean => isCount(value) && (value as number) <= LAST_MOMENT;
export const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
export const oneOf =
  (...words: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && words.includes(value);
export const orNull =
  (test: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === null || test(value);
/** A list of provider scopes, as `scopesOf` reads it. */
export const areScopes = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one: string) => 'scope' in parseProviderScope(one));

/** The list in a column of scopes. */
export function scopesOf(text: string): readonly string[] {
  return text === '' ? [] : text.split(' ');
}

/** A column for a list of scopes. */
export function scopesText(scopes: readonly string[]): string {
  return scopes.join(' ');
}

/**
 * The fields of the shape, and no others, of what was read. Throws `store_damaged` naming the first that holds what
 * this program never writes there.
 */
export function shaped<T>(what: string, value: object, shape: Shape<T>): T {
  const fields = Object.keys(shape) as (keyof T & string)[];
  const read = value as Readonly<Record<string, unknown>>;
  for (const field of fields) {
    if (!Object.hasOwn(read, field) || !shape[field](read[field])) throw edited(what, field);
  }
  return Object.fromEntries(fields.map((field) => [field, read[field]])) as T;
}

/** The failure that names a row and the part of it that holds something else. */
export function edited(what: string, part: string): Failure {
  return new Failure('store_damaged', `${what} was changed behind the program's back: ${part} is none`, {
    hint: `${PROGRAM} doctor`,
  });
}
