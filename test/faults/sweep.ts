import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { PROGRAM_FILE, Shell } from '../support/run-program.ts';
import { attempt, type KnownKey, unsound } from './soundness.ts';
import { type Call, callsOf, killedAt } from './strace.ts';

/** How many calls of a command are killed at, about; all of them with KEYWRIGHT_EVERY_CALL=1, which takes minutes. */
const POINTS = process.env.KEYWRIGHT_EVERY_CALL === '1' ? Number.POSITIVE_INFINITY : 4;

export interface Swept {
  readonly argv: readonly string[];
  /** What the command says when it is done. */
  readonly says: RegExp;
  /** What the status of the key `billing` is before, and what once that was said. */
  readonly billing: readonly [before: string, after: string];
}

/**
 * Kills the command at calls from its first to its last, each time on the same store, and expects a sound store
 * each time. Some of the kills must come before the commit, some after it, some after it was reported.
 */
export async function sweep(swept: Swept): Promise<void> {
  const seen = await killed(swept);
  expect(seen.filter(({ wrong }) => wrong.length > 0)).toEqual([]);
  expect(new Set(seen.map(({ entries }) => entries)).size).toBeGreaterThan(1);
  expect(new Set(seen.map(({ reported }) => reported))).toEqual(new Set([false, true]));
}

/** What each kill left behind; `program` may be one with a mistake in it. */
export async function killed(swept: Swept, program = PROGRAM_FILE): Promise<readonly Killed[]> {
  const [first, second] = [await preparedStore(), await preparedStore()];
  for (const { shell } of [first, second]) shell.program = program;
  const whole = await callsOf(first.shell, lineOf(swept, first));
  expect(whole.code, whole.stderr).toBe(0);
  expect(whole.stdout + whole.stderr).toMatch(swept.says);
  const points = sampled(whole.calls);
  const results = await Promise.all(
    [first, second].map(async (store, lane) => {
      const seen: Killed[] = [];
      for (const point of points.filter((_, i) => i % 2 === lane)) seen.push(await kill(swept, store, point));
      return seen;
    }),
  );
  return results.flat();
}

interface Killed {
  readonly at: string;
  readonly wrong: readonly string[];
  readonly reported: boolean;
  /** How long the audit log was afterwards. */
  readonly entries: number;
}

async function kill(swept: Swept, store: PreparedStore, point: Call): Promise<Killed> {
  const { shell, keys, reset } = store;
  reset();
  const ran = await killedAt(shell, lineOf(swept, store), point);
  const at = `${swept.argv.join(' ')}, killed at ${point.name} ${point.nth}${point.rest.slice(0, 200)}`;
  expect([ran.code, ran.signal], at).toEqual([null, 'SIGKILL']);
  const reported = swept.says.test(ran.stdout + ran.stderr);
  const may = reported ? swept.billing.slice(1) : swept.billing;
  const known = keys.map((key) => (key.name === 'billing' ? { ...key, may } : key));
  const entries = (await attempt(shell, ['audit', 'list', '-q'])).stdout.split('\n').length;
  return { at, wrong: await unsound(shell, known, ran.stdout), reported, entries };
}

function lineOf({ argv }: Swept, { shell }: PreparedStore): string[] {
  return argv.map((word) => word.replace('HOME', shell.home));
}

export interface PreparedStore {
  readonly shell: Shell;
  readonly keys: KnownKey[];
  /** Puts the store back as it was. */
  readonly reset: () => void;
}

/** A store with two keys, one of them revoked, that can be put back as it was. */
export async function preparedStore(): Promise<PreparedStore> {
  const shell = await new Shell().init();
  const keys: KnownKey[] = [
    { name: 'billing', secret: await shell.createKey('billing'), may: ['active'] },
    { name: 'old', secret: await shell.createKey('old'), may: ['revoked'] },
  ];
  await shell.answer(['keys', 'revoke', 'old', '--yes', '-q']);
  const kept = join(shell.path, 'kept');
  execFileSync('cp', ['-a', shell.home, kept]);
  const reset = (): void => {
    rmSync(shell.home, { recursive: true, force: true });
    execFileSync('cp', ['-a', kept, shell.home]);
  };
  return { shell, keys, reset };
}

/** Evenly over the calls, and where the state changes. */
export function sampled(calls: readonly Call[]): readonly Call[] {
  if (calls.length <= POINTS) return calls;
  const step = calls.length / POINTS;
  const even = Array.from({ length: POINTS }, (_, i) => Math.floor((i + 0.5) * step));
  const rare = [...new Set(calls.map(({ name }) => name))].filter((name) => name !== 'pwrite64');
  const edges = rare.map((name) => calls.findLastIndex((call) => call.name === name));
  // After a flush and when something is said.
  const turns = calls.flatMap((call, i) =>
    call.name === 'write' || calls[i - 1]?.name === 'fsync' ? [i] : [],
  );
  const chosen = [...new Set([...even, ...edges, ...turns])].sort((a, b) => a - b);
  return chosen.map((i) => calls[i] as Call);
}
