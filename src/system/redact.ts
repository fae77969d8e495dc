import { REDACTED } from '../domain/secret.ts';

/**
 * Replaces a secret in bytes that come piece by piece, also where it falls across pieces. Holds back no more than what
 * may be the beginning of one, so fewer bytes than it has.
 */
export class Redactor {
  readonly #secret: Buffer;
  /** Was there a secret? */
  found = false;
  #held = Buffer.alloc(0);

  constructor(secret: string) {
    this.#secret = Buffer.from(secret);
  }

  /** What can be shown by now. */
  push(chunk: Uint8Array): Buffer {
    const secret = this.#secret;
    if (secret.length === 0) return Buffer.from(chunk);
    const bytes = Buffer.concat([this.#held, chunk]);
    const parts: Buffer[] = [];
    let from = 0;
    for (let at = bytes.indexOf(secret); at >= 0; at = bytes.indexOf(secret, from)) {
      parts.push(bytes.subarray(from, at), Buffer.from(REDACTED));
      from = at + secret.length;
      this.found = true;
    }
    const begins = this.#beginning(bytes.subarray(from));
    this.#held = Buffer.from(bytes.subarray(begins + from));
    return Buffer.concat([...parts, bytes.subarray(from, begins + from)]);
  }

  /** What was held back and is no secret after all. */
  end(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return rest;
  }

  /** Where the longest end of the bytes begins that is the beginning of the secret. */
  #beginning(bytes: Buffer): number {
    const longest = Math.min(bytes.length, this.#secret.length - 1);
    for (let length = longest; length > 0; length--) {
      const end = bytes.subarray(bytes.length - length);
      if (end.equals(this.#secret.subarray(0, length))) return bytes.length - length;
    }
    return bytes.length;
  }
}
