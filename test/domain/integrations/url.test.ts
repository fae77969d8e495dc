import { expect, test } from 'vitest';
import { parseIntegrationUrl } from '../../../src/domain/integrations/url.ts';

test.each([
  ['https://api.example.com', 'https://api.example.com/'],
  ['HTTPS://API.Example.com/v1?x=1', 'https://api.example.com/v1?x=1'],
  ['https://api.example.com:8443/', 'https://api.example.com:8443/'],
  ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
  ['http://127.0.0.1:3000', 'http://127.0.0.1:3000/'],
  ['http://127.1.2.3/', 'http://127.1.2.3/'],
  ['http://localhost/api', 'http://localhost/api'],
  ['http://[::1]:8080/', 'http://[::1]:8080/'],
])('%s is kept as %s', (text, url) => {
  expect(parseIntegrationUrl(text)).toEqual({ url });
});

test.each([
  ['api.example.com'],
  ['https:api.example.com'],
  ['https://'],
  ['javascript:alert(1)'],
  ['file:///etc/passwd'],
  ['ftp://example.com/'],
  ['http://example.com/'],
  ['http://127.0.0.1.example.com/'],
  ['http://localhost.example.com/'],
  ['http://10.0.0.1/'],
  ['https://ana:secret@example.com/'],
  ['https://ana@example.com/'],
  ['https://example.com/#part'],
  ['https://exa mple.com/'],
  ['https://exam\tple.com/'],
  ['https://example.com/\n'],
  ['https://example.com/\u202egnp.exe'],
  ['https://example.com/\0'],
  [`https://example.com/${'a'.repeat(1000)}`],
  ['__proto__'],
])('%j is refused with a reason', (text) => {
  expect(parseIntegrationUrl(text)).toEqual({ reason: expect.any(String) });
});

test('a password in it is not repeated', () => {
  expect(JSON.stringify(parseIntegrationUrl('https://ana:hunter22@example.com/'))).not.toContain('hunter22');
});
