import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDuration } from '../../src/domain/time.ts';
import { liveContext } from '../../src/live-context.ts';
import { main } from '../../src/main.ts';
import { type FakeProvider, fakeProvider } from './fake-provider.ts';
import { type Line, parseLine } from './transcript-line.ts';
import { fakeProcess, SILENCE, seededRandom } from './transcript-process.ts';
import { screenOf } from './transcript-screen.ts';

/*
 * A transcript is a text file that reads like a session at a terminal, and is run as a test:
 *
 *   # words for the reader
 *   @terminal 80                   stdin, stdout and stderr are a terminal of 80 columns from here on
 *   @pipe                          none of them is (that is how a transcript begins)
 *   @answer y                      what is typed at the next question; without one the input ends there
 *   @silence                       nothing is typed at the next question, and the input doesn't end
 *   $ keywright keys list          a command (`transcript-line.ts` has the grammar), or one of BUILTINS
 *   > text                         expected on stdout
 *   ! text                         expected on stderr
 *   exit 3                         expected exit code, when it isn't 0
 *
 * Everything runs in this process, on a store in a folder of its own that is shown as $HOME. The clock
 * stands at 2026-11-21 10:00 UTC and moves only by `sleep`; random bytes come from the file's name.
 */
const BEGIN = Date.parse('2026-11-21T10:00:00Z');

interface Session {
  readonly home: string;
  readonly variables: Map<string, string>;
  readonly random: (size: number) => Uint8Array;
  /** Providers and the person in front of a browser; `world` changes what they do. */
  readonly world: FakeProvider;
  now: number;
  columns: number | undefined;
  answers: string[];
}

/** Runs a transcript and gives back what it should read, which is the text itself when all is as expected. */
export async function replay(text: string, seed: string): Promise<string> {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'keywright-transcript-')));
  const session: Session = {
    home,
    variables: new Map(),
    random: seededRandom(seed),
    world: fakeProvider(() => session.now),
    now: BEGIN,
    columns: undefined,
    answers: [],
  };
  const lines: string[] = [];
  try {
    for (const line of text.split('\n')) {
      if (/^(> |! |>$|!$|exit \d)/.test(line)) continue;
      lines.push(line);
      if (line.startsWith('@')) direct(session, line.slice(1));
      else if (line.startsWith('$ ')) lines.push(...(await run(session, line.slice(2))));
    }
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return lines.join('\n');
}

function direct(session: Session, directive: string): void {
  const [name, ...words] = directive.split(' ');
  if (name === 'terminal') session.columns = Number(words[0]);
  else if (name === 'pipe') session.columns = undefined;
  else if (name === 'answer') session.answers.push(words.join(' '));
  else if (name === 'silence') session.answers.push(SILENCE);
  else throw new Error(`unknown directive: @${directive}`);
}

async function run(session: Session, text: string): Promise<string[]> {
  const line = parseLine(text, (name) =>
    name === 'HOME' ? session.home : (session.variables.get(name) ?? ''),
  );
  const [program = '', ...argv] = line.words;
  if (program !== 'keywright') {
    const builtin = BUILTINS[program];
    if (builtin === undefined) throw new Error(`a transcript does not know the program ${program}`);
    builtin(argv, session);
    return [];
  }
  const input = line.from === undefined ? line.input : readFileSync(line.from, 'utf8');
  const { proc, written } = fakeProcess({
    argv,
    env: envOf(session, line),
    columns: session.columns,
    input,
    answers: session.answers,
  });
  const code = await main(
    argv,
    liveContext(proc, {
      ...{ now: () => session.now, random: session.random, pause: pauseOf(session) },
      ...session.world,
    }),
  );
  if (line.into !== undefined) {
    const answer = written.filter(({ stream }) => stream === 'stdout').map((chunk) => chunk.text);
    session.variables.set(line.into, answer.join('').trimEnd());
  }
  const seen = line.into === undefined ? written : written.filter(({ stream }) => stream === 'stderr');
  return [...screenOf(seen).map((out) => hidden(session, out)), ...(code === 0 ? [] : [`exit ${code}`])];
}

/** Nobody waits in a transcript: its clock moves instead. */
const pauseOf = (session: Session) => async (ms: number) => {
  session.now += ms;
  return false;
};

function envOf({ home }: Session, line: Line): { [name: string]: string } {
  const env = {
    HOME: home,
    KEYWRIGHT_HOME: join(home, 'keywright'),
    NO_COLOR: '1',
    TERM: 'xterm',
    PATH: '/usr/bin:/bin',
    ...line.env,
  };
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
}

/** The folder has another name in each run. */
function hidden({ home }: Session, text: string): string {
  return text.replaceAll(home, '$HOME').replaceAll(encodeURIComponent(home), '%24HOME');
}

/** What a transcript may run besides the program itself. */
const BUILTINS: { readonly [program: string]: (argv: readonly string[], session: Session) => void } = {
  sleep([duration = ''], session) {
    const ms = parseDuration(duration);
    if (ms === undefined) throw new Error(`sleep ${duration}: no duration`);
    session.now += ms;
  },
  /** `world browser denies`: what the other side does from here on; see `Mood`. */
  world([name = '', ...words], { world }) {
    if (!(name in world.mood)) throw new Error(`world ${name}: no such mood`);
    const text = words.join(' ');
    Object.assign(world.mood, {
      [name]: /^(true|false|null|[0-9]+)$/.test(text) ? JSON.parse(text) : text || undefined,
    });
  },
  mkdir: ([path = '']) => void mkdirSync(path),
  chmod: ([mode = '', path = '']) => chmodSync(path, Number.parseInt(mode, 8)),
  rm: ([path = '']) => rmSync(path, { recursive: true }),
  mv: ([from = '', to = '']) => renameSync(from, to),
  cp: ([from = '', to = '']) => cpSync(from, to, { recursive: true }),
  /** `write FILE TEXT`: a private file with this line in it. */
  write: ([path = '', text = '']) => writeFileSync(path, `${text}\n`, { mode: 0o600 }),
};
