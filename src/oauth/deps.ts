import type { Clock } from '../domain/ports/system.ts';
import type { send } from './transport/send.ts';

/** What the OAuth client needs of the machine. */
export interface OAuthDeps {
  readonly now: Clock;
  /** Resolves after so many ms; rejects with the signal's reason when it is raised. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly send: typeof send;
}
