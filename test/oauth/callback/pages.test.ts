import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { listen } from '../../../src/oauth/callback/listen.ts';
import { STYLE } from '../../../src/oauth/callback/page-style.ts';
import { headersOf, PAGES } from '../../../src/oauth/callback/pages.ts';
import { naiveServer } from './fixtures/naive-server.ts';
import { get, parsed, send } from './fixtures/wire.ts';

const STATE = 'Zm9vYmFyYmF6cXV4MTIzNDU2';
const MARKUP = '<script>alert(1)</script>';
const ENCODED = encodeURIComponent(MARKUP);

/** Case 92: queries with the right state whose values would be seen on a page that repeats them. */
const QUERIES = [
  `code=${ENCODED}&iss=${ENCODED}&state=${STATE}`,
  `error=access_denied&error_description=${ENCODED}&error_uri=${ENCODED}&state=${STATE}`,
  `error=${ENCODED}&error_description=CANARY&state=${STATE}`,
  `code=CANARY&scope=CANARY&state=${STATE}`,
];

/** What a page says that it was told, or lets a browser do that it need not. */
function faults(response: string): string[] {
  const { headers, body } = parsed(response);
  const found = ['alert(1)', 'CANARY', STATE].filter((text) => response.includes(text));
  const policy = headers.get('content-security-policy') ?? '';
  for (const part of [
    "default-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ]) {
    if (!policy.split('; ').includes(part)) found.push(`no ${part}`);
  }
  if (/script|unsafe|https?:|\*/.test(policy)) found.push(`policy: ${policy}`);
  const wanted = {
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  };
  for (const [name, value] of Object.entries(wanted))
    if (headers.get(name) !== value) found.push(`no ${name}`);
  if (/<script|\son[a-z]+=|javascript:|https?:|url\(|@import|src=|href=/i.test(body))
    found.push('a resource');
  return found;
}

describe('★ case 92: pages repeat nothing', () => {
  test.each(QUERIES)('of %s', async (query) => {
    const server = await listen({ timeoutMs: 60_000 });
    const answer = server.wait(STATE);
    const response = await send(server.redirectUri, get(server.redirectUri, `/callback?${query}`));
    expect(parsed(response).status).toBe(200);
    expect(faults(response)).toEqual([]);
    await answer;
  });

  test('nor of what is refused', async () => {
    const server = await listen({ timeoutMs: 60_000 });
    for (const target of [
      `/${MARKUP}`,
      `/CANARY`,
      `/callback?code=CANARY&state=alert(1)`,
      `/callback?CANARY=%`,
    ]) {
      const response = await send(
        server.redirectUri,
        get(server.redirectUri, target, 'GET', 'X-A: CANARY\r\n'),
      );
      if (response.startsWith('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')) continue; // Node's own, empty
      expect(parsed(response).body, target).toContain('Request ignored');
      expect(faults(response), target).toEqual([]);
    }
    await server.close();
  });

  test('a server that repeats them does not pass', async () => {
    for (const query of QUERIES) {
      const { redirectUri } = await naiveServer(STATE);
      const found = faults(
        await send(redirectUri, get(redirectUri, `/callback?${query}`, 'GET', 'Connection: close\r\n')),
      );
      expect(found, query).toEqual(expect.arrayContaining(["no default-src 'none'", 'no cache-control']));
      expect(found.includes('alert(1)') || found.includes('CANARY'), query).toBe(true);
    }
  });
});

describe.each(Object.entries(PAGES))('the page %s', (_, html) => {
  test('is whole, and readable on a phone and by a screen reader', () => {
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(html).toMatch(/<title>[^<]+ · keywright<\/title>/);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect(html.match(/<svg/g)?.length).toBe(html.match(/aria-hidden="true"/g)?.length);
    expect(html).toContain('Go back to your terminal');
  });

  test('has the one style that its policy allows, and no other', () => {
    const styles = [...html.matchAll(/<style>([\s\S]*?)<\/style>/g)].map((match) => match[1]);
    expect(styles).toEqual([STYLE]);
    expect(html).not.toContain('style=');
    const hash = createHash('sha256')
      .update(styles[0] ?? '')
      .digest('base64');
    expect(headersOf(html)['content-security-policy']).toContain(`style-src 'sha256-${hash}';`);
    expect(headersOf(html)['content-length']).toBe(Buffer.byteLength(html));
  });
});

test('text and signs stand out from their ground in light and dark (WCAG 2.2, 1.4.3)', () => {
  const [light = '', dark = ''] = STYLE.split('@media (prefers-color-scheme: dark)');
  for (const [scheme, css] of Object.entries({ light, dark })) {
    const color = (name: string): number =>
      luminance(new RegExp(`--${name}: (#[0-9a-f]{3,6})[;} ]`).exec(css)?.[1] ?? '');
    const pairs = ['good', 'calm', 'bad', 'plain'].map((tone) => [tone, `${tone}-tint`]);
    pairs.push(['text', 'card'], ['text', 'foot'], ['soft', 'card'], ['soft', 'ground'], ['soft', 'foot']);
    for (const [above = '', below = ''] of pairs) {
      const [a, b] = [color(above), color(below)];
      const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      expect(contrast, `${above} on ${below}, ${scheme}`).toBeGreaterThanOrEqual(4.5);
    }
  }
});

/** Relative luminance of `#rgb` or `#rrggbb`. */
function luminance(hex: string): number {
  expect(hex).toMatch(/^#([0-9a-f]{3}){1,2}$/);
  const long = hex.length === 4 ? hex.replace(/[0-9a-f]/g, '$&$&') : hex;
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(long.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
