const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Big-endian base62 (`0-9A-Za-z`) of `value`, zero-padded to `width` characters. */
export function base62(value: bigint, width: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = ALPHABET.charAt(Number(rest % 62n)) + text;
  if (text.length > width) throw new RangeError(`does not fit in ${width} base62 characters`);
  return text.padStart(width, '0');
}

/** The bytes as one big-endian number in base62, zero-padded to `width` characters. */
export function base62OfBytes(bytes: Uint8Array, width: number): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return base62(value, width);
}
