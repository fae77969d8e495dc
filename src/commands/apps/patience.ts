import type { Context } from '../../context.ts';
import type { Client } from '../../domain/ports/authorization.ts';

/** A server answers sooner, as a rule; ms. */
const PATIENCE = 500;

/**
 * Runs to its end what a signal must not cut off: a request that may bring tokens, which nobody would know of then, or
 * the giving back of some. Who sent the signal is told what is being waited for, if it takes a while. A failure is the
 * signal's reason then; whether a success still counts, the caller decides.
 */
export async function patiently<T>(
  context: Context,
  { server }: Pick<Client, 'server'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const { host } = new URL(server.tokenEndpoint);
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    timer = setTimeout(() => {
      void context.out.warn(`waiting for the answer of ${host}; nothing of it is stored`);
    }, PATIENCE);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
