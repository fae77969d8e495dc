import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { CallbackServer } from '../../domain/ports/callback.ts';
import { Failure } from '../../errors.ts';
import type { Answer } from './answer.ts';
import { bind } from './bind.ts';
import { headersOf, PAGES } from './pages.ts';
import { judgeRequest, LONGEST_HEADER } from './request.ts';

const PATH = '/callback';
/** `setTimeout` fires at once when it is asked for more. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** How long the last page may take to leave, in ms. It fits into the socket's buffer, so only a dead peer needs it. */
const LAST_PAGE = 500;
/** 22 characters of base64url are 128 bits (RFC 6749 section 10.10). */
const SHORTEST_STATE = 22;

const SETTINGS = {
  maxHeaderSize: LONGEST_HEADER,
  // In ms. A browser opens sockets ahead and leaves them idle; whoever sends half a request is dropped. Bodies need
  // no limit: none is waited for.
  headersTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  // A missing one gets our own answer, not Node's.
  requireHostHeader: false,
};

export interface ListenOptions {
  /** This one or none; without it the system chooses. */
  readonly port?: number | undefined;
  /** How long all of it may take, in ms. */
  readonly timeoutMs: number;
}

/** Opens the short-lived server that a browser comes back to (RFC 8252). Throws `callback_unavailable`. */
export async function listen({ port = 0, timeoutMs }: ListenOptions): Promise<CallbackServer> {
  const server = createServer(SETTINGS);
  // Normalised as the browser will do, so that `Host` and redirect URI agree on port 80, too.
  const redirectUri = new URL(PATH, await bind(server, port)).href;
  const { promise: ended, resolve } = Promise.withResolvers<Answer | Failure>();
  let state: string | undefined;
  let isOver = false;

  const end = (outcome: Answer | Failure): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    server.close(() => resolve(outcome));
  };
  const fail = (failure: Failure): void => {
    end(failure);
    server.closeAllConnections();
  };
  const timer = setTimeout(() => fail(timedOut(timeoutMs)), Math.min(timeoutMs, LONGEST_TIMER));

  server.on('error', () => {}); // Accepting failed, as when too many files are open: that connection is lost, not the flow.
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    const answer = respond(request, response, { redirectUri, state: isOver ? undefined : state });
    if (answer === undefined) return;
    end(answer);
    const late = setTimeout(() => server.closeAllConnections(), LAST_PAGE);
    response.once('close', () => {
      clearTimeout(late);
      server.closeAllConnections();
    });
  };
  // Whoever expects something (`Expect: …`) is answered as everybody else, not by Node.
  for (const event of ['request', 'checkContinue', 'checkExpectation']) server.on(event, onRequest);

  return {
    redirectUri,
    wait: async (expected, { signal } = {}) => {
      if (expected.length < SHORTEST_STATE) throw new Error('a state has at least 128 bits');
      if (state !== undefined) throw new Error('a callback server serves one authorization');
      state = expected;
      const onAbort = (): void => fail(causeOf(signal));
      if (signal?.aborted) onAbort();
      signal?.addEventListener('abort', onAbort, { once: true });
      const outcome = await ended;
      signal?.removeEventListener('abort', onAbort);
      if (outcome instanceof Failure) throw outcome;
      return outcome;
    },
    close: async () => {
      fail(new Failure('cancelled', 'cancelled'));
      await ended;
    },
  };
}

/** Answers one request, and says what it brought, if anything. Nothing of it is kept or printed elsewhere. */
function respond(
  request: IncomingMessage,
  response: ServerResponse,
  expected: { redirectUri: string; state: string | undefined },
): Answer | undefined {
  const hosts = request.headersDistinct.host ?? [];
  const verdict = judgeRequest({ method: request.method, target: request.url, hosts }, expected);
  const html = PAGES[verdict.page];
  response.writeHead(verdict.status, {
    ...headersOf(html),
    ...(verdict.status === 405 ? { allow: 'GET' } : {}),
  });
  response.end(html);
  return verdict.answer;
}

function timedOut(timeoutMs: number): Failure {
  const within = timeoutMs < 60_000 ? `${timeoutMs / 1000} s` : `${Math.round(timeoutMs / 60_000)} min`;
  return new Failure('consent_timeout', `nobody consented within ${within}`);
}

function causeOf(signal: AbortSignal | undefined): Failure {
  const reason: unknown = signal?.reason;
  return reason instanceof Failure ? reason : new Failure('cancelled', 'cancelled', { cause: reason });
}
