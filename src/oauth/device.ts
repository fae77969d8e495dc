import { joinScopes, type ProviderScope } from '../domain/apps/scopes.ts';
import type { Client, DeviceAttempt, Tokens } from '../domain/ports/authorization.ts';
import { Failure } from '../errors.ts';
import type { OAuthDeps } from './deps.ts';
import { deviceShape, type Started } from './device-answer.ts';
import { habitsOf } from './habits.ts';
import { configure, failureFrom, type Library, library, serverError } from './library.ts';
import { tokenStep } from './token-step.ts';
import { hostOf } from './transport/trouble.ts';
import { openWire } from './transport/wire.ts';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628 section 3.5, in seconds. */
const SLOWER_BY = 5;

/** See `Authorization.startDevice`. The start alone is sent by `send`, which a signal may end: nothing comes of it yet. */
export async function startDevice(
  deps: OAuthDeps,
  client: Client,
  scopes: readonly ProviderScope[],
  send: OAuthDeps['send'] = deps.send,
): Promise<DeviceAttempt> {
  const { deviceEndpoint, tokenEndpoint } = client.server;
  if (deviceEndpoint === null) {
    throw new Failure('wrong_state', `${hostOf(tokenEndpoint)} has no device flow`, {
      hint: 'authorize with a browser, here or on another machine, and paste its last address',
    });
  }
  const lib = await library();
  const { scopes: rules } = habitsOf(client.provider);
  let started: Started | undefined;
  const wire = openWire(
    send,
    deviceShape(deviceEndpoint, (read) => (started = read)),
  );
  const sentAt = deps.now();
  try {
    const asked = rules.parameter === null || scopes.length === 0 ? '' : joinScopes(scopes, rules.asked);
    await lib.initiateDeviceAuthorization(configure(lib, client, wire), {
      ...(rules.parameter === null || asked === '' ? {} : { [rules.parameter]: asked }),
      ...(client.resource === null ? {} : { resource: client.resource }),
    });
  } catch (error) {
    throw failureFrom(error, wire, deviceEndpoint);
  }
  const { deviceCode, userCode, verificationUri, verificationUriComplete, ...times } = started as Started;
  const expiresAt = sentAt + times.expiresIn * 1000;
  return {
    userCode,
    verificationUri,
    verificationUriComplete,
    expiresAt,
    poll: ({ signal } = {}) =>
      poll(deps, client, { deviceCode, interval: times.interval, expiresAt, signal }),
  };
}

interface Polling {
  readonly deviceCode: string;
  readonly interval: number;
  readonly expiresAt: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * One request after the other, never sooner than the server wants it. A connection that fails is tried again, less
 * often each time (RFC 8628 section 3.5): the person may be consenting just then. Ends when the code does.
 */
async function poll(
  deps: OAuthDeps,
  client: Client,
  { deviceCode, interval, expiresAt, signal }: Polling,
): Promise<Tokens> {
  let seconds = interval;
  for (;;) {
    const left = expiresAt - deps.now();
    await deps.sleep(Math.max(0, Math.min(seconds * 1000, left)), signal);
    if (deps.now() >= expiresAt)
      throw new Failure('consent_timeout', 'nobody consented before the code expired');
    const next = await pollOnce(deps, client, deviceCode);
    if ('tokens' in next) return next.tokens;
    if (next.kind === 'slower') seconds += SLOWER_BY;
    if (next.kind === 'unreachable') seconds *= 2;
  }
}

type Poll = { readonly tokens: Tokens } | { readonly kind: 'pending' | 'slower' | 'unreachable' };

async function pollOnce(deps: OAuthDeps, client: Client, deviceCode: string): Promise<Poll> {
  const { lib, config, trace, run } = await tokenStep(deps, client, { purpose: 'device' });
  let said: string | undefined;
  try {
    return { tokens: await run(() => oncePolled(lib, config, deviceCode, (error) => (said = error))) };
  } catch (failure) {
    if (said === 'authorization_pending') return { kind: 'pending' };
    if (said === 'slow_down') return { kind: 'slower' };
    if (said === 'access_denied') {
      throw new Failure('consent_denied', `consent was denied at ${hostOf(client.server.tokenEndpoint)}`);
    }
    if (said === 'expired_token') {
      throw new Failure('consent_timeout', 'nobody consented before the code expired');
    }
    if (trace.status === undefined && trace.failure?.code === 'provider_unreachable')
      return { kind: 'unreachable' };
    throw failure;
  }
}

/** The library's own loop can't be stopped at once, nor told the time: this is one round of it. */
async function oncePolled(
  lib: Library,
  config: Parameters<Library['genericGrantRequest']>[0],
  deviceCode: string,
  keep: (error: string) => void,
): ReturnType<Library['genericGrantRequest']> {
  try {
    return await lib.genericGrantRequest(config, GRANT_TYPE, { device_code: deviceCode });
  } catch (error) {
    const said = serverError(error);
    if (said !== undefined) keep(said.error);
    throw error;
  }
}
