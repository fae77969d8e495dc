/** What stands in place of a secret wherever something is shown. */
export const REDACTED = '[secret]';
const inspect = Symbol.for('nodejs.util.inspect.custom');

/**
 * A string that must not leak. Printed, logged, spread, cloned or turned into JSON it shows
 * `[secret]`; only `reveal()` gives the value. The value sits in a private field, so no library
 * that walks properties can reach it.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Search for `.reveal()` to find every place where a secret leaves. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect](): string {
    return REDACTED;
  }
}
