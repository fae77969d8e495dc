import type { Context } from '../../context.ts';
import type { ProviderScope } from '../../domain/apps/scopes.ts';
import type { Attempt, Authorization, Client, Tokens } from '../../domain/ports/authorization.ts';
import type { CallbackAnswer, CallbackServer, Callbacks } from '../../domain/ports/callback.ts';
import { Failure } from '../../errors.ts';
import { patiently } from './patience.ts';
import type { Redirect } from './redirect.ts';
import { minutes, showCode, showUrl } from './ways.ts';

/** What somebody is asked to consent to, and how. */
export interface Asking {
  readonly authorization: Authorization;
  readonly client: Client;
  readonly scopes: readonly ProviderScope[];
  readonly redirect: Redirect;
  /** Open a browser, where there is one? */
  readonly browser: boolean;
  /** By a device code from the start? */
  readonly device: boolean;
  /** How long the person has, ms. */
  readonly timeoutMs: number;
}

/** What the person consented to. */
export interface Consented {
  readonly tokens: Tokens;
  /** Where the consent came back to; null without a redirect. */
  readonly redirectUri: string | null;
}

/**
 * Waits for somebody to consent: in a browser that comes back, by pasting where it ended up, or by a device code.
 * However this ends, no port is open any more and the terminal is as it was. Throws `consent_denied`,
 * `consent_timeout`, `cancelled`, `callback_unavailable` and what the provider's answer is refused with. A signal that is
 * raised ends it with its reason; but a request that may bring tokens is awaited, and what it brings is returned.
 */
export async function askForConsent(
  context: Context,
  asking: Asking,
  signal: AbortSignal,
): Promise<Consented> {
  if (asking.device) return byDevice(context, asking, signal);
  const answered = await byBrowser(context, asking, signal).catch((error: unknown) => {
    throw withDevice(error, asking.client);
  });
  return answered === 'device' ? byDevice(context, asking, signal) : answered;
}

/** Without a port, or a browser that comes back to it, a device code is the other way, where the server has it. */
function withDevice(error: unknown, { server }: Client): unknown {
  if (!(error instanceof Failure) || error.hint !== undefined || server.deviceEndpoint === null) return error;
  if (error.code !== 'consent_timeout' && error.code !== 'callback_unavailable') return error;
  const way = { hint: 'with a device code:', retry: { append: '--device' } };
  return new Failure(error.code, error.message, { ...way, cause: error });
}

async function byBrowser(
  context: Context,
  asking: Asking,
  signal: AbortSignal,
): Promise<Consented | 'device'> {
  const { authorization, client, scopes, redirect, timeoutMs } = asking;
  if (redirect.pasted !== undefined && !context.ask.interactive)
    throw new Failure(
      'usage',
      'this provider takes no loopback address: its redirect URL is pasted, and there is nobody to do it',
      {
        hint: 'run it at a terminal',
      },
    );
  const callbacks = await context.callbacks();
  const server =
    redirect.pasted === undefined
      ? await callbacks.listen({ port: redirect.port ?? undefined, timeoutMs })
      : undefined;
  const redirectUri = server?.redirectUri ?? redirect.pasted ?? '';
  try {
    const attempt = await authorization.begin(client, { redirectUri, scopes });
    await showUrl(context, asking, attempt, redirectUri);
    const wait: Wait = { asking, callbacks, server, attempt, redirectUri, signal };
    const answer = await firstAnswer(context, wait);
    await server?.close();
    if (answer === 'device') return answer;
    if (answer.kind !== 'code') throw await attempt.failureOf(answer);
    signal.throwIfAborted();
    const tokens = await patiently(context, client, signal, () => attempt.exchange(answer));
    return { tokens, redirectUri };
  } finally {
    await server?.close();
  }
}

interface Wait {
  readonly asking: Asking;
  readonly callbacks: Callbacks;
  readonly server: CallbackServer | undefined;
  readonly attempt: Attempt;
  readonly redirectUri: string;
  readonly signal: AbortSignal;
}

/** Whatever comes first: the browser, what is typed, the end of the time, or a signal. */
async function firstAnswer(context: Context, wait: Wait): Promise<CallbackAnswer | 'device'> {
  const { asking, server, attempt, signal } = wait;
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const came =
    server === undefined
      ? timeOver(asking.timeoutMs, until)
      : server.wait(attempt.state.reveal(), { signal: until });
  const typed = context.ask.interactive ? readTyped(context, wait, until) : undefined;
  const all = [came, ...(typed === undefined ? [] : [typed])];
  try {
    return await Promise.race(all);
  } finally {
    over.abort(new Failure('cancelled', 'cancelled'));
    // The question is off the screen, and the terminal itself again, before anything else is printed.
    await Promise.allSettled(all);
  }
}

/** Never answers; throws when the time is over. */
function timeOver(ms: number, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => {
      reject(new Failure('consent_timeout', `nobody consented within ${minutes(ms)}`));
    }, ms);
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Failure);
    };
    // Whose signal was raised before is told of it no more.
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
}

/** Reads until there is a redirect that answers this request, or the wish for a device code. */
async function readTyped(
  context: Context,
  { asking, callbacks, attempt, redirectUri }: Wait,
  signal: AbortSignal,
): Promise<CallbackAnswer | 'device'> {
  const device = asking.client.server.deviceEndpoint !== null;
  const question = `paste the redirect URL here${device ? ', or d for a device code' : ''} (${minutes(asking.timeoutMs)})`;
  for (;;) {
    const text = (await context.ask.hidden(question, { signal })).reveal();
    if (text === '') continue;
    if (device && /^d$/i.test(text)) return 'device';
    const answer = callbacks.parseRedirect(text, { redirectUri, state: attempt.state.reveal() });
    if (answer.kind !== 'refused') return answer;
    await context.out.warn(`that was not taken: ${answer.reason}`);
  }
}

async function byDevice(
  context: Context,
  { authorization, client, scopes, timeoutMs }: Asking,
  signal: AbortSignal,
): Promise<Consented> {
  const device = await authorization.startDevice(client, scopes, { signal });
  await showCode(context, device);
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new Failure('consent_timeout', `nobody consented within ${minutes(timeoutMs)}`));
  }, timeoutMs);
  try {
    const until = AbortSignal.any([signal, late.signal]);
    const tokens = await patiently(context, client, signal, () => device.poll({ signal: until }));
    return { tokens, redirectUri: null };
  } finally {
    clearTimeout(timer);
  }
}
