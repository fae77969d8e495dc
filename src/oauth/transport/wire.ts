import type { CustomFetchOptions } from 'openid-client';
import { Failure } from '../../errors.ts';
import { oneLine } from '../one-line.ts';
import { type Incoming, type Outgoing, Unanswered } from './send.ts';
import { hostOf } from './trouble.ts';

/** What the client library is given in place of an answer. */
interface Shaped {
  readonly status: number;
  readonly body: string;
}

/** How the requests and answers of one step are written, where they aren't as the standards say. */
export interface Shape {
  readonly request?: (request: Outgoing) => Outgoing;
  readonly answer: (answer: Incoming, request: Outgoing) => Shaped;
}

/** What happened to the last request of a step. */
export interface Trace {
  /** Can a byte of it have arrived? */
  isSent: boolean;
  /** Undefined: no whole answer. */
  status: number | undefined;
  /** What we found wrong. It goes before whatever the library makes of it. */
  failure: Failure | undefined;
}

export interface Wire {
  readonly fetch: (url: string, options: CustomFetchOptions) => Promise<Response>;
  readonly trace: Trace;
}

/** The one way by which the client library reaches the network: bounded, and no redirect is followed. */
export function openWire(sending: (request: Outgoing) => Promise<Incoming>, shape: Shape): Wire {
  const trace: Trace = { isSent: false, status: undefined, failure: undefined };
  return {
    trace,
    fetch: async (url, { method, headers, body }) => {
      const plain = { url, method, headers, body: body?.toString() };
      try {
        const request = shape.request?.(plain) ?? plain;
        const answer = await sending(request);
        trace.isSent = true;
        trace.status = answer.status;
        refuseRedirect(answer, request);
        const shaped = shape.answer(answer, request);
        const isEmpty = shaped.status === 204 || shaped.status === 205 || shaped.status === 304;
        return new Response(isEmpty ? null : shaped.body, {
          status: shaped.status,
          headers: { 'content-type': 'application/json' },
        });
      } catch (error) {
        if (error instanceof Unanswered) {
          trace.isSent = error.isSent;
          trace.failure = error.failure;
        } else if (error instanceof Failure) trace.failure = error;
        throw error;
      }
    },
  };
}

/**
 * A request that carries a secret is never sent again to where a redirect points, and none of ours has a reason to
 * be; so no redirect is followed at all. An answer that HTTP doesn't know is none.
 *
 * @throws Failure `provider_failed` naming the target's host.
 */
export function refuseRedirect({ status, header }: Incoming, { url }: Outgoing): void {
  if (status < 200 || status > 599) {
    throw new Failure('provider_failed', `${hostOf(url)} answered with a status that does not exist`);
  }
  if (status < 300 || status > 399) return;
  const target = URL.parse(header('location') ?? '', url);
  const to = target === null ? 'nowhere' : oneLine(target.host || target.protocol, 100);
  throw new Failure('provider_failed', `${hostOf(url)} redirects to ${to}, and redirects are not followed`);
}

/** An answer that must be JSON when it is a success, as it is. */
export const asJson: Shape = {
  answer: (answer, { url }) => {
    if (answer.status < 300) requireJson(answer, url);
    return { status: answer.status, body: answer.body };
  },
};

/** @throws Failure `provider_failed` when the answer doesn't say that it is JSON. */
export function requireJson({ header }: Incoming, url: string): void {
  const type = (header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (/^application\/(?:[a-z0-9.-]+\+)?json$/.test(type)) return;
  const said = type === '' ? 'without saying what it is' : `with ${oneLine(type, 60)}`;
  throw new Failure('provider_failed', `${hostOf(url)} answered ${said}, not with JSON`);
}
