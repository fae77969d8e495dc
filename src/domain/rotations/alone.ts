import { Failure, PROGRAM } from '../../errors.ts';
import type { ApiKey } from '../keys/key.ts';
import { publicKey } from '../keys/token.ts';
import type { Store } from '../ports/store.ts';

/**
 * Runs `work` while no other process delivers or rolls back a version of this key. Somebody else at it is
 * `wrong_state`, at once, naming the process; `then` is what to do when that one has ended.
 */
export async function aloneWith<T>(
  store: Store,
  key: ApiKey,
  work: () => Promise<T>,
  then = `rotations resume ${publicKey(key)} --deliver …`,
): Promise<T> {
  let entered = false;
  try {
    return await store.exclusively(
      `rotation-${key.kid}`,
      () => {
        entered = true;
        return work();
      },
      { waitMs: 0 },
    );
  } catch (error) {
    if (entered || !(error instanceof Failure) || error.code !== 'busy') throw error;
    throw new Failure('wrong_state', `${key.name} is being rotated by another process: ${error.message}`, {
      hint: `wait for it, or end it and then ${PROGRAM} ${then}`,
      cause: error,
    });
  }
}
