import { findSecretKey, parsePublicKey } from '../keys/token.ts';

const SHORTEST = 16;
const LONGEST = 4096;

/** Why the text can't be imported as a token; undefined when it can. README, "Import", has the rule. */
export function refuseToken(text: string): string | undefined {
  if (text.length < SHORTEST || text.length > LONGEST)
    return `has ${text.length} characters; a token has ${SHORTEST} to ${LONGEST}`;
  if (!/^[!-~]+$/.test(text)) return 'holds something other than visible ASCII characters';
  if (findSecretKey(text) !== undefined)
    return 'is shaped like a key of this program; those move with a backup';
  if (parsePublicKey(text) !== undefined) return 'is shaped like a public key';
  return undefined;
}
