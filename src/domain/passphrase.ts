/** Fewest characters (code points after NFC) of a new passphrase; NIST SP 800-63B-4 section 3.1.1.2. */
export const SHORTEST_PASSPHRASE = 15;

/** Has a new passphrase too few characters? */
export function isTooShort(passphrase: string): boolean {
  return [...passphrase.normalize('NFC')].length < SHORTEST_PASSPHRASE;
}
