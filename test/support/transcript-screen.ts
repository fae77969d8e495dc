// biome-ignore-all lint/suspicious/noControlCharactersInRegex: control characters are what this file is about

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

/** The cursor movements that prompts use, and the text between them. */
const CURSOR = /\x1b\[\?25[lh]|\x1b\[(\d*)([ABCDGJK])|[\r\n\b]|[^\x1b\r\n\b]+|\x1b/g;
const MOVES = /\x1b\[\d*[ABCDGJK]|[\r\b]/;
const COLORS = /\x1b\[[\d;]*m/g;

/** Text without the cursor movements, as a terminal that is wide and high enough would show it. */
function redrawn(text: string): string {
  if (!MOVES.test(text)) return text;
  const rows: string[] = [''];
  let [row, column] = [0, 0];
  for (const [all, count, letter] of text.replace(COLORS, '').matchAll(CURSOR)) {
    const n = Number(count || 1);
    const before = (rows[row] ?? '').padEnd(column);
    switch (letter ?? all) {
      case '\n':
        [row, column] = [row + 1, 0];
        break;
      case '\r':
        column = 0;
        break;
      case '\b':
      case 'D':
        column = Math.max(0, column - n);
        break;
      case 'A':
        row = Math.max(0, row - n);
        break;
      case 'B':
        row += n;
        break;
      case 'C':
        column += n;
        break;
      case 'G':
        column = n - 1;
        break;
      case 'J':
        rows.length = row + 1;
        rows[row] = before.slice(0, column);
        break;
      case 'K':
        rows[row] = count === '2' ? '' : before.slice(0, column);
        break;
      case '\x1b[?25l':
      case '\x1b[?25h':
        break;
      default:
        rows[row] = before.slice(0, column) + all + before.slice(column + all.length);
        column += all.length;
    }
    while (rows.length <= row) rows.push('');
  }
  return `${rows.join('\n').trimEnd()}\n`;
}

function shown(line: string): string {
  return line.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, (control) =>
    control === '\x1b' ? '\\e' : `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
