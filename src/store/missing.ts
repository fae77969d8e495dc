import { lstatSync } from 'node:fs';
import { Failure, PROGRAM } from '../errors.ts';

/** Is there anything under this name, a link that leads nowhere included? Throws `store_unreadable` where that can't be told. */
export function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new Failure('store_unreadable', `${path} cannot be looked at${reason}`, {
      hint: 'set KEYWRIGHT_HOME to a folder of your own, or run as its owner',
      cause: error,
    });
  }
}

/** Why there is no store at `path`: none yet, or one that this machine remembers is gone. */
export function noStoreAt(path: string, remembered: boolean): Failure {
  if (!remembered) {
    return new Failure('no_store', `there is no store at ${path}`, { hint: `${PROGRAM} init` });
  }
  return new Failure('store_missing', `the store that was at ${path} is gone`, {
    hint: `put it back, or give it up with ${PROGRAM} doctor --accept-rollback`,
  });
}
