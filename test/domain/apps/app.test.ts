import { describe, expect, test } from 'vitest';
import { type ServerFacts, safeUrl, stampOf } from '../../../src/domain/apps/app.ts';

describe('a URL that something is sent to', () => {
  test.each([
    ['https://auth.example/token', 'https://auth.example/token'],
    ['https://AUTH.example:443/a/../token', 'https://auth.example/token'],
    ['https://münchen.example/', 'https://xn--mnchen-3ya.example/'],
    ['http://127.0.0.1:8080/x', 'http://127.0.0.1:8080/x'],
    ['http://127.9.8.7/', 'http://127.9.8.7/'],
    ['http://[::1]:1/', 'http://[::1]:1/'],
    ['http://localhost/', 'http://localhost/'],
    // The URL parser knows every spelling of an address.
    ['http://2130706433/', 'http://127.0.0.1/'],
  ])('%s', (text, href) => {
    expect(safeUrl(text)).toMatchObject({ href });
  });

  test.each([
    ['http://auth.example/', 'is neither https nor on this machine'],
    ['http://127.0.0.1.example/', 'is neither https nor on this machine'],
    ['http://localhost.example/', 'is neither https nor on this machine'],
    ['http://0.0.0.0/', 'is neither https nor on this machine'],
    ['http://[::ffff:127.0.0.1]/', 'is neither https nor on this machine'],
    ['javascript:alert(1)', 'is neither https nor on this machine'],
    ['file:///etc/passwd', 'is neither https nor on this machine'],
    ['data:text/html,x', 'is neither https nor on this machine'],
    ['https://user@auth.example/', 'holds a user name or password'],
    ['https://:p@auth.example/', 'holds a user name or password'],
    ['https://auth.example/#x', 'has a fragment'],
    ['https://', 'is not a URL'],
    ['/token', 'is not a URL'],
    ['', 'is not a URL'],
    [`https://auth.example/${'a'.repeat(17_000)}`, 'is not a URL'],
  ])('not: %s', (text, reason) => {
    expect(safeUrl(text)).toEqual({ reason });
  });
});

describe('a stamp', () => {
  const server = (issuer: string | null, tokenEndpoint: string): ServerFacts => ({
    issuer,
    tokenEndpoint,
    authorizationEndpoint: null,
    deviceEndpoint: null,
    revocationEndpoint: null,
    userinfoEndpoint: null,
    jwksUri: null,
    issInResponse: false,
    openid: false,
    idTokenAlgorithms: [],
  });

  test('is another for another issuer, another origin, and without an issuer', () => {
    const stamps = [
      server('https://a.example', 'https://a.example/token'),
      server('https://a.example/', 'https://a.example/token'),
      server('https://b.example', 'https://a.example/token'),
      server('https://a.example', 'https://b.example/token'),
      server('https://a.example', 'http://127.0.0.1:1/token'),
      server('https://a.example', 'http://127.0.0.1:2/token'),
      server(null, 'https://a.example/token'),
    ].map(stampOf);
    expect(new Set(stamps).size).toBe(stamps.length);
  });

  test('is the same for another path', () => {
    const one = server('https://a.example', 'https://a.example/v1/token');
    expect(stampOf(server('https://a.example', 'https://a.example/v2/token'))).toBe(stampOf(one));
  });
});
