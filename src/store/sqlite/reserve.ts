import { rmSync } from 'node:fs';
import type { Random } from '../../domain/ports/system.ts';
import { Failure } from '../../errors.ts';
import { makePrivateFile } from './files.ts';
import { filesOf, statOf } from './paths.ts';

/**
 * A revoke with its audit entry takes 33 KiB of journal and 32 KiB of the journal's index, which are free again
 * afterwards, and now and then a page for good: so this is enough for some hundred, one after the other. Random bytes,
 * so that no file system compresses them away.
 */
export const RESERVE_BYTES = 131_072;

/** A page of the database, and a block of most file systems. */
const STEP = 4096;

/**
 * Puts the reserve (back) in place, on a full disk as much of it as fits, so that nothing else takes the room first.
 * False when it isn't whole, or one that can't be replaced is there.
 */
export function keepReserve(path: string, random: Random): boolean {
  const { reserve } = filesOf(path);
  try {
    const present = statOf(reserve);
    if (present?.size === RESERVE_BYTES) return true;
    if (present !== undefined) rmSync(reserve);
  } catch {
    return false;
  }
  for (let size = RESERVE_BYTES; size > 0; size -= STEP) {
    try {
      makePrivateFile(reserve, random(size));
      return size === RESERVE_BYTES;
    } catch {
      // The store works without; doctor says that it is missing.
    }
  }
  return false;
}

/** Gives the reserve's room back to the disk. False when there was none. */
function spendReserve(path: string): boolean {
  const { reserve } = filesOf(path);
  try {
    if (statOf(reserve) === undefined) return false;
    rmSync(reserve);
    return true;
  } catch {
    return false;
  }
}

/** Others that stop keys at the same time use the reserve, too, and put it back: that is waited for this often. */
const TRIES = 10;
const PAUSE_MS = 100;

/**
 * Runs a write that may use the reserve: on a full disk once more, in the room that it gives back. `emptyJournal` runs
 * before that, and again before the reserve is put back, for the journal may need a page more of the database.
 */
export async function withReserve<T>(
  { path, random }: { readonly path: string; readonly random: Random },
  attempt: () => Promise<T>,
  emptyJournal: () => void,
): Promise<T> {
  const inItsRoom = async (): Promise<T> => {
    try {
      emptyJournal();
      return await attempt();
    } finally {
      emptyJournal();
      keepReserve(path, random);
    }
  };
  for (let tries = 1; ; tries++) {
    try {
      return await (tries > 1 && spendReserve(path) ? inItsRoom() : attempt());
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'store_full' || tries === TRIES) throw error;
      // The reserve is there for the second try; after that it was somebody else's, who is done soon.
      if (tries > 1) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
