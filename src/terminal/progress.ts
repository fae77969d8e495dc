import { visible } from '../domain/visible.ts';
import type { Sink } from './streams.ts';
import { cut } from './width.ts';

/** One line on stderr that says what the program is waiting for. */
export interface Notice {
  /** On a terminal the line replaces the one before; elsewhere each new text is a line of its own. */
  show(text: string): void;
  /** How far a long piece of work is, of `total` where that is known: on terminals only, drawn anew with each percent. */
  progress(what: string, done: number, total?: number): void;
  /** Takes the line away again (terminals only). */
  clear(): void;
}

/** A notice that is shown to nobody. */
export const SILENT: Notice = { show: () => {}, progress: () => {}, clear: () => {} };

/** CR, then ECMA-48 EL: back to the first column and erase the line. */
const ERASE = '\r\x1b[K';

/** A notice on this stream. A stream that can't be written is ignored: the work it tells of goes on. */
export function createNotice(stderr: Sink): Notice {
  let shown = '';
  const write = (text: string) => void stderr.write(text).catch(() => {});
  const show = (text: string) => {
    if (text === shown) return;
    shown = text;
    const line = visible(text);
    // One column is left free: a full line would wrap, and only its last row could be erased.
    write(stderr.isTTY ? `${ERASE}${cut(line, stderr.columns - 1)}` : `${line}\n`);
  };
  return {
    show,
    progress(what, done, total) {
      if (!stderr.isTTY) return;
      show(total === undefined ? `${what} ${number(done)}` : `${what} ${barOf(done, total)}`);
    },
    clear() {
      if (shown !== '' && stderr.isTTY) write(ERASE);
      shown = '';
    },
  };
}

/** Cells of the bar, of 5 % each. */
const CELLS = 20;

/** `[#####---------------]  25 % of 100,000`: the same text within one percent. */
function barOf(done: number, total: number): string {
  const percent = Math.floor((100 * done) / Math.max(1, total));
  const full = Math.floor((percent * CELLS) / 100);
  const bar = '#'.repeat(full) + '-'.repeat(CELLS - full);
  return `[${bar}] ${String(percent).padStart(3)} % of ${number(total)}`;
}

function number(value: number): string {
  return value.toLocaleString('en');
}
