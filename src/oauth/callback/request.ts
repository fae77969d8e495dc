import { type Answer, type Expectation, judgeAnswer } from './answer.ts';
import type { PageName } from './pages.ts';

/** Bytes of a request line and its headers together; more is answered 431. A longer code or state is no real one. */
export const LONGEST_HEADER = 16 * 1024;

/** What of a request is looked at. */
export interface Asked {
  readonly method: string | undefined;
  /** As it stands in the request line. */
  readonly target: string | undefined;
  /** Every `Host` header. */
  readonly hosts: readonly string[];
}

/** How a request is answered; the flow ends only when there is an `answer`. */
export interface Verdict {
  readonly status: 200 | 400 | 404 | 405 | 421;
  readonly page: PageName;
  readonly answer?: Answer;
}

const PAGE_OF = { code: 'consented', denied: 'denied', error: 'failed' } as const;

/**
 * Decides about one request. Only the literal address of the redirect URI is accepted as `Host`: the browser is
 * sent there and nowhere else, so any other name, `localhost` included, is a page that made its own name point
 * here (DNS rebinding), or somebody guessing (RFC 8252 sections 7.3 and 8.3). The target is compared as text
 * and never resolved, so no other spelling of the path reaches anything.
 */
export function judgeRequest({ method, target = '', hosts }: Asked, expected: Expectation): Verdict {
  const { host, pathname } = new URL(expected.redirectUri);
  if (hosts.length !== 1 || hosts[0] !== host) return { status: 421, page: 'refused' };
  if (method !== 'GET') return { status: 405, page: 'refused' };
  const [path, query] = cut(target);
  if (path !== pathname) return { status: 404, page: 'refused' };
  const answer = judgeAnswer(query, expected);
  if (answer.kind === 'refused') return { status: 400, page: 'refused' };
  return { status: 200, page: PAGE_OF[answer.kind], answer };
}

function cut(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}
