import type { Clock } from '../domain/ports/system.ts';
import type { Incoming, Outgoing } from './transport/send.ts';

/** What the OAuth client needs of the machine. */
export interface OAuthDeps {
  readonly now: Clock;
  /** Resolves after so many ms; rejects with the signal's reason when it is raised. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** `send` of `transport/send.ts`. */
  readonly send: (request: Outgoing) => Promise<Incoming>;
}
