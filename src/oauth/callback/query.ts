/** Printable ASCII without `#`, and every `%` begins a byte. */
const WELL_FORMED = /^(?:[\x21\x22\x24\x26-\x7e]|%[0-9A-Fa-f]{2})*$/;

/**
 * The parameters of a redirect URL, read by the same parser that the client library uses, so that both see the
 * same. Undefined when there is a malformed escape or character, or one name twice: RFC 6749 section 3.1 forbids
 * that, and readers differ in which one they take. Parameters without a value are there, and mean nothing.
 */
export function parseQuery(redirect: string): URLSearchParams | undefined {
  if (!WELL_FORMED.test(redirect.slice(redirect.indexOf('?') + 1))) return undefined;
  const { searchParams } = new URL(redirect);
  return new Set(searchParams.keys()).size === searchParams.size ? searchParams : undefined;
}
