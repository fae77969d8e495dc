import { rmSync } from 'node:fs';
import type { Random } from '../../domain/ports/system.ts';
import { makePrivateFile } from './files.ts';
import { filesOf, statOf } from './paths.ts';

/** Enough for the journal pages of a revoke with its audit entry. Random bytes, so that no file system compresses them away. */
export const RESERVE_BYTES = 65_536;

/** Puts the reserve (back) in place. False when there is no room, or one that can't be replaced is there. */
export function keepReserve(path: string, random: Random): boolean {
  const { reserve } = filesOf(path);
  try {
    const present = statOf(reserve);
    if (present?.size === RESERVE_BYTES) return true;
    if (present !== undefined) rmSync(reserve);
    makePrivateFile(reserve, random(RESERVE_BYTES));
    return true;
  } catch {
    // The store works without; doctor says that it is missing.
    return false;
  }
}

/** Gives the reserve's room back to the disk. False when there was none. */
export function spendReserve(path: string): boolean {
  const { reserve } = filesOf(path);
  try {
    if (statOf(reserve) === undefined) return false;
    rmSync(reserve);
    return true;
  } catch {
    return false;
  }
}
