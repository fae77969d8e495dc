const LONGEST = 1000;
const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/;

/**
 * Where an integration is reached, in the form in which it is kept (WHATWG URL, serialised): `https:`, or `http:`
 * on this machine. A name, a password or a fragment in it is refused: it is no secret and is shown to everybody.
 */
export function parseIntegrationUrl(text: string): { url: string } | { reason: string } {
  const form = 'must be a URL such as https://api.example.com/';
  if (text.length > LONGEST) return { reason: `is longer than ${LONGEST} characters` };
  // The parser of URLs would silently drop what is hidden in it.
  if (/[\s\p{Cc}\p{Cf}]/u.test(text)) return { reason: form };
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\//i.test(text)) return { reason: form };
  if (url.username !== '' || url.password !== '') return { reason: 'must not hold a name or password' };
  if (url.hash !== '') return { reason: 'must not end in a fragment (#…)' };
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    return { reason: 'must be https:, or http: on this machine (127.0.0.1, [::1] or localhost)' };
  return { url: url.href };
}
