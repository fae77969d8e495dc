import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { ended, inTurn, PROGRAM_FILE, type Ran, type Shell } from '../support/run-program.ts';
import {
  inDatabase,
  type RotationStore,
  rotationStore,
  unsoundRotation,
  verified,
} from './rotation-store.ts';
import { attempt, attemptLater } from './soundness.ts';
import { straceMissing } from './strace.ts';

const why = straceMissing(process.env);

/** Calls that change the store and come in the same order each time; `write` doesn't, since V8's threads use it. */
const CHANGING = ['pwrite64', 'fsync', 'ftruncate', 'unlink'] as const;
const EVERY = process.env.KEYWRIGHT_EVERY_CALL === '1';

interface Point {
  readonly name: string;
  readonly nth: number;
}

describe.skipIf(why !== undefined)(
  `a delivered rotation that is killed at a system call (case 45)${why ? ` (skipped: ${why})` : ''}`,
  () => {
    test.each([
      { name: 'with an overlap', flags: ['--grace', '1h'], every: 1 },
      { name: 'with --grace 0', flags: ['--grace', '0', '--yes'], every: 3 },
    ])(
      '$name is taken up, or taken back, from wherever it was',
      async ({ flags, every }) => {
        const seen = await sweep(flags, every);
        expect(seen.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
        const states = new Set(seen.map(({ state }) => state));
        expect(states).toEqual(new Set([undefined, 'issued', 'delivered', 'checked', 'finished']));
      },
      EVERY ? 600_000 : 240_000,
    );
  },
);

describe('a delivered rotation whose command kills it', () => {
  const DIES = 'kill -KILL $PPID; while kill -0 $PPID 2>/dev/null; do sleep 0.01; done';

  test.each<[when: string, flag: '--deliver' | '--check', script: (put: string) => string, state: string]>([
    ['before it takes the secret', '--deliver', (put) => `${DIES}; ${put}`, 'issued'],
    ['when it has put it into place', '--deliver', (put) => `${put}; ${DIES}`, 'issued'],
    ['while checking', '--check', () => DIES, 'delivered'],
  ])('%s is taken up, or taken back', async (_, flag, script, state) => {
    const store = await rotationStore('--grace', '1h');
    const words = [...rotate(store)];
    const done = join(store.place, 'done');
    const does = `${script(join(store.place, 'put'))}; echo > ${done}`;
    words[words.indexOf(flag) + 1] = `sh -c '${does}'`;
    const child = store.shell.start(words, { stdio: 'ignore' });
    expect(await ended(child)).toEqual([null, 'SIGKILL']);
    // The command outlives what it killed for a moment.
    while (!existsSync(done)) await new Promise((resolve) => setTimeout(resolve, 10));
    const killed = store.keep();
    expect(inDatabase(store.shell)).toMatchObject({ state, sealed: 1, version: 2 });
    killed();
    expect(await wrongAfterwards(store, killed)).toEqual([]);
  });
});

describe('a rotation is not sound with', () => {
  const BROKEN: { readonly [what: string]: readonly [state: 'issued' | 'finished', statement: string] } = {
    'a secret that is sealed no more while it is needed': ['issued', 'DELETE FROM sealed'],
    'an old version that was cut off before the end': ['issued', 'UPDATE key_versions SET cut_off = 1'],
    'a key that no longer lets older versions verify': ['issued', 'UPDATE keys SET older_until = NULL'],
    'a journal that says delivered too early': ['issued', "UPDATE rotations SET state = 'delivered'"],
    'a journal that was closed too early': ['issued', "UPDATE rotations SET state = 'finished'"],
    'a journal that never closes': ['finished', "UPDATE rotations SET state = 'checked'"],
    'an old version that has no end': ['finished', 'UPDATE key_versions SET cut_off = NULL'],
    'an entry that is missing from the log': [
      'finished',
      'DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)',
    ],
    'a secret that stays sealed': [
      'finished',
      "INSERT INTO sealed SELECT id, 'secret', 2, x'00' FROM rotations",
    ],
  };

  test.each(Object.keys(BROKEN))('%s', async (what) => {
    const [state, statement] = BROKEN[what] ?? ['issued', ''];
    const store = await rotationStore('--grace', '1h');
    const argv = [...rotate(store)];
    if (state === 'issued') argv[argv.indexOf('--deliver') + 1] = 'false';
    expect((await attempt(store.shell, argv)).code).toBe(state === 'issued' ? 9 : 0);
    expect(inDatabase(store.shell).state).toBe(state);
    expect(await unsoundRotation(store)).toEqual([]);
    const db = new Database(store.shell.database);
    db.exec(statement);
    db.close();
    expect(await unsoundRotation(store)).not.toEqual([]);
  });
});

describe.skipIf(why !== undefined)(
  `a plain rotation that is killed at a system call (cases 45 and 194)${why ? ` (skipped: ${why})` : ''}`,
  () => {
    test('has made no new secret, or shown it, or doctor says that nobody has it', async () => {
      const store = await rotationStore();
      const { shell, old } = store;
      const fresh = store.keep();
      const argv = ['keys', 'rotate', 'deploy'];
      const whole = await traced(shell, argv, []);
      expect(whole.code, whole.stderr).toBe(0);
      const seen = new Set<string>();
      for (const { name, nth } of turningPoints(callsIn(whole.trace, shell.home))) {
        fresh();
        const ran = await traced(shell, argv, [`-einject=${name}:signal=KILL:when=${nth}`]);
        const at = `${name} ${nth}`;
        expect([at, ran.signal]).toEqual([at, 'SIGKILL']);
        const [shown] = ran.stdout.match(/kw_sk_live_[0-9A-Za-z]{61}/) ?? [];
        const doctor = await attemptLater(shell, ['doctor']);
        const { version, sealed } = inDatabase(shell);
        const named = doctor.stdout.includes('the secret key of deploy');
        seen.add(version === 1 ? 'not rotated' : shown === undefined ? 'lost' : 'shown');
        if (version === 1 || shown === undefined) expect([at, named]).toEqual([at, version === 2]);
        expect([at, sealed]).toEqual([at, 0]);
        const secrets = shown === undefined ? [old] : [old, shown];
        expect([at, await verified(shell, secrets)]).toEqual([at, secrets.map((_, i) => i + 1)]);
        // The way out that doctor names.
        if (!named) continue;
        expect((await attempt(shell, ['rotations', 'rollback', 'deploy', '--yes'])).code).toBe(0);
        expect([at, await verified(shell, [old])]).toEqual([at, [1]]);
        expect((await attemptLater(shell, ['doctor'])).code).toBe(0);
      }
      expect(seen).toEqual(new Set(['not rotated', 'lost', 'shown']));
    });
  },
);

interface Killed {
  readonly at: string;
  readonly state: string | undefined;
  readonly wrong: readonly string[];
}

/** Kills at each of the turning points, or at every third of them. */
async function sweep(flags: readonly string[], every: number): Promise<readonly Killed[]> {
  const lanes = await Promise.all([1, 2].map(() => rotationStore(...flags)));
  const [one] = lanes as [RotationStore];
  const fresh = lanes.map((store) => store.keep());
  const whole = await traced(one.shell, rotate(one), []);
  expect(whole.code, whole.stderr).toBe(0);
  const turns = turningPoints(callsIn(whole.trace, one.shell.home));
  expect(turns.length).toBeGreaterThan(20);
  const points = EVERY ? turns : turns.filter((_, i) => i % every === 0);
  const jobs = lanes.map((store, lane) => ({
    store,
    reset: fresh[lane] as () => void,
    mine: points.filter((_, i) => i % lanes.length === lane),
  }));
  const seen = await inTurn(jobs, async ({ store, reset, mine }) => {
    const killed: Killed[] = [];
    for (const point of mine) killed.push(await kill(store, reset, point));
    return killed;
  });
  return seen.flat();
}

const rotate = ({ deliver }: RotationStore): readonly string[] => ['keys', 'rotate', 'deploy', ...deliver];

async function kill(store: RotationStore, reset: () => void, { name, nth }: Point): Promise<Killed> {
  reset();
  const { shell } = store;
  const ran = await traced(shell, rotate(store), [`-einject=${name}:signal=KILL:when=${nth}`]);
  expect([name, nth, ran.signal]).toEqual([name, nth, 'SIGKILL']);
  const killed = store.keep();
  const { state } = inDatabase(shell);
  killed();
  const wrong = await wrongAfterwards(store, killed);
  return { at: `${name} ${nth}`, state, wrong };
}

/** What is wrong as it was left, and after each of the three ways on. */
async function wrongAfterwards(store: RotationStore, killed: () => void): Promise<readonly string[]> {
  const { shell } = store;
  const wrong = (await unsoundRotation(store)).map((what) => `as it was left: ${what}`);
  const wayOn = async (argv: readonly string[], may: readonly number[], left: string | undefined) => {
    killed();
    const note = (what: string): void => void wrong.push(`${argv.slice(0, 2).join(' ')}: ${what}`);
    const { code, stderr } = await attempt(shell, argv);
    if (!may.includes(code ?? -1)) note(`${code} ${stderr}`);
    const { state } = inDatabase(shell);
    if (left !== state) note(`left it ${state}`);
    for (const what of await unsoundRotation(store)) note(what);
  };
  killed();
  const { state, rotations } = inDatabase(shell);
  const cut = state === 'finished' && rotations[0]?.grace_ms === 0;
  const open = state !== undefined && state !== 'finished';
  await wayOn(rotate(store), [0], 'finished');
  await wayOn(
    ['rotations', 'resume', 'deploy', ...withoutGrace(store)],
    [open ? 0 : 5],
    open ? 'finished' : state,
  );
  const back = state !== undefined && !cut;
  await wayOn(['rotations', 'rollback', 'deploy', '--yes'], [back ? 0 : 5], back ? 'rolled-back' : state);
  return wrong;
}

function withoutGrace({ deliver }: RotationStore): readonly string[] {
  return deliver.slice(0, deliver.indexOf('--grace'));
}

/** Traces the main thread alone, so that what the commands do is neither counted nor hit. */
async function traced(
  shell: Shell,
  argv: readonly string[],
  options: readonly string[],
): Promise<Ran & { readonly trace: string }> {
  const log = join(shell.path, `trace-${process.hrtime.bigint()}`);
  const strace = ['-y', '-qq', '-o', log, `-etrace=${CHANGING.join(',')}`, ...options];
  const child = spawn('strace', [...strace, process.execPath, PROGRAM_FILE, ...argv], {
    cwd: shell.path,
    env: shell.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code, signal] = await ended(child);
  const trace = readFileSync(log, 'utf8');
  rmSync(log);
  return { code, signal, stdout, stderr, trace };
}

/** The calls on files of the store. */
function callsIn(trace: string, home: string): Point[] {
  const counts = new Map<string, number>();
  return [...trace.matchAll(/^(\w+)(\(.*)$/gm)].flatMap(([, name = '', rest = '']) => {
    const nth = (counts.get(name) ?? 0) + 1;
    counts.set(name, nth);
    return rest.includes(home) ? [{ name, nth }] : [];
  });
}

/** Every flush and removal, what comes right after, and one write on the way to it; all with KEYWRIGHT_EVERY_CALL=1. */
function turningPoints(calls: readonly Point[]): readonly Point[] {
  if (EVERY) return calls;
  const turns = calls.flatMap(({ name }, i) => (name === 'pwrite64' ? [] : [i, i + 1]));
  const between = turns.map((turn, i) => Math.floor((turn + (turns[i - 1] ?? 0)) / 2));
  const chosen = [...new Set([...turns, ...between])].sort((a, b) => a - b);
  return chosen.flatMap((i) => calls[i] ?? []);
}
