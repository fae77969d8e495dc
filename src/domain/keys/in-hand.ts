import type { TokenHasher } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import { LONGEST_FOREIGN } from './foreign.ts';
import { Memory } from './held.ts';
import { endOfOlder } from './older.ts';
import { fits, type Proven, proveForeign, proveOlder } from './prove.ts';
import { isSecretKeyShaped, parseSecretKey } from './token.ts';

/** Whose secret somebody has in hand, proven as a verification does it. */
export interface InHand {
  readonly kid: string;
  readonly version: number;
  /** Is it the current version, or an older one that still verifies? What has ended opens nothing any more. */
  readonly living: boolean;
}

/**
 * The version whose secret this token, shaped like a key of ours, is; undefined when it never was one. The shape alone
 * says nothing: whoever knows a public key can make it.
 */
export async function issuedInHand(
  store: Readers,
  hasher: TokenHasher,
  token: string,
  now: number,
): Promise<InHand | undefined> {
  const row = await store.keys.forVerification(parseSecretKey(token)?.kid ?? '');
  if (row === undefined) return undefined;
  const memory = new Memory(store, async () => hasher);
  if (fits(row, row.workspaceId, hasher, token))
    return inHand({ row, held: await memory.at(row.generation) }, now);
  const older = await proveOlder(store.keys, memory, token, row);
  return older && inHand(older, now);
}

/**
 * The key whose imported token this is. Asks for the hasher, which unlocks, only when tokens were imported and it has
 * not the shape of a key of ours.
 */
export async function importedInHand(
  store: Readers,
  hasher: () => Promise<TokenHasher>,
  token: string,
  now: number,
): Promise<InHand | undefined> {
  if (token === '' || token.length > LONGEST_FOREIGN || isSecretKeyShaped(token)) return undefined;
  const proven = await proveForeign(store, new Memory(store, hasher), token);
  return proven && inHand(proven, now);
}

function inHand({ row, older }: Proven, now: number): InHand {
  if (older === undefined) return { kid: row.kid, version: row.version, living: true };
  const end = endOfOlder(older, row.olderUntil);
  return { kid: row.kid, version: older.version, living: end === null || end > now };
}
