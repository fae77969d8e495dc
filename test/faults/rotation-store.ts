import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { envFor, ownFolder, Shell } from '../support/run-program.ts';
import { attempt, findingsOf } from './soundness.ts';

/** Puts what comes on stdin into the file `secret` beside it, whole or not at all. */
const PUT = '#!/bin/sh\ncat > "$0.new" && [ -s "$0.new" ] && mv "$0.new" "$(dirname "$0")/secret"\n';

/** A store with the key `deploy`, and the place that its secret is delivered to. */
export interface RotationStore {
  readonly shell: Shell;
  /** The secret of version 1. */
  readonly old: string;
  /** Where `put` puts it. */
  readonly place: string;
  /** Rotates the key by delivering it there, and looks whether it arrived. */
  readonly deliver: readonly string[];
  /** What arrived; undefined when nothing did. */
  placed(): string | undefined;
  /** Keeps the store and the place as they are; gives back how to have them so again. */
  keep(): () => void;
}

export async function rotationStore(...more: readonly string[]): Promise<RotationStore> {
  const { path } = ownFolder();
  const world = join(path, 'world');
  const place = join(world, 'place');
  mkdirSync(place, { recursive: true });
  const shell = await new Shell({ path, env: envFor(world) }).init();
  const old = await shell.createKey('deploy');
  const file = (name: string): string => join(place, name);
  writeFileSync(file('put'), PUT, { mode: 0o755 });
  const test = `test -s ${file('secret')}`;
  let kept = 0;
  return {
    shell,
    old,
    place,
    deliver: ['--deliver', file('put'), '--check', test, '--check-timeout', '1m', ...more],
    placed: () => (existsSync(file('secret')) ? readFileSync(file('secret'), 'utf8') : undefined),
    keep() {
      const copy = join(path, `kept-${kept++}`);
      execFileSync('cp', ['-a', world, copy]);
      return () => {
        rmSync(world, { recursive: true, force: true });
        execFileSync('cp', ['-a', copy, world]);
      };
    },
  };
}

/** A rotation as it stands in the database. */
interface Row {
  readonly state: string;
  readonly from_version: number;
  readonly to_version: number;
  readonly grace_ms: number;
}

/** What the database says of the key `deploy`. */
export interface InDatabase {
  readonly version: number;
  readonly revoked: boolean;
  /** Superseded ones, oldest first. */
  readonly older: readonly {
    readonly version: number;
    readonly cut_off: number | null;
    readonly ended_at: number | null;
  }[];
  /** Oldest first. */
  readonly rotations: readonly Row[];
  /** The state of the newest one. */
  readonly state: string | undefined;
  /** How many secrets are sealed, of any key. */
  readonly sealed: number;
  /** Of the log, oldest first. */
  readonly actions: readonly string[];
}

export function inDatabase(shell: Shell): InDatabase {
  const db = new Database(shell.database);
  try {
    const key = db.prepare("SELECT kid, version, revoked_at FROM keys WHERE name = 'deploy'").get() as {
      kid: string;
      version: number;
      revoked_at: number | null;
    };
    const all = <T>(sql: string, ...given: string[]): T[] => db.prepare(sql).all(...given) as T[];
    const rotations = all<Row>('SELECT * FROM rotations WHERE kid = ? ORDER BY seq', key.kid);
    return {
      version: key.version,
      revoked: key.revoked_at !== null,
      older: all('SELECT * FROM key_versions WHERE kid = ? ORDER BY version', key.kid),
      rotations,
      state: rotations.at(-1)?.state,
      sealed: all("SELECT 1 FROM sealed WHERE field = 'secret'").length,
      actions: all<{ action: string }>('SELECT action FROM audit ORDER BY seq').map(({ action }) => action),
    };
  } finally {
    db.close();
  }
}

const OPEN = ['issued', 'delivered', 'checked'];

/** As which version each of these secrets verifies, undefined for one that doesn't; nothing when none can be tried. */
export async function verified(
  shell: Shell,
  secrets: readonly string[],
): Promise<readonly (number | undefined)[]> {
  const { stdout } = await attempt(shell, ['keys', 'verify', '--json'], secrets.join('\n'));
  if (stdout === '') return [];
  const lines = stdout.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).map(({ valid, version }) => (valid ? version : undefined));
}

/**
 * What is wrong with a delivered rotation of `deploy` from version 1 as it stands, wherever it ended: empty when
 * nothing is.
 */
export async function unsoundRotation({ shell, old, placed }: RotationStore): Promise<readonly string[]> {
  const wrong: string[] = [];
  const expect = (fine: boolean, what: string): void => void (fine || wrong.push(what));

  const { code, stderr } = await attempt(shell, ['audit', 'verify']);
  expect(code === 0, `audit verify: ${code} ${stderr}`);
  for (const { code, message } of await unmended(shell)) expect(false, `doctor: ${code}: ${message}`);

  const { version, older, rotations, state, sealed } = inDatabase(shell);
  const secret = placed();
  const [first, second] = await verified(shell, secret === undefined ? [old] : [old, secret]);
  const at = `state ${state}`;
  const open = OPEN.includes(state ?? '');
  const current = state === undefined || state === 'rolled-back' ? 1 : rotations.at(-1)?.to_version;
  expect(version === current, `${at}: the current version is ${version}`);
  expect(!older.some((one) => one.version === version), `${at}: version ${version} is there twice`);
  expect(rotations.filter((one) => OPEN.includes(one.state)).length === (open ? 1 : 0), `${at}: others open`);
  expect(sealed === (open ? 1 : 0), `${at}: ${sealed} secrets are sealed`);

  const ended = state === 'finished' && rotations.at(-1)?.grace_ms === 0;
  expect((first !== undefined) !== ended, `${at}: the old secret verifies: ${first !== undefined}`);
  const cut = older.find((one) => one.version === rotations.at(-1)?.from_version);
  if (open) expect(cut?.cut_off === null && cut.ended_at === null, `${at}: the old version has an end`);
  if (state === 'finished') expect(cut?.cut_off !== null, `${at}: the old version has no end`);
  const arrived = state === 'delivered' || state === 'checked' || state === 'finished';
  if (arrived) expect(secret !== undefined, `${at}: nothing was delivered`);
  if (state === undefined) expect(secret === undefined, `${at}: something was delivered`);
  const lives = open || state === 'finished';
  if (secret !== undefined)
    expect(second === (lives ? version : undefined), `${at}: what was delivered verifies as ${second}`);
  return wrong;
}

/** What `doctor` finds and can't mend. */
async function unmended(shell: Shell): Promise<ReturnType<typeof findingsOf>> {
  const findings = findingsOf(await attempt(shell, ['doctor', '--json']));
  if (findings.length === 0) return [];
  await attempt(shell, ['doctor', '--fix']);
  return findingsOf(await attempt(shell, ['doctor', '--json']));
}
