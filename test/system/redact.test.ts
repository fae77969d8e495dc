import { expect, test } from 'vitest';
import { Redactor } from '../../src/system/redact.ts';

/** All that comes out when the text comes in pieces of this many bytes. */
function through(secret: string, text: string, size: number): string {
  const redactor = new Redactor(secret);
  const bytes = Buffer.from(text);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) out.push(redactor.push(bytes.subarray(at, at + size)));
  return Buffer.concat([...out, redactor.end()]).toString();
}

test.each([
  ['no secret in it', 'no secret in it'],
  ['kw_sk_canary', '[secret]'],
  ['+ put kw_sk_canary\n', '+ put [secret]\n'],
  ['DEPLOY=kw_sk_canary and kw_sk_canarykw_sk_canary', 'DEPLOY=[secret] and [secret][secret]'],
  ['kw_sk_canar', 'kw_sk_canar'],
  ['kw_kw_sk_kw_sk_canary', 'kw_kw_sk_[secret]'],
  ['über kw_sk_canary', 'über [secret]'],
])('%j is shown as %j, however it is cut', (text, shown) => {
  for (let size = 1; size <= text.length; size++) expect(through('kw_sk_canary', text, size)).toBe(shown);
});

test('only what may be a beginning is held back', () => {
  const redactor = new Redactor('kw_sk_canary');
  expect(redactor.push(Buffer.from('done? k')).toString()).toBe('done? ');
  expect(redactor.push(Buffer.from('eys')).toString()).toBe('keys');
  expect(redactor.push(Buffer.alloc(1_000_000)).length).toBe(1_000_000);
});

test('nothing is hidden where there is no secret', () => {
  expect(through('', 'as it is', 3)).toBe('as it is');
});
