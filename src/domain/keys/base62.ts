const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Digits taken off at once, as a number that is exact: arithmetic with big ones is slow. */
const AT_ONCE = 8;
const PIECE = 62n ** BigInt(AT_ONCE);

/** Big-endian base62 (`0-9A-Za-z`) of `value`, zero-padded to `width` characters. */
export function base62(value: bigint, width: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= PIECE)
    text = digits(Number(rest % PIECE)).padStart(AT_ONCE, '0') + text;
  text = text.replace(/^0+/, '');
  if (text.length > width) throw new RangeError(`does not fit in ${width} base62 characters`);
  return text.padStart(width, '0');
}

function digits(value: number): string {
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / 62)) text = ALPHABET.charAt(rest % 62) + text;
  return text;
}

/** The bytes as one big-endian number in base62, zero-padded to `width` characters. */
export function base62OfBytes(bytes: Uint8Array, width: number): string {
  return base62(numberOf(bytes), width);
}

/** The bytes as one big-endian number; at least one byte. */
export function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}
