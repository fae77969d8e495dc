import { Failure } from '../../errors.ts';
import { oneLine } from '../one-line.ts';

/** What people call the errors of sockets, names and certificates. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'the connection was refused'],
  ['ECONNRESET', 'the connection was cut'],
  ['EPIPE', 'the connection was cut'],
  ['ENOTFOUND', 'there is no such host'],
  ['EAI_AGAIN', 'its name cannot be looked up now'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['EHOSTUNREACH', 'there is no way to that host'],
  ['ENETUNREACH', 'there is no network'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is signed by itself'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'its certificate is signed by an unknown authority'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is signed by an unknown authority'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'its certificate is signed by an unknown authority'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
  ['HPE_HEADER_OVERFLOW', 'its headers are too long'],
]);

/** `provider_unreachable`, naming host and cause. Of an error only its code is used: its text may quote what was sent. */
export function unreachable(host: string, cause: unknown): Failure {
  const said = typeof cause === 'string' ? cause : wordsOf(codeOf(cause));
  return new Failure('provider_unreachable', `no answer from ${host}: ${said}`);
}

/** The host of a URL for a message: as it is looked up (punycode), so that a look-alike shows. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host || oneLine(url, 80);
}

function wordsOf(code: string): string {
  if (code.startsWith('HPE_')) return WORDS.get(code) ?? 'it does not speak HTTP';
  return WORDS.get(code) ?? `the connection failed (${code})`;
}

/** With two addresses tried, Node puts both errors in one. */
function codeOf(cause: unknown): string {
  const { code, errors } = Object(cause) as { code?: unknown; errors?: readonly unknown[] };
  if (typeof code === 'string' && /^[A-Z0-9_]+$/.test(code)) return code;
  return errors === undefined || errors.length === 0 ? 'unknown' : codeOf(errors[0]);
}
