import { setTimeout as wait } from 'node:timers/promises';
import type { Authorization } from '../domain/ports/authorization.ts';
import type { Clock } from '../domain/ports/system.ts';
import type { OAuthDeps } from './deps.ts';
import { findProvider, requireProvider } from './providers/find.ts';
import { type Limits, send } from './transport/send.ts';

/** What a caller may say of the machine; what it leaves out is the real one. */
export interface OAuthOptions {
  readonly now: Clock;
  readonly sleep?: OAuthDeps['sleep'];
  readonly limits?: Limits;
}

/** The port's real side. Each step is loaded when it is taken: a fresh token needs none of them. */
export function openAuthorization({ now, sleep = forMs, limits }: OAuthOptions): Authorization {
  const until = (signal?: AbortSignal | undefined): OAuthDeps => ({
    ...{ now, sleep, send: (request) => send(request, limits, signal) },
  });
  const deps = until();
  return {
    findProvider,
    requireProvider,
    discover: async (issuer) => (await import('./discover.ts')).discover(deps, issuer),
    discoverResource: async (resource) =>
      (await import('./discover-resource.ts')).discoverResource(deps, resource),
    register: async (discovery, request) =>
      (await import('./register.ts')).register(deps, discovery, request),
    begin: async (client, request) => (await import('./begin.ts')).begin(deps, client, request),
    startDevice: async (client, scopes, { signal } = {}) =>
      (await import('./device.ts')).startDevice(deps, client, scopes, until(signal).send),
    clientCredentials: async (client, scopes) =>
      (await import('./client-credentials.ts')).clientCredentials(deps, client, scopes),
    refresh: async (client, held) => (await import('./refresh.ts')).refresh(deps, client, held),
    revoke: async (client, held) => (await import('./revoke.ts')).revoke(deps, client, held),
    identify: async (client, tokens, asked, { signal } = {}) =>
      (await import('./identify.ts')).identify(until(signal), client, tokens, asked),
  };
}

async function forMs(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw signal?.reason ?? error;
  }
}
