import { timingSafeEqual } from 'node:crypto';
import { sameBytes } from '../audit/chain.ts';
import type { TokenHasher } from '../ports/secrets.ts';
import type { Readers } from '../ports/store.ts';
import { foreignDigests, vouched } from './foreign.ts';
import type { Held, Memory } from './held.ts';
import type { ForeignDigest, StoredVerifier, StoredVersion, VerificationRow } from './key.ts';
import type { Proof } from './usage.ts';

/** A key whose secret was proven, and what it was proven with. */
export interface Proven extends Proof {
  readonly row: VerificationRow;
  readonly held: Held;
}

interface Hit {
  readonly kid: string;
  readonly version: number;
  readonly foreign: ForeignDigest;
}

/** How often it is looked at again that somebody changed while it was being looked at. */
const TRIES = 5;

/** Is this the token's hash? False, too, when the pepper is missing. Compares in constant time. */
export function fits(
  stored: StoredVerifier,
  workspaceId: string,
  hasher: TokenHasher,
  token: string,
): boolean {
  const hash = hasher.hash(stored.pepper, workspaceId, token);
  return hash !== undefined && hash.length === stored.hash.length && timingSafeEqual(hash, stored.hash);
}

/**
 * Proves a token of a superseded version; `first` is the key's row, whose own hash it doesn't fit. Row and
 * versions are read one after the other: when neither fits and the row is another one by now, a version went from
 * the one to the other in between (a roll-back), and it is looked at again, so that a valid one is never missed.
 */
export async function proveOlder(
  keys: Readers['keys'],
  memory: Memory,
  token: string,
  first: VerificationRow,
): Promise<Proven | undefined> {
  let row = first;
  for (let tries = 0; tries < TRIES; tries++) {
    const versions = await keys.versionsForVerification(row.kid);
    const held = await memory.at(row.generation);
    const older = olderVersionOf(versions, row.workspaceId, held.hasher, token);
    if (older !== undefined) return { row, held, older };
    const again = await keys.forVerification(row.kid);
    if (again === undefined || isSame(again, row)) return undefined;
    row = again;
    const now = await memory.at(row.generation);
    if (fits(row, row.workspaceId, now.hasher, token)) return { row, held: now };
  }
  return undefined;
}

function isSame(a: VerificationRow, b: VerificationRow): boolean {
  return a.version === b.version && a.pepper === b.pepper && sameBytes(a.hash, b.hash);
}

/** The superseded version whose token this is. Looks at all of them, whichever fits. */
function olderVersionOf(
  versions: readonly StoredVersion[],
  workspaceId: string,
  hasher: TokenHasher,
  token: string,
): StoredVersion | undefined {
  // The hash is the same for all versions under one pepper: for a key that was rotated a thousand times it is one.
  const hashes = new Map<number, Uint8Array | undefined>();
  let found: StoredVersion | undefined;
  for (const version of versions) {
    if (!hashes.has(version.pepper))
      hashes.set(version.pepper, hasher.hash(version.pepper, workspaceId, token));
    const hash = hashes.get(version.pepper);
    if (hash?.length === version.hash.length && timingSafeEqual(hash, version.hash)) found ??= version;
  }
  return found;
}

/**
 * Proves a token that we didn't issue. All its digests are computed and looked up, found or not, so that time
 * doesn't tell which exist.
 */
export async function proveForeign(
  { keys, slots }: Pick<Readers, 'keys' | 'slots'>,
  memory: Memory,
  token: string,
): Promise<Proven | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    const generation = await slots.generation();
    const kinds = await memory.foreignKinds(generation);
    if (kinds.length === 0) return undefined;
    const { hasher } = await memory.at(generation);
    const hits: Hit[] = [];
    for (const foreign of foreignDigests(kinds, hasher, token)) {
      const owner = await keys.byForeign(foreign);
      if (owner !== undefined) hits.push({ ...owner, foreign });
    }
    const hit = await decisive(keys, hits);
    const proven = hit && (await proveHit(keys, memory, token, hit));
    if (proven !== undefined) return proven;
    // A hit that doesn't hold is of a version that moved meanwhile; no hit is final unless peppers or kinds changed.
    if (hits.length === 0 && (await slots.generation()) === generation) return undefined;
  }
  return undefined;
}

/**
 * The hit that says whose token it is. Who imports a digest of somebody's token must not take it from them, nor keep
 * it alive when they revoke it: what was imported or seen as the token itself wins over digests, and of those the key
 * that was created first, whatever became of it.
 */
async function decisive(keys: Readers['keys'], hits: readonly Hit[]): Promise<Hit | undefined> {
  const ours = hits.findLast(({ foreign }) => foreign.kind === 'token');
  if (ours !== undefined || hits.length < 2) return ours ?? hits[0];
  const dated: { readonly hit: Hit; readonly at: number }[] = [];
  for (const hit of hits) dated.push({ hit, at: (await keys.byKid(hit.kid))?.createdAt ?? Infinity });
  return dated.toSorted((a, b) => a.at - b.at)[0]?.hit;
}

async function proveHit(
  keys: Readers['keys'],
  memory: Memory,
  token: string,
  { kid, version, foreign }: Hit,
): Promise<Proven | undefined> {
  const row = await keys.forVerification(kid);
  if (row === undefined) return undefined;
  const held = await memory.at(row.generation);
  const isCurrent = row.version === version;
  const versions = isCurrent ? [] : await keys.versionsForVerification(kid);
  const older = versions.find((one) => one.version === version);
  const stored = isCurrent ? row : older;
  if (stored === undefined) return undefined;
  // A digest from elsewhere is found by the token itself; that it is the one that was imported, our hash of it says.
  const proof = foreign.kind === 'token' ? token : vouched(foreign);
  if (!fits(stored, row.workspaceId, held.hasher, proof)) return undefined;
  return { row, held, older, foreign };
}
