import { lstatSync } from 'node:fs';
import { Failure, PROGRAM } from '../errors.ts';

/** Is there anything under this name, a link that leads nowhere included? */
export function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
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
