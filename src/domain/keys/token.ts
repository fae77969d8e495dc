import type { Random } from '../ports/system.ts';
import { Secret } from '../secret.ts';
import { base62, base62OfBytes } from './base62.ts';
import type { Mode } from './key.ts';

/*
 * secret key  <brand>_sk_<mode>_<kid:12><secret:43><check:6>
 * public key  <brand>_pk_<mode>_<kid:12>
 *
 * All parts have a fixed width, counted from the right, so no separator can occur inside one.
 */
const SECRET_KEY = /^([a-z][a-z0-9]{1,15})_sk_(live|test)_([0-9A-Za-z]{12})[0-9A-Za-z]{49}$/;
const PUBLIC_KEY = /^([a-z][a-z0-9]{1,15})_pk_(live|test)_([0-9A-Za-z]{12})$/;
const CHECK_WIDTH = 6;
const LONGEST = 16 + '_sk_live_'.length + 12 + 43 + CHECK_WIDTH;

/** The public parts of a well-formed token. */
export interface TokenParts {
  readonly brand: string;
  readonly mode: Mode;
  readonly kid: string;
}

/** Is this a brand: `[a-z][a-z0-9]{1,15}`? */
export function isBrand(text: string): boolean {
  return /^[a-z][a-z0-9]{1,15}$/.test(text);
}

/** The public key: an identifier that may be logged. It survives rotation. */
export function publicKey(parts: TokenParts): string {
  return `${parts.brand}_pk_${parts.mode}_${parts.kid}`;
}

/** A new secret key for these public parts, with 256 random bits. */
export function newSecretKey(parts: TokenParts, random: Random): Secret {
  const body = `${parts.brand}_sk_${parts.mode}_${parts.kid}${base62OfBytes(random(32), 43)}`;
  return new Secret(body + checkOf(body));
}

/**
 * The public parts of a secret key, or undefined when it has another shape or a wrong checksum.
 * Says nothing about whether the key exists: it only saves a look-up for what was mistyped or cut.
 */
export function parseSecretKey(token: string): TokenParts | undefined {
  if (token.length > LONGEST) return undefined;
  const match = SECRET_KEY.exec(token);
  if (match === null) return undefined;
  const end = token.length - CHECK_WIDTH;
  if (checkOf(token.slice(0, end)) !== token.slice(end)) return undefined;
  return partsOf(match);
}

/** Has it the shape of a secret key, its checksum aside? Such a token is one of ours or none. */
export function isSecretKeyShaped(token: string): boolean {
  return token.length <= LONGEST && SECRET_KEY.test(token);
}

/** The parts of a public key, or undefined when the text is none. */
export function parsePublicKey(text: string): TokenParts | undefined {
  const match = PUBLIC_KEY.exec(text);
  return match === null ? undefined : partsOf(match);
}

/** The first secret key (with a right or wrong checksum) inside any text, as its public parts. */
export function findSecretKey(text: string): TokenParts | undefined {
  const match = /([a-z][a-z0-9]{1,15})_sk_(live|test)_([0-9A-Za-z]{12})[0-9A-Za-z]{20,}/.exec(text);
  return match === null ? undefined : partsOf(match);
}

/** Six base62 characters: CRC-32 (ISO-HDLC, as zlib has it) of everything before them. */
function checkOf(body: string): string {
  let crc = 0xffffffff;
  for (let i = 0; i < body.length; i++)
    crc = (TABLE[(crc ^ body.charCodeAt(i)) & 0xff] as number) ^ (crc >>> 8);
  return base62(BigInt((crc ^ 0xffffffff) >>> 0), CHECK_WIDTH);
}

/** CRC-32 of each byte (polynomial 0xEDB88320). By hand, since loading zlib for 80 characters takes 3 ms. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

function partsOf(match: RegExpExecArray): TokenParts {
  const [, brand, mode, kid] = match as unknown as [string, string, Mode, string];
  return { brand, mode, kid };
}
