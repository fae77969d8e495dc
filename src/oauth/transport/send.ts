import type { ClientRequest, IncomingMessage } from 'node:http';
import { safeUrl } from '../../domain/apps/app.ts';
import { Failure } from '../../errors.ts';
import { readBody } from './body.ts';
import { redacted } from './redact.ts';
import { hostOf, unreachable } from './trouble.ts';

/** How long a request may take, in ms, and how large its answer may be, in bytes when unpacked. */
export interface Limits {
  readonly connectMs: number;
  readonly totalMs: number;
  readonly bytes: number;
}

const LIMITS: Limits = { connectMs: 10_000, totalMs: 30_000, bytes: 1 << 20 };

const LARGEST_HEADER = 16 * 1024;

export interface Outgoing {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

/** A whole answer, without what was sent (`redacted`). */
export interface Incoming {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
  readonly body: string;
}

/** A request without a whole answer. `isSent` is false when not a byte of it can have arrived. */
export class Unanswered extends Error {
  readonly isSent: boolean;
  readonly failure: Failure;

  constructor(isSent: boolean, failure: Failure) {
    super(failure.message);
    this.isSent = isSent;
    this.failure = failure;
  }
}

/**
 * Sends one request, once, and reads the whole answer. Nothing is followed, reused or retried, no proxy is asked, no
 * environment variable turns certificate checks off, and everything ends: connecting, the whole exchange, and the
 * body, packed or not. Not `fetch`: it doesn't tell whether anything was sent, which is what decides whether a
 * refresh may be sent again.
 *
 * A signal that is raised cuts it off, with its reason as the failure: for what may be lost without harm alone.
 *
 * @throws Unanswered; Failure `provider_failed` when the URL isn't one to send anything to.
 */
export async function send(
  outgoing: Outgoing,
  limits: Limits = LIMITS,
  signal?: AbortSignal | undefined,
): Promise<Incoming> {
  const url = safeUrl(outgoing.url);
  if ('reason' in url) {
    throw new Failure(
      'provider_failed',
      `nothing was sent to ${hostOf(outgoing.url)}: its URL ${url.reason}`,
    );
  }
  const { request } = await (url.protocol === 'https:' ? import('node:https') : import('node:http'));
  const sending = request(url, {
    method: outgoing.method,
    // A connection of its own: a pooled one may be half closed, and nobody could tell what was sent on it.
    agent: false,
    maxHeaderSize: LARGEST_HEADER,
    ...(url.protocol === 'https:' ? { rejectUnauthorized: true } : {}),
  });
  const peer = { host: url.host, isTls: url.protocol === 'https:' };
  return exchange(sending, outgoing, peer, { ...limits, signal });
}

function exchange(
  sending: ClientRequest,
  outgoing: Outgoing,
  { host, isTls }: { host: string; isTls: boolean },
  { connectMs, totalMs, bytes, signal }: Limits & { readonly signal: AbortSignal | undefined },
): Promise<Incoming> {
  const { headers, body } = outgoing;
  const said = <T extends string | undefined>(text: T) => text && redacted(text, outgoing);
  return new Promise((resolve, reject) => {
    let isSent = false;
    const fail = (cause: unknown): void => {
      end();
      sending.destroy();
      reject(cause instanceof Failure ? new Unanswered(isSent, cause) : unanswered(isSent, host, cause));
    };
    const total = setTimeout(fail, totalMs, `no answer within ${seconds(totalMs)}`);
    const connecting = setTimeout(fail, connectMs, `no connection within ${seconds(connectMs)}`);
    const onAbort = (): void => fail(signal?.reason);
    const end = (): void => {
      clearTimeout(total);
      clearTimeout(connecting);
      signal?.removeEventListener('abort', onAbort);
    };
    sending.once('socket', (socket) => {
      // The request waits for this very event before its first byte.
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        isSent = true;
        clearTimeout(connecting);
      });
    });
    sending.on('error', fail);
    const onClose = (): void => fail('the connection was closed without an answer');
    sending.once('close', onClose);
    sending.once('response', (message: IncomingMessage) => {
      sending.off('close', onClose);
      readBody(message, bytes, host).then((text) => {
        end();
        sending.destroy();
        resolve({
          status: message.statusCode ?? 0,
          header: (name) => said(singleHeader(message, name)),
          body: said(text),
        });
      }, fail);
    });
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) return onAbort();
    try {
      // Not among the options, which `NODE_DEBUG=http` prints.
      for (const [name, value] of Object.entries(headers)) sending.setHeader(name, value);
      sending.setHeader('accept-encoding', 'identity');
      if (body !== undefined) sending.setHeader('content-length', Buffer.byteLength(body));
      sending.end(body);
    } catch (error) {
      // A header with a character that none may have. Node's message quotes it.
      fail(error);
    }
  });
}

function unanswered(isSent: boolean, host: string, cause: unknown): Unanswered {
  return new Unanswered(isSent, unreachable(host, cause));
}

function singleHeader(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function seconds(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`;
}
