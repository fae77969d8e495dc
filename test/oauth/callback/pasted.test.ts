import { expect, test } from 'vitest';
import type { Answer, CodeAnswer, Refusal } from '../../../src/oauth/callback/answer.ts';
import { parseRedirect } from '../../../src/oauth/callback/pasted.ts';

const STATE = 'Zm9vYmFyYmF6cXV4MTIzNDU2';
const REDIRECT_URI = 'http://127.0.0.1:41873/callback';
const GOOD = `${REDIRECT_URI}?code=SplxlOBe&state=${STATE}`;
const paste = (text: string, redirectUri = REDIRECT_URI): Answer | Refusal =>
  parseRedirect(text, { redirectUri, state: STATE });

test.each([
  GOOD,
  `  ${GOOD}\t \n`,
  `"${GOOD}"\n`,
  `'${GOOD}'`,
  `\`${GOOD}\``,
  `<${GOOD}>`,
  `${GOOD.slice(0, 50)}\n${GOOD.slice(50)}`,
  `${GOOD}#_=_`,
  GOOD.replace('http:', 'HTTP:'),
])('case 98: takes the whole address: %j', (text) => {
  const answer = paste(text) as CodeAnswer;
  expect(answer.kind).toBe('code');
  expect(answer.redirect.reveal()).toBe(GOOD);
});

test('case 98: takes a refusal of consent', () => {
  expect(paste(`${REDIRECT_URI}?error=access_denied&state=${STATE}`)).toMatchObject({ kind: 'denied' });
});

test('takes the address of a provider that knows no loopback redirect', () => {
  const redirectUri = 'https://app.example/oauth/callback';
  expect(paste(`${redirectUri}?code=a&state=${STATE}`, redirectUri).kind).toBe('code');
  expect(paste(`http://app.example/oauth/callback?code=a&state=${STATE}`, redirectUri).kind).toBe('refused');
});

test.each([
  ['', /empty/],
  [' "" ', /empty/],
  ['SplxlOBe', /a code alone/],
  ['4/0AY0e-g7', /a code alone/],
  [`code=SplxlOBe&state=${STATE}`, /a code alone/],
  [`javascript:alert(1)?code=a&state=${STATE}`, /a code alone/],
  [REDIRECT_URI, /no state/],
  [`${REDIRECT_URI}?code=SplxlOBe`, /no state/],
  [`${REDIRECT_URI}?code=SplxlOBe&state=other`, /another authorization/],
  [`${REDIRECT_URI}#code=SplxlOBe&state=${STATE}`, /no state/],
  [`${GOOD}&state=${STATE}`, /malformed|twice/],
  [`${GOOD}&x=%zz`, /malformed/],
  [GOOD.replace('41873', '41874'), /another address/],
  [GOOD.replace('127.0.0.1', 'localhost'), /another address/],
  [GOOD.replace('127.0.0.1', 'evil.example'), /another address/],
  [GOOD.replace('http:', 'https:'), /another address/],
  [GOOD.replace('127.0.0.1', 'evil@127.0.0.1'), /another address/],
  [GOOD.replace('/callback', '/Callback'), /another address/],
  [GOOD.replace('/callback', '/callback/'), /another address/],
  [`https://as.example/authorize?client_id=a&state=${STATE}`, /another address/],
  [`${GOOD}&x=${'a'.repeat(20_000)}`, /longer/],
])('case 98: refuses %j', (text, reason) => {
  const refusal = paste(text) as Refusal;
  expect(refusal.kind).toBe('refused');
  expect(refusal.reason).toMatch(reason);
  expect(refusal.reason).not.toContain('SplxlOBe');
});
