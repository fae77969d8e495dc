import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  type Answer,
  type CodeAnswer,
  judgeAnswer,
  type Refusal,
} from '../../../src/oauth/callback/answer.ts';

const STATE = 'Zm9vYmFyYmF6cXV4MTIzNDU2';
const EXPECTED = { redirectUri: 'http://127.0.0.1:41873/callback', state: STATE };
const judge = (query: string, state: string | undefined = STATE): Answer | Refusal =>
  judgeAnswer(query, { ...EXPECTED, state });
const reasonOf = (query: string): string => {
  const refusal = judge(query);
  expect(refusal.kind).toBe('refused');
  return (refusal as Refusal).reason;
};

describe('an answer with the right state', () => {
  test('brings the whole redirect, iss included, sealed', () => {
    const query = `code=SplxlOBe&state=${STATE}&iss=https%3A%2F%2Fas.example&scope=a+b`;
    const answer = judge(query) as CodeAnswer;
    expect(answer.kind).toBe('code');
    expect(answer.redirect.reveal()).toBe(`${EXPECTED.redirectUri}?${query}`);
    expect(`${JSON.stringify(answer)}${inspect(answer, { depth: 9 })}`).not.toMatch(/SplxlOBe|Zm9v/);
  });

  test('is denied when consent was refused', () => {
    const answer = judge(`error=access_denied&error_description=The+user+said+no&state=${STATE}`);
    expect(answer).toMatchObject({
      kind: 'denied',
      error: 'access_denied',
      description: 'The user said no',
    });
  });

  test('is an error when the server failed, with or without a code', () => {
    expect(judge(`error=server_error&state=${STATE}`)).toMatchObject({
      kind: 'error',
      error: 'server_error',
    });
    expect(judge(`code=abc&error=temporarily_unavailable&state=${STATE}`)).toMatchObject({
      kind: 'error',
      error: 'temporarily_unavailable',
      description: undefined,
    });
    expect(judge(`error=&code=abc&state=${STATE}`).kind).toBe('code');
  });

  test.each([
    ['\x1b[2J\x1b]0;x\x07ok', '[2J ]0;x ok'],
    ['a\r\nhint: rm -rf /', 'a hint: rm -rf /'],
    ['\u202egnp\u2066.\u200bexe\ufeff', 'gnp . exe'],
    ['\u2028a\u2029\u00a0\u3164b ', 'a b'],
    ['<script>alert(1)</script>', '<script>alert(1)</script>'],
    ['   ', undefined],
    ['naïve 👍', 'naïve 👍'],
  ])('has a description of one line: %j', (description, shown) => {
    const query = new URLSearchParams({
      error: 'access_denied',
      error_description: description,
      state: STATE,
    });
    expect(judge(query.toString())).toMatchObject({ description: shown });
  });

  test('has an error and a description of limited length', () => {
    const long = '👍'.repeat(300);
    const query = new URLSearchParams({ error: long, error_description: long, state: STATE });
    expect(judge(query.toString())).toMatchObject({
      kind: 'error',
      error: `${'👍'.repeat(63)}…`,
      description: `${'👍'.repeat(199)}…`,
    });
    expect(judge(`error=%00&state=${STATE}`)).toMatchObject({ kind: 'error', error: 'error' });
    expect(judge(`error=%ff&state=${STATE}`)).toMatchObject({ kind: 'error', error: '\ufffd' });
  });
});

describe('everything else is refused', () => {
  test('for its state before anything else', () => {
    expect(reasonOf('error=access_denied')).toMatch(/no state/);
    expect(reasonOf('code=abc')).toMatch(/no state/);
    expect(reasonOf('code=abc&state=')).toMatch(/no state/);
    expect(reasonOf('error=access_denied&state=other')).toMatch(/another authorization/);
    expect(reasonOf(`code=abc&state=${STATE.slice(0, -1)}`)).toMatch(/another authorization/);
    expect(reasonOf(`code=abc&state=${STATE}%00`)).toMatch(/another authorization/);
    expect(reasonOf(`code=abc&State=${STATE}`)).toMatch(/no state/);
  });

  test('with the right state but nothing to say', () => {
    expect(reasonOf(`state=${STATE}`)).toMatch(/neither a code nor an error/);
    expect(reasonOf(`code=&error=&state=${STATE}`)).toMatch(/neither a code nor an error/);
  });

  test.each([
    `state=${STATE}&state=${STATE}&code=a`,
    `code=a&code=b&state=${STATE}`,
    `code=%zz&state=${STATE}`,
  ])('when it says something twice or is malformed: %s', (query) => {
    expect(reasonOf(query)).toMatch(/malformed|twice/);
  });

  test('case 89: an expected state that is missing or empty matches nothing', () => {
    for (const state of [undefined, '']) {
      for (const query of [
        'code=abc',
        'code=abc&state=',
        'code=abc&state=undefined',
        'code=abc&state=null',
      ]) {
        expect(judgeAnswer(query, { ...EXPECTED, state }).kind, `${state} ${query}`).toBe('refused');
      }
    }
  });

  test('without a word of what was sent', () => {
    for (const query of ['code=LEAK', 'code=LEAK&state=LEAK', 'LEAK=%', `LEAK=1&LEAK=2&state=${STATE}`]) {
      expect(JSON.stringify(judge(query))).not.toContain('LEAK');
    }
  });
});

test('what has not been judged is no answer with a code', () => {
  const exchange = (answer: CodeAnswer): string => answer.kind;
  const { redirect } = judge(`code=abc&state=${STATE}`) as CodeAnswer;
  // @ts-expect-error only judgeAnswer makes one, so that no code is exchanged whose state wasn't checked
  expect(exchange({ kind: 'code', redirect })).toBe('code');
});
