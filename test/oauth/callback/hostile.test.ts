import { expect, test } from 'vitest';
import { listen } from '../../../src/oauth/callback/listen.ts';
import { naiveServer } from './fixtures/naive-server.ts';
import { get, heard, open, parsed, send, visit } from './fixtures/wire.ts';

const STATE = 'Zm9vYmFyYmF6cXV4MTIzNDU2';
const REFUSED = /^HTTP\/1\.[01] 4[0-9]{2} /;

/** What is sent before the right callback comes, in the order of case 88, and more of its kind. */
function attacks(redirectUri: string): readonly (readonly [what: string, bytes: string])[] {
  const { host } = new URL(redirectUri);
  const right = `/callback?code=abc&state=${STATE}`;
  const asked = (target: string, method?: string, more?: string) => get(redirectUri, target, method, more);
  return [
    ['favicon', asked('/favicon.ico')],
    ['HEAD', asked(right, 'HEAD')],
    ['POST', asked(right, 'POST', 'Content-Length: 0\r\n')],
    ['POST of a body', `${asked('/callback', 'POST', 'Content-Length: 9\r\n')}state=abc`],
    ['a preflight', asked(right, 'OPTIONS', 'Origin: https://evil.example\r\n')],
    ['wrong path', asked(`/other?code=abc&state=${STATE}`)],
    ['wrong state and code', asked('/callback?code=abc&state=wrong')],
    ['an error without state', asked('/callback?error=access_denied')],
    ['an error with a wrong state', asked('/callback?error=access_denied&state=wrong')],
    ['missing state', asked('/callback?code=abc')],
    ['empty state', asked('/callback?code=abc&state=')],
    ['64 KB header', asked(right, 'GET', `X-Long: ${'a'.repeat(65_536)}\r\n`)],
    ['64 KB target', asked(`${right}&x=${'a'.repeat(65_536)}`)],
    ['//', asked('//')],
    ['absolute-form target', asked(`http://${host}${right}`)],
    ['absolute-form target of another host', asked('http://evil.example/callback')],
    ['Host: evil.example', `GET ${right} HTTP/1.1\r\nHost: evil.example\r\n\r\n`],
    ['Host: localhost', `GET ${right} HTTP/1.1\r\nHost: ${host.replace('127.0.0.1', 'localhost')}\r\n\r\n`],
    ['two Hosts', `GET ${right} HTTP/1.1\r\nHost: ${host}\r\nHost: evil.example\r\n\r\n`],
    ['HTTP/1.0 without Host', `GET ${right} HTTP/1.0\r\n\r\n`],
    ['HTTP/1.1 without Host', `GET ${right} HTTP/1.1\r\n\r\n`],
    ['invalid %-encoding', asked(`${right}&x=%zz`)],
    ['cut %-encoding', asked(`${right}%`)],
    ['two states', asked(`/callback?code=abc&state=${STATE}&state=wrong`)],
    ['two states, the other way', asked(`/callback?code=abc&state=wrong&state=${STATE}`)],
    ['two codes', asked(`${right}&code=def`)],
    ['neither code nor error', asked(`/callback?state=${STATE}`)],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ['an unknown method', 'FETCH / HTTP/1.1\r\n\r\n'],
    ['CONNECT', `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`],
    ['an upgrade', asked('/other', 'GET', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')],
    ['an expectation', asked('/callback', 'GET', 'Expect: the-unexpected\r\n')],
    ['a body to come', asked('/callback', 'POST', 'Expect: 100-continue\r\nContent-Length: 9\r\n')],
  ];
}

/** Case 88: everything that went otherwise than it should, as text. */
async function besiege(redirectUri: string, outcome: Promise<string>): Promise<string[]> {
  const wrong: string[] = [];
  const idle = heard(open(redirectUri));
  const half = heard(open(redirectUri, `GET /callback?code=abc&state=${STATE} HTTP/1.1\r\nHo`));
  for (const [what, bytes] of attacks(redirectUri)) {
    const response = await send(redirectUri, bytes);
    if (response !== '' && !REFUSED.test(response)) wrong.push(`${what}: ${response.split('\r\n')[0]}`);
  }
  const { status } = parsed(await visit(redirectUri, `code=right&state=${STATE}`));
  if (status !== 200) wrong.push(`the right callback: ${status}`);
  const kind = await outcome;
  if (kind !== 'code') wrong.push(`the flow ended with: ${kind}`);
  else if (`${await idle}${await half}` !== '') wrong.push('an answer to no request');
  return wrong;
}

test('★ case 88: whatever comes before it, the right callback succeeds', async () => {
  const server = await listen({ timeoutMs: 60_000 });
  const answer = server.wait(STATE);
  const kind = answer.then((got) =>
    got.redirect.reveal().includes('code=right') ? got.kind : 'another code',
  );
  expect(await besiege(server.redirectUri, kind)).toEqual([]);
});

test('★ case 88: a server that believes the first request does not pass', async () => {
  const { redirectUri, outcome } = await naiveServer(STATE);
  const wrong = await besiege(redirectUri, outcome);
  expect(wrong).toContain('the flow ended with: state mismatch');
  expect(wrong).toContain('wrong state and code: HTTP/1.1 200 OK');
});

test('whoever sends half a request is dropped in the end, and the flow goes on', {
  timeout: 20_000,
}, async () => {
  const server = await listen({ timeoutMs: 60_000 });
  const answer = server.wait(STATE);
  const idle = heard(open(server.redirectUri));
  const half = heard(open(server.redirectUri, 'GET /callback HTTP/1.1\r\nHo'));
  for (const response of await Promise.all([idle, half])) expect(response).toMatch(/^(HTTP\/1\.1 408 |$)/);
  await visit(server.redirectUri, `code=abc&state=${STATE}`);
  expect((await answer).kind).toBe('code');
});
