import type { Sink } from './streams.ts';
import { visible } from './visible.ts';
import { cut } from './width.ts';

/** One line on stderr that says what the program is waiting for. */
export interface Notice {
  /** On a terminal the line replaces the one before; elsewhere each new text is a line of its own. */
  show(text: string): void;
  /** Takes the line away again (terminals only). */
  clear(): void;
}

/** A notice that is shown to nobody. */
export const SILENT: Notice = { show: () => {}, clear: () => {} };

/** CR, then ECMA-48 EL: back to the first column and erase the line. */
const ERASE = '\r\x1b[K';

/** A notice on this stream. A stream that can't be written is ignored: the work it tells of goes on. */
export function createNotice(stderr: Sink): Notice {
  let shown = '';
  const write = (text: string) => void stderr.write(text).catch(() => {});
  return {
    show(text) {
      if (text === shown) return;
      shown = text;
      const line = visible(text);
      // One column is left free: a full line would wrap, and only its last row could be erased.
      write(stderr.isTTY ? `${ERASE}${cut(line, stderr.columns - 1)}` : `${line}\n`);
    },
    clear() {
      if (shown !== '' && stderr.isTTY) write(ERASE);
      shown = '';
    },
  };
}
