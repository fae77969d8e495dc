import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { attempt, unsound } from './soundness.ts';
import { type Call, callsOf, killedAt, straceMissing } from './strace.ts';
import { type PreparedStore, preparedStore, sampled } from './sweep.ts';

const why = straceMissing(process.env);
const ROWS = 600; // more than one batch
const tokenOf = (row: number): string => `token-from-elsewhere-${row}`;

describe.skipIf(why !== undefined)(
  `an import killed at a system call (case 45)${why ? ` (skipped: ${why})` : ''}`,
  () => {
    test('is there whole or not at all, and can be run again', async () => {
      const stores = [await preparedStore(), await preparedStore()];
      for (const { shell } of stores) writeFileSync(join(shell.path, 'rows.csv'), csv(), { mode: 0o600 });
      const whole = await callsOf((stores[0] as PreparedStore).shell, importOf(stores[0] as PreparedStore));
      expect(whole.code, whole.stderr).toBe(0);
      const points = sampled(whole.calls);
      const found = await Promise.all(
        stores.map(async (store, lane) => {
          const counts: number[] = [];
          for (const point of points.filter((_, i) => i % 2 === lane)) counts.push(await kill(store, point));
          return counts;
        }),
      );
      expect(new Set(found.flat())).toEqual(new Set([0, ROWS]));
    });
  },
);

const csv = (): string =>
  `token,name,scopes\n${Array.from({ length: ROWS }, (_, row) => `${tokenOf(row)},row-${row},orders:read\n`).join('')}`;
const importOf = ({ shell }: PreparedStore): string[] => ['keys', 'import', join(shell.path, 'rows.csv')];

/** How many of the rows were keys after the kill. */
async function kill(store: PreparedStore, point: Call): Promise<number> {
  const { shell, keys, reset } = store;
  reset();
  const ran = await killedAt(shell, importOf(store), point);
  const at = `killed at ${point.name} ${point.nth}${point.rest.slice(0, 200)}`;
  expect([ran.code, ran.signal], at).toEqual([null, 'SIGKILL']);
  const { stdout } = await attempt(shell, ['keys', 'list', 'row-', '-q']);
  const count = stdout.split('\n').filter(Boolean).length;
  if (ran.stdout !== '') expect(count, at).toBe(ROWS);
  const verified = await attempt(shell, ['keys', 'verify'], `${tokenOf(0)}\n${tokenOf(ROWS - 1)}`);
  expect(verified.code, at).toBe(count === 0 ? 4 : 0);
  const again = await attempt(shell, importOf(store));
  expect(again.code, `${at}: ${again.stderr}`).toBe(count === 0 ? 0 : 5);
  // The tokens of imported keys are known to whoever imported them.
  expect((await unsound(shell, keys)).filter((wrong) => !wrong.endsWith('known to nobody'))).toEqual([]);
  return count;
}
