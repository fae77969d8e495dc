/** One line of a transcript as a shell would understand it, with `$NAME` put in. */
export interface Line {
  /** `NAME=$(…)`: where the output goes instead of the screen. */
  readonly into?: string;
  /** What is piped in: `echo TEXT | …` or `printf TEXT | …`. */
  readonly input?: string;
  /** `< FILE`. */
  readonly from?: string;
  readonly env: { readonly [name: string]: string };
  readonly words: readonly string[];
}

const ESCAPES: { readonly [letter: string]: string } = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  a: '\x07',
  e: '\x1b',
};

/**
 * Understands just enough of a shell for transcripts: words, the three kinds of quotes (`$'\e'` with its
 * escapes), `$NAME`, `A=b command`, `NAME=$(command)`, `echo … | command` and `< FILE`. Throws for anything else.
 */
export function parseLine(text: string, variable: (name: string) => string): Line {
  const captured = /^([A-Z_]+)=\$\((.*)\)$/.exec(text);
  if (captured !== null)
    return { ...parseLine(captured[2] as string, variable), into: captured[1] as string };
  const tokens = tokensOf(text, variable);
  const pipe = tokens.findIndex((token) => token.operator === '|');
  const input = pipe < 0 ? undefined : printed(tokens.slice(0, pipe).map((token) => token.text));
  const rest = tokens.slice(pipe + 1);
  const redirect = rest.findIndex((token) => token.operator === '<');
  const from = redirect < 0 ? undefined : rest[redirect + 1]?.text;
  const words = (redirect < 0 ? rest : rest.slice(0, redirect)).map((token) => token.text);
  const env: { [name: string]: string } = {};
  while (/^[A-Z_]+=/.test(words[0] ?? '')) {
    const [name = '', ...value] = (words.shift() as string).split('=');
    env[name] = value.join('=');
  }
  return { env, words, ...(input === undefined ? {} : { input }), ...(from === undefined ? {} : { from }) };
}

interface Token {
  readonly text: string;
  readonly operator?: '|' | '<';
}

const PART = /\$'((?:[^'\\]|\\.)*)'|'([^']*)'|"((?:[^"\\]|\\.)*)"|\$([A-Z_]+)|\\(.)|([^\s'"$\\|<>;&]+)/y;

function tokensOf(text: string, variable: (name: string) => string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === ' ') {
      at++;
    } else if (text[at] === '|' || text[at] === '<') {
      tokens.push({ text: '', operator: text[at] as '|' | '<' });
      at++;
    } else {
      const { word, end } = wordAt(text, at, variable);
      if (end === at) throw new Error(`a transcript's shell does not know: ${text.slice(at)}`);
      tokens.push({ text: word });
      at = end;
    }
  }
  return tokens;
}

function wordAt(
  text: string,
  start: number,
  variable: (name: string) => string,
): { word: string; end: number } {
  let word = '';
  let end = start;
  for (;;) {
    PART.lastIndex = end;
    const match = PART.exec(text);
    if (match === null) return { word, end };
    const [all, ansi, single, double, name, escaped, plain] = match;
    if (ansi !== undefined)
      word += ansi.replace(/\\(u\{([0-9a-f]+)\}|.)/g, (_, letter: string, hex?: string) =>
        unescaped(letter, hex),
      );
    else if (double !== undefined)
      word += double
        .replace(/\$([A-Z_]+)/g, (_, inner: string) => variable(inner))
        .replace(/\\(["$\\])/g, '$1');
    else word += name === undefined ? (single ?? escaped ?? plain ?? '') : variable(name);
    end += all.length;
  }
}

function unescaped(letter: string, hex: string | undefined): string {
  return hex === undefined ? (ESCAPES[letter] ?? letter) : String.fromCodePoint(Number.parseInt(hex, 16));
}

/** What `echo` or `printf` writes. */
function printed([program, ...words]: readonly string[]): string {
  if (program === 'printf') return words.join(' ').replaceAll('\\n', '\n');
  if (program === 'echo') return `${words.join(' ')}\n`;
  throw new Error(`a transcript pipes from echo or printf only, not from ${program}`);
}
