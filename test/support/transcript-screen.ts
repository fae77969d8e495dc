/** What one command wrote, in order. */
export interface Written {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/**
 * What stands on the screen after a command: lines with `> ` from stdout and `! ` from stderr. What a prompt drew
 * over is gone, as on a terminal; every other control character is shown as `\e`, `\x07` and the like.
 */
export function screenOf(written: readonly Written[]): string[] {
  const lines: string[] = [];
  for (const { stream, text } of joined(written)) {
    const drawn = stream === 'stderr' ? redrawn(text) : text;
    const own = drawn.split('\n');
    if (own.at(-1) === '') own.pop();
    else if (stream === 'stdout') own.push(`${own.pop()}\\c`);
    for (const line of own) lines.push(`${stream === 'stdout' ? '>' : '!'} ${shown(line)}`.trimEnd());
  }
  return lines;
}

/** Neighbouring chunks of one stream belong together: a line may come in pieces. */
function joined(written: readonly Written[]): Written[] {
  const all: { stream: Written['stream']; text: string }[] = [];
  for (const { stream, text } of written) {
    const last = all.at(-1);
    if (last?.stream === stream) last.text += text;
    else all.push({ stream, text });
  }
  return all;
}

/** The cursor movements that prompts use. */
const CURSOR = /\x1b\[\?25[lh]|\x1b\[(\d*)([ABCDGJK])|[\r\n\b]|[^\x1b\r\n\b]+|\x1b/g;

/** Text without the cursor movements, as a terminal that is wide and high enough would show it. */
function redrawn(text: string): string {
  if (!/\x1b\[\d*[ABCDGJK]|[\r\b]/.test(text)) return text;
  const rows: string[] = [''];
  let [row, column] = [0, 0];
  const cut = (): void => {
    rows[row] = (rows[row] ?? '').slice(0, column);
  };
  for (const [all, count, move] of text.replace(/\x1b\[[\d;]*m/g, '').matchAll(CURSOR)) {
    const n = Number(count || 1);
    if (all === '\n') [row, column] = [row + 1, 0];
    else if (all === '\r') column = 0;
    else if (all === '\b' || move === 'D') column = Math.max(0, column - (move === 'D' ? n : 1));
    else if (move === 'A') row = Math.max(0, row - n);
    else if (move === 'B') row += n;
    else if (move === 'C') column += n;
    else if (move === 'G') column = n - 1;
    else if (move === 'K') count === '2' ? (rows[row] = '') : cut();
    else if (move === 'J') {
      cut();
      rows.length = row + 1;
    } else if (!all.startsWith('\x1b[?25')) {
      const before = (rows[row] ?? '').padEnd(column);
      rows[row] = before.slice(0, column) + all + before.slice(column + all.length);
      column += all.length;
    }
    for (let i = 0; i <= row; i++) rows[i] ??= '';
  }
  return `${rows.join('\n').trimEnd()}\n`;
}

function shown(line: string): string {
  return line.replace(/[\x00-\x1f\x7f-\x9f]/g, (control) =>
    control === '\x1b'
      ? '\\e'
      : control === '\t'
        ? control
        : `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
