import { Failure } from '../../errors.ts';
import type { Transaction } from '../ports/store.ts';

/** A request ends after 30 s, and its answer may wait as long for a busy store; what is older was left by who died. */
const LONGEST_REFRESH = 2 * 60_000;

/**
 * Throws `busy`, naming the command to run again, while a refresh is out: its answer would be stored with the keys of a
 * slot that is another by then, and so couldn't be. Its grant would be lost. `now`: ms.
 */
export async function refuseRefreshing(tx: Transaction, now: number, again: string): Promise<void> {
  const intents = await tx.grants.intents();
  if (!intents.some(({ uncertain, sentAt }) => !uncertain && Math.abs(now - sentAt) < LONGEST_REFRESH))
    return;
  throw new Failure('busy', 'a token of an app is being refreshed right now; nothing was done', {
    hint: again,
  });
}
