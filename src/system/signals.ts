import { Failure } from '../errors.ts';

type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The part of the process that tells of signals. */
export interface Signalled {
  on(signal: Signal, listener: () => void): void;
  off(signal: Signal, listener: () => void): void;
}

const ENDING: readonly Signal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs work that a signal to this program ends in good order instead of killing it: the work's own signal is raised
 * with `cancelled` as its reason.
 */
export async function interruptible<T>(
  { on, off }: Signalled,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const stop = (): void => abort.abort(new Failure('cancelled', 'cancelled'));
  for (const signal of ENDING) on(signal, stop);
  try {
    return await work(abort.signal);
  } finally {
    for (const signal of ENDING) off(signal, stop);
  }
}
