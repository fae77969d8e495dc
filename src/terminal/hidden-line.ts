const BACKSPACE = /^[\b\x7f]$/;
const CONTROL = /\p{Cc}/u;

/** What typing led to so far: more is needed, the line is complete, given up (Ctrl-C, Ctrl-D), or Ctrl-Z. */
export type Typed = 'more' | 'line' | 'cancelled' | 'suspend';

/** Most characters of a line typed without echo; what comes after them is a mistake or an attack. */
export const LONGEST_LINE = 4096;

/**
 * Reads keys as a raw terminal sends them and keeps one line. Backspace takes a character, Ctrl-U all, escape
 * sequences (arrows, the marks of a bracketed paste) and other controls do nothing. Of a pasted text the first
 * line counts and the rest is discarded.
 */
export class HiddenLine {
  readonly #decoder = new TextDecoder('utf-8');
  #characters: string[] = [];
  #escape = '';
  /** Keys arrived after the end of the line, so a paste may still be under way. */
  #more = false;

  get text(): string {
    return this.#characters.join('');
  }

  get tooLong(): boolean {
    return this.#characters.length > LONGEST_LINE;
  }

  /** Was there more in the piece that ended the line? Then the rest of a paste may follow. */
  get pasted(): boolean {
    return this.#more;
  }

  /** Takes what the terminal sent; stops at the end of the line. */
  take(bytes: Uint8Array): Typed {
    const characters = [...this.#decoder.decode(bytes, { stream: true })];
    for (const [i, character] of characters.entries()) {
      const typed = this.#key(character);
      if (typed === 'more') continue;
      this.#more = i < characters.length - 1;
      return typed;
    }
    return 'more';
  }

  #key(character: string): Typed {
    if (this.#escape !== '') return this.#insideEscape(character);
    switch (character) {
      case '\r':
      case '\n':
        return 'line';
      case '\x03':
        return 'cancelled';
      case '\x04':
        return this.#characters.length === 0 ? 'cancelled' : 'more';
      case '\x1a':
        return 'suspend';
      case '\x15':
        this.#characters = [];
        return 'more';
      case '\x1b':
        this.#escape = character;
        return 'more';
      default:
        if (BACKSPACE.test(character)) this.#characters.pop();
        else if (!CONTROL.test(character) && !this.tooLong) this.#characters.push(character);
        return 'more';
    }
  }

  /** ECMA-48: `ESC [` or `ESC O`, then up to a final byte 0x40–0x7e; any other `ESC x` is a single key. */
  #insideEscape(character: string): Typed {
    const first = this.#escape.length === 1;
    const ended = first ? character !== '[' && character !== 'O' : character >= '@' && character <= '~';
    this.#escape = ended ? '' : this.#escape + character;
    // Ctrl-C and the end of the line are never swallowed by a half-typed sequence.
    if (character === '\x03' || character === '\r' || character === '\n') {
      this.#escape = '';
      return this.#key(character);
    }
    return 'more';
  }
}
