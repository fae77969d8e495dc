import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../../errors.ts';
import { modeOf } from './paths.ts';

/** Why a store can be read but not written, and what to do about it. */
interface Obstacle {
  readonly message: string;
  readonly hint: string;
}

/** Looks at the file, and at the folder, in which SQLite keeps its journal. Undefined when neither stands in the way. */
export function obstacleTo(path: string): Obstacle | undefined {
  for (const place of [path, dirname(path)]) {
    const reason = refusalOf(place);
    if (reason === 'EROFS') {
      const hint = 'mount it writable, or copy its folder to one that is and set KEYWRIGHT_HOME to the copy';
      return { message: `the file system of ${path} is read-only`, hint };
    }
    if (reason === undefined || reason === 'ENOENT') continue;
    const stats = statSync(place);
    const hint = `chmod ${stats.isDirectory() ? 700 : 600} ${place}`;
    return { message: `${place} cannot be written by its owner (mode ${modeOf(stats)})`, hint };
  }
  return undefined;
}

/** The failure of a write that `cause` tells of. */
export function notWritable(path: string, cause: unknown): Failure {
  const { message, hint } = obstacleTo(path) ?? {
    message: path,
    hint: 'look at its permissions and its disk, then try again',
  };
  return new Failure('store_readonly', `the store cannot be written: ${message}`, { hint, cause });
}

function refusalOf(place: string): unknown {
  try {
    accessSync(place, constants.W_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : undefined;
  }
}
