import { Failure } from '../../errors.ts';
import { badRows } from './bad-rows.ts';
import { type Candidate, type RowRules, rowChecker } from './candidate.ts';
import type { BadRow, Row } from './row.ts';

/** Most keys of one import: all of it is held in memory and goes into one transaction. */
export const MOST_ROWS = 250_000;

/**
 * Checks all rows by themselves and against each other. Throws `usage`, naming the first ten bad rows, when one
 * is wrong, and for no row or too many. `onRead` hears how many rows there are so far.
 */
export async function collectRows(
  batches: AsyncIterable<readonly (Row | BadRow)[]>,
  rules: RowRules,
  onRead: (count: number) => void,
): Promise<readonly Candidate[]> {
  const check = rowChecker(rules);
  const repeats = repeatFinder();
  const bad = badRows();
  const candidates: Candidate[] = [];
  let read = 0;
  for await (const batch of batches) {
    read += batch.length;
    if (read > MOST_ROWS)
      throw new Failure('usage', `more than ${MOST_ROWS.toLocaleString('en')} rows at once`, {
        hint: 'split the file',
      });
    for (const row of batch) {
      const checked = 'reason' in row ? row : check(row);
      const repeated = 'reason' in checked ? checked : repeats(checked);
      if (repeated !== undefined) bad.add(repeated);
      else candidates.push(checked as Candidate);
    }
    onRead(read);
  }
  bad.refuse('usage');
  if (candidates.length === 0) throw new Failure('usage', 'there is no row to import');
  return candidates;
}

/** Finds names and tokens that came before. */
function repeatFinder(): (candidate: Candidate) => BadRow | undefined {
  const names = new Map<string, number>();
  const tokens = new Map<string, number>();
  return ({ line, name, found, aliases }) => {
    for (const { kind, key, digest } of [found, ...aliases]) {
      if (kind === 'spent') continue;
      const bytes = Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength);
      const token = `${kind} ${key} ${bytes.toString('latin1')}`;
      const before = tokens.get(token);
      if (before !== undefined) return { line, reason: `its token is that of line ${before}` };
      tokens.set(token, line);
    }
    if (name === undefined) return undefined;
    const named = names.get(name);
    if (named !== undefined) return { line, field: 'name', reason: `is that of line ${named}` };
    names.set(name, line);
    return undefined;
  };
}
