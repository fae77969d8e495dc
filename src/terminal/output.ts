import type { Secret } from '../domain/secret.ts';
import { visible } from '../domain/visible.ts';
import { EXIT, type ExitCode, Failure, PROGRAM } from '../errors.ts';
import { failureJson, failureLines, reportOf } from './failure.ts';
import { jsonText } from './json.ts';
import { tsvRow, type Written, writeJsonList, writeLines, writeTable } from './list.ts';
import { createNotice, type Notice, SILENT } from './progress.ts';
import { ReaderGone, type Sink } from './streams.ts';
import { type Color, PLAIN, styleFor } from './style.ts';
import { tableOf } from './table.ts';
import { pad, widthOf } from './width.ts';
import { maskLines, type Workflow, withoutCommands, withoutCommandsInJson } from './workflow.ts';

/** Who reads stdout: a person, a pipe, a program, or a script that wants identifiers only. */
type Audience = 'table' | 'tsv' | 'json' | 'quiet';

/** A column of a list. The list's first column is the identifier: first in TSV, all there is with `-q`. */
export interface Column<T> {
  /** Upper case; only tables show it. */
  readonly header: string;
  /** The value for programs: times as RFC 3339 UTC, no `in 90d`. The order of columns in TSV is frozen. */
  tsv(item: T): string;
  /** The text for people; left out, the same as `tsv`. Made harmless (`visible`) by the table. */
  cell?(item: T): string;
  color?(item: T): Color | undefined;
  /** Cut first, with `…`, when the terminal is narrow; the list's first column never is. */
  readonly flexible?: boolean;
  /** Left out before the others when the terminal is narrower still. */
  readonly lesser?: boolean;
}

/** One page of a list. `next` is the cursor of the following one, null at the end. */
export interface ListPage<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

export interface ListSpec<T> {
  /** Name of the list in JSON, `keys` in `{"keys":[…],"next":null}`. */
  readonly key: string;
  /** In TSV order, identifier first. */
  readonly columns: readonly Column<T>[];
  /** Headers of the columns that the table shows, in its order; left out: all, in TSV order. */
  readonly tableColumns?: readonly string[];
  /** The item for `--json`: snake_case, exact strings, times as RFC 3339 UTC. */
  json(item: T): object;
  /** At least one page. The last one's `next` is what JSON shows and `moreHint` gets. */
  readonly pages: AsyncIterable<ListPage<T>>;
  /** The command that shows what follows, for a table that doesn't end the list. */
  moreHint?(next: string): string;
  /** What a person is told instead of an empty table. */
  readonly empty?: { readonly message: string; readonly hint?: string };
}

/** One thing. */
interface ShowSpec {
  /** First line of the table form, `deploy  rotating: version 6 ends today 03:01 UTC+1`. */
  readonly heading?: string;
  /** Label and value; a value of undefined leaves the line out. */
  readonly fields: readonly (readonly [label: string, value: string | undefined])[];
  /** Drawn under the fields. */
  readonly table?: { readonly headers: readonly string[]; readonly rows: readonly (readonly string[])[] };
  readonly json: object;
  /** One row, identifier first; `-q` prints the identifier only. */
  readonly tsv: readonly string[];
}

/**
 * The program's two voices: stdout is the answer, stderr the talk. Text given here may come from anywhere;
 * everything that people see is made harmless (`visible`), JSON and secrets are exact. What writes the answer
 * throws `ReaderGone` or `output_failed`; the talk never throws and its promises needn't be awaited.
 */
export interface Output {
  readonly audience: Audience;
  /** What the program is waiting for; silent with `--json`. Anything else that is printed clears it. */
  readonly notice: Notice;
  list<T>(spec: ListSpec<T>): Promise<void>;
  show(spec: ShowSpec): Promise<void>;
  /** A one-line answer: `text` for people, pipes and `-q`, the object for `--json`. */
  value(text: string, json: object): Promise<void>;
  /** Exactly the secret and a newline, for every audience. */
  secret(secret: Secret): Promise<void>;
  /**
   * To be called before a secret is part of the answer: tells GitHub Actions or Azure Pipelines to hide it in their
   * logs. Throws `output_failed` when stdout was closed: what is written there reaches nobody.
   */
  beforeSecret(secret: Secret): Promise<void>;
  /** The same for a secret that goes elsewhere, whatever stdout is. Never throws. */
  mask(secret: Secret): Promise<void>;
  /**
   * Bytes that a command of the user's prints, on stderr as they are: it may talk to the system whose job this is. What
   * is said next begins a line of its own. Never throws.
   */
  foreign(chunk: Uint8Array): Promise<void>;
  /** The text with the program's name put in, for what goes to JSON; everything else here does that itself. */
  spelled(text: string): string;
  /** One object and a newline. */
  json(object: object): Promise<void>;
  /** Exactly these bytes. */
  raw(chunk: string | Uint8Array): Promise<void>;
  /** A line of talk on stderr; silent with `--json` and `-q`. */
  say(line: string): Promise<void>;
  /** `hint: …` on stderr with the program's name put in; silent with `--json` and `-q`. */
  hint(command: string): Promise<void>;
  /** A line on stderr that `-q` prints too; silent with `--json`. */
  warn(line: string): Promise<void>;
  /**
   * What somebody has to know so that this can go on: lines on stderr whatever else is silent; with `--json` one object.
   */
  demand(lines: readonly string[], json: object): Promise<void>;
  /** Renders the one error that ends a command and gives its exit code. Never throws. */
  failure(error: unknown, debug: boolean): Promise<ExitCode>;
}

export interface OutputOptions {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: { readonly stdout: boolean; readonly stderr: boolean };
  /** How the program was started, `keywright` or `npx keywright`. */
  readonly program: string;
  /** Set where what is printed may be taken for commands. */
  readonly workflow?: Workflow | undefined;
}

/** The output for one run of the program. */
export function createOutput(options: OutputOptions): Output {
  const { stdout, json, quiet, program, workflow } = options;
  const line = { open: false };
  const stderr = onNewLine(options.stderr, line);
  const audience: Audience = json ? 'json' : quiet ? 'quiet' : stdout.isTTY ? 'table' : 'tsv';
  const notice = json ? SILENT : createNotice(stderr);

  /** A part of the answer. */
  const write = (chunk: string | Uint8Array): Promise<void> => {
    notice.clear();
    return stdout.write(chunk);
  };
  const safe = workflow === undefined ? (text: string) => text : withoutCommands;
  const safeJson =
    workflow === undefined ? jsonText : (object: object) => withoutCommandsInJson(jsonText(object));
  /** A part of the answer that people or scripts read as text. */
  const writeText = (text: string): Promise<void> => write(safe(text));
  const writeJson = (object: object): Promise<void> => write(`${safeJson(object)}\n`);
  /** A line of talk. Whoever can't hear it misses nothing that the exit code doesn't say. */
  const talk = async (line: string): Promise<void> => {
    notice.clear();
    await stderr.write(`${safe(line)}\n`).catch(() => {});
  };
  const spelled = (text: string) => text.replaceAll(PROGRAM, program);
  const said = (line: string) => visible(spelled(line));
  const chatty = !json && !quiet;
  const say = (line: string) => (chatty ? talk(said(line)) : Promise.resolve());
  const hint = (command: string) => say(`hint: ${command}`);
  const mask = async (secret: Secret) => {
    if (workflow !== undefined) await stderr.write(maskLines(workflow, secret)).catch(() => {});
  };

  const writeList = async <T>(spec: ListSpec<T>): Promise<Written> => {
    const identifier = spec.columns[0];
    switch (audience) {
      case 'json':
        return writeJsonList(spec, safeJson, write);
      case 'quiet':
        return writeLines(spec, (item) => visible(identifier?.tsv(item) ?? ''), writeText);
      case 'tsv':
        return writeLines(spec, (item) => tsvRow(spec.columns.map((column) => column.tsv(item))), writeText);
      case 'table':
        return writeTable(spec, stdout.columns, await styleFor(options.color.stdout), writeText);
    }
  };

  return {
    audience,
    notice,
    say,
    hint,
    raw: write,
    async demand(lines, object) {
      if (json) return talk(safeJson(object));
      for (const line of lines) await talk(said(line));
    },
    warn: (line) => (json ? Promise.resolve() : talk(said(line))),
    secret: (secret) => write(`${secret.reveal()}\n`),
    async beforeSecret(secret) {
      if (stdout.isClosed) throw new Failure('output_failed', 'stdout is closed');
      await mask(secret);
    },
    mask,
    async foreign(chunk) {
      if (chunk.length === 0) return;
      notice.clear();
      await options.stderr.write(chunk).catch(() => {});
      line.open = chunk.at(-1) !== NEWLINE;
    },
    spelled,
    json: writeJson,
    value: (text, object) => (json ? writeJson(object) : writeText(`${visible(text)}\n`)),
    async list(spec) {
      const { count, next } = await writeList(spec);
      if (next !== null && spec.moreHint) await hint(spec.moreHint(next));
      if (count > 0 || next !== null || audience !== 'table' || !spec.empty) return;
      await say(spec.empty.message);
      if (spec.empty.hint) await hint(spec.empty.hint);
    },
    async show(spec) {
      if (audience === 'json') await writeJson(spec.json);
      else if (audience === 'quiet') await writeText(`${visible(spec.tsv[0] ?? '')}\n`);
      else if (audience === 'tsv') await writeText(`${tsvRow(spec.tsv)}\n`);
      else await writeText(sheetOf(spec, stdout.columns));
    },
    async failure(error, debug) {
      if (error instanceof ReaderGone) return EXIT.ok;
      const report = reportOf(error, program);
      if (json) {
        await talk(failureJson(report, debug));
        return report.exit;
      }
      const { red } = await styleFor(options.color.stderr).catch(() => PLAIN);
      for (const line of failureLines(report, red('keywright'), debug)) await talk(line);
      return report.exit;
    },
  };
}

const NEWLINE = 0x0a;

/** The same sink, but where somebody else left a line open what is written ends that first. */
function onNewLine(sink: Sink, line: { open: boolean }): Sink {
  return {
    get isTTY() {
      return sink.isTTY;
    },
    get isClosed() {
      return sink.isClosed;
    },
    get columns() {
      return sink.columns;
    },
    async write(chunk) {
      const open = line.open;
      line.open = false;
      if (open) await sink.write('\n');
      await sink.write(chunk);
    },
  };
}

/** One thing for people: heading, aligned labels and values, and a table under them. */
function sheetOf(spec: ShowSpec, columns: number): string {
  const given = spec.fields.filter((field): field is readonly [string, string] => field[1] !== undefined);
  const labelWidth = Math.max(0, ...given.map(([label]) => widthOf(visible(label))));
  const lines = given.map(([label, value]) =>
    `${pad(visible(label), labelWidth)}  ${visible(value)}`.trimEnd(),
  );
  if (spec.heading !== undefined) lines.unshift(visible(spec.heading));
  const text = lines.map((line) => `${line}\n`).join('');
  if (spec.table === undefined || spec.table.rows.length === 0) return text;
  const draw = tableOf(
    spec.table.headers.map((header, i) => ({ header, identifier: i === 0 })),
    columns,
  );
  return text + draw(spec.table.rows.map((row) => row.map((text) => ({ text }))));
}
