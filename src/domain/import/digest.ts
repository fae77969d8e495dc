/** Bytes of each digest that can be imported. */
export const DIGEST_SIZES = { sha256: 32, sha512: 64, hmac_sha256: 32 } as const;

/**
 * The digest in hex (either case), base64 or base64url (with padding or without), told apart by length; undefined
 * when it isn't exactly how one of them writes `size` bytes.
 */
export function parseDigest(text: string, size: number): Uint8Array | undefined {
  if (text.length === 2 * size) return /^[0-9a-fA-F]+$/.test(text) ? Buffer.from(text, 'hex') : undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== size) return undefined;
  const forms = (['base64', 'base64url'] as const).flatMap((encoding) => {
    const bare = bytes.toString(encoding).replace(/=+$/, '');
    return [bare, bare.padEnd(Math.ceil(bare.length / 4) * 4, '=')];
  });
  return forms.includes(text) ? bytes : undefined;
}

/** Is a token shaped like a SHA-256 or SHA-512 digest in hex? Some random tokens are, too. */
export function isLikeDigest(token: string): boolean {
  return (token.length === 64 || token.length === 128) && /^[0-9a-fA-F]+$/.test(token);
}
