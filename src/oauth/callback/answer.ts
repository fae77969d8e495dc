import { timingSafeEqual } from 'node:crypto';
import type { RefusedCallback, ValidatedCallback } from '../../domain/ports/authorization.ts';
import { Secret } from '../../domain/secret.ts';
import { oneLine } from '../one-line.ts';
import { parseQuery } from './query.ts';

/** Someone consented, in answer to our request. `iss` is checked by the client library, which knows the metadata. */
export type CodeAnswer = ValidatedCallback;

/** Of these `iss` is to be checked, too, before an error is believed (RFC 9207 section 2.4). */
export type Answer = ValidatedCallback | RefusedCallback;

/** It answers another request or none. It changes nothing: who sent it may not be the server we asked. */
export interface Refusal {
  readonly kind: 'refused';
  /** A part of a sentence, `it …`; never holds anything of what was refused. */
  readonly reason: string;
}

/** What an answer is held against. */
export interface Expectation {
  /** The redirect URI of the request, without a query. */
  readonly redirectUri: string;
  /** The state of the request. Undefined and empty match nothing. */
  readonly state: string | undefined;
}

const LONGEST_ERROR = 64;
const LONGEST_DESCRIPTION = 200;

/**
 * Reads the query of a redirect (RFC 6749 section 4.1.2), as it stands behind the `?`. The state is looked at
 * before anything else, since only it shows that this is an answer to our request; an error wins over a code.
 */
export function judgeAnswer(query: string, { redirectUri, state }: Expectation): Answer | Refusal {
  const redirect = `${redirectUri}?${query}`;
  const params = parseQuery(redirect);
  if (params === undefined) return refused('it is malformed, or says something twice');
  const given = params.get('state');
  if (!given) return refused('it carries no state, so nothing shows that it answers this authorization');
  if (!sameState(given, state)) return refused('it carries the state of another authorization');
  const error = params.get('error');
  if (error) {
    return {
      kind: error === 'access_denied' ? 'denied' : 'error',
      error: oneLine(error, LONGEST_ERROR) || 'error',
      description: oneLine(params.get('error_description') ?? '', LONGEST_DESCRIPTION) || undefined,
      redirect: new Secret(redirect),
    };
  }
  if (!params.get('code')) return refused('it carries neither a code nor an error');
  return { kind: 'code', redirect: new Secret(redirect) } as CodeAnswer;
}

export function refused(reason: string): Refusal {
  return { kind: 'refused', reason };
}

/** In constant time, so that nobody on this machine learns the state by guessing its beginning. */
function sameState(given: string, expected: string | undefined): boolean {
  if (expected === undefined || expected === '') return false;
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
