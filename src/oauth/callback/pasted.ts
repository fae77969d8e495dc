import { type Answer, type Expectation, judgeAnswer, type Refusal, refused } from './answer.ts';
import { LONGEST_HEADER } from './request.ts';

/** What people and shells put around an address. */
const AROUND = /^[\s"'`<>]+|[\s"'`<>]+$/g;

/**
 * Reads a redirect URL that was copied from a browser which could not reach the callback server, and holds it
 * to the same checks. A code alone is refused: without its state nothing shows that it answers this request,
 * and whoever talks somebody into pasting a code would connect them to an account of their own choice.
 */
export function parseRedirect(text: string, expected: Expectation): Answer | Refusal {
  const pasted = text.replace(AROUND, '');
  if (pasted === '') return refused('it is empty');
  if (pasted.length > LONGEST_HEADER) return refused('it is longer than any such address');
  const url = URL.canParse(pasted) ? new URL(pasted) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    return refused(
      'it is no address; paste all of it, from http to the end: a code alone does not show what it answers',
    );
  }
  if (!leadsTo(url, new URL(expected.redirectUri))) {
    return refused(`it is another address than ${expected.redirectUri}, where the browser ends up`);
  }
  return judgeAnswer(url.search.slice(1), expected);
}

function leadsTo(url: URL, redirectUri: URL): boolean {
  const anonymous = url.username === '' && url.password === '';
  return anonymous && url.origin === redirectUri.origin && url.pathname === redirectUri.pathname;
}
