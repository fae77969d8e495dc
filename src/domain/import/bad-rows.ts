import { type ErrorCode, Failure } from '../../errors.ts';
import type { BadRow } from './row.ts';

/** Rows that are named in a message; the others are counted. */
const MOST_NAMED = 10;

/** Rows that can't be imported, each for one reason. */
export interface BadRows {
  add(row: BadRow): void;
  /** Throws when there is one, naming the first ten. */
  refuse(code: ErrorCode, hint?: string): void;
}

/** Collects bad rows, so that they are told of together. */
export function badRows(): BadRows {
  const named: string[] = [];
  const lines = new Set<number>();
  return {
    add({ line, field, reason }) {
      if (lines.has(line)) return;
      lines.add(line);
      if (lines.size <= MOST_NAMED)
        named.push(`line ${line}${field === undefined ? '' : `, ${field}`}: ${reason}`);
    },
    refuse(code, hint) {
      if (lines.size === 0) return;
      const more = lines.size > MOST_NAMED ? `; and ${lines.size - MOST_NAMED} more` : '';
      throw new Failure(code, `nothing was imported: ${named.join('; ')}${more}`, { hint });
    },
  };
}
