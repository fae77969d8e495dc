import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Shell } from '../support/run-program.ts';
import { attempt, type KnownKey, unsound } from './soundness.ts';
import { type Call, callsOf, killedAt } from './strace.ts';

/** How many calls of a command are killed at, about; all of them with KEYWRIGHT_EVERY_CALL=1, which takes minutes. */
const POINTS = process.env.KEYWRIGHT_EVERY_CALL === '1' ? Number.POSITIVE_INFINITY : 8;

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
export async function sweep({ argv, says, billing }: Swept): Promise<void> {
  const { shell, keys, reset } = await preparedStore();
  const line = argv.map((word) => word.replace('HOME', shell.home));
  const whole = await callsOf(shell, line);
  expect(whole.code, whole.stderr).toBe(0);
  expect(whole.stdout + whole.stderr).toMatch(says);
  const logs = new Set<string>();
  const reported = new Set<boolean>();
  for (const point of sampled(whole.calls)) {
    reset();
    const ran = await killedAt(shell, line, point);
    const at = `${line.join(' ')}, killed at ${point.name} ${point.nth}${point.rest}`;
    expect([ran.code, ran.signal], at).toEqual([null, 'SIGKILL']);
    const done = says.test(ran.stdout + ran.stderr);
    const may = done ? billing.slice(1) : billing;
    const known = keys.map((key) => (key.name === 'billing' ? { ...key, may } : key));
    logs.add((await attempt(shell, ['audit', 'list', '-q'])).stdout);
    reported.add(done);
    expect(await unsound(shell, known, ran.stdout), at).toEqual([]);
  }
  expect(logs.size).toBeGreaterThan(1);
  expect(reported).toEqual(new Set([false, true]));
}

/** A store with two keys, one of them revoked, that can be put back as it was. */
export async function preparedStore(): Promise<{ shell: Shell; keys: KnownKey[]; reset: () => void }> {
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

/** Evenly over the calls, and of each name the first and the last. */
export function sampled(calls: readonly Call[]): readonly Call[] {
  if (calls.length <= POINTS) return calls;
  const step = calls.length / POINTS;
  const even = Array.from({ length: POINTS }, (_, i) => Math.floor((i + 0.5) * step));
  const edges = [...new Set(calls.map(({ name }) => name))].flatMap((name) => [
    calls.findIndex((call) => call.name === name),
    calls.findLastIndex((call) => call.name === name),
  ]);
  // What follows a flush and what is said are where the state changes, and what is known of it.
  const turns = calls.flatMap((call, i) =>
    call.name === 'write' || calls[i - 1]?.name === 'fsync' ? [i] : [],
  );
  const chosen = [...new Set([...even, ...edges, ...turns])].sort((a, b) => a - b);
  return chosen.map((i) => calls[i] as Call);
}
