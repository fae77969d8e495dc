import { createHash } from 'node:crypto';
import { foreignDigests, spentMarks, vouched } from '../keys/foreign.ts';
import { verifierFor } from '../keys/hash.ts';
import type { ForeignDigest, ForeignKind, StoredVerifier } from '../keys/key.ts';
import type { TokenHasher } from '../ports/secrets.ts';
import { Secret } from '../secret.ts';
import { DIGEST_SIZES, parseDigest } from './digest.ts';
import type { HmacKey } from './hmac-key.ts';
import { type Field, type Row, SECRET_FIELDS, type SecretField } from './row.ts';
import { refuseToken } from './token.ts';

/** How the token of an imported key is found and proven. */
export interface Proof {
  readonly found: ForeignDigest;
  readonly aliases: readonly ForeignDigest[];
  readonly verifier: StoredVerifier;
}

/** Under which kinds, and which keys of theirs, tokens are known. */
export type ForeignKinds = readonly Pick<ForeignDigest, 'kind' | 'key'>[];

/** What turning a row's secret into a proof needs. */
export interface ProofMeans {
  readonly hasher: TokenHasher;
  readonly workspaceId: string;
  readonly kinds: ForeignKinds;
  readonly hmac: HmacKey | undefined;
}

const KINDS = { sha256: 'sha256', sha512: 'sha512', hmac_sha256: 'hmac-sha256' } as const satisfies Record<
  Exclude<SecretField, 'token'>,
  ForeignKind
>;

/**
 * All kinds under which tokens are known in the store, ours under the newest pepper included. Looking a raw token
 * up under each finds a digest of it that was imported before.
 */
export function kindsToLookAt(inStore: ForeignKinds, hasher: TokenHasher): ForeignKinds {
  const ours = { kind: 'token', key: hasher.current } as const;
  return [...inStore.filter(({ kind, key }) => kind !== ours.kind || key !== ours.key), ours];
}

/** What a table holds for those that never had a token. */
const OF_NOTHING = {
  sha256: createHash('sha256').digest(),
  sha512: createHash('sha512').digest(),
};

/** Turns the one secret of a row into what is stored of it. */
export function proofMaker(
  means: ProofMeans,
): (values: Row['values']) => Proof | { readonly field?: Field; readonly reason: string } {
  // With the digests of this file, so that a raw token is compared with those that came before it.
  let kinds = means.kinds;
  return (values) => {
    const given = SECRET_FIELDS.filter((field) => values[field] !== undefined);
    const [field] = given;
    if (field === undefined || given.length > 1)
      return { reason: `it must have exactly one of ${SECRET_FIELDS.join(', ')}` };
    const text = `${values[field]}`;
    if (field === 'token') return ofToken(text, { ...means, kinds });
    const proof = ofDigest(field, text, means);
    if ('found' in proof) kinds = withKind(kinds, proof.found);
    return proof;
  };
}

function withKind(kinds: ForeignKinds, { kind, key }: ForeignDigest): ForeignKinds {
  return kinds.some((one) => one.kind === kind && one.key === key) ? kinds : [{ kind, key }, ...kinds];
}

function ofToken(
  token: string,
  { hasher, workspaceId, kinds }: ProofMeans,
): Proof | { field: Field; reason: string } {
  const reason = refuseToken(token);
  if (reason !== undefined) return { field: 'token', reason };
  const aliases = foreignDigests(kinds, hasher, token);
  const found = aliases.at(-1);
  if (found === undefined) throw new Error(`pepper ${hasher.current} is missing`);
  const { pepper, hash } = verifierFor(hasher, workspaceId, new Secret(token));
  return {
    found,
    aliases: [...aliases.slice(0, -1), ...spentMarks(aliases, kinds, hasher)],
    verifier: { pepper, hash },
  };
}

function ofDigest(
  field: keyof typeof KINDS,
  text: string,
  { hasher, workspaceId, kinds, hmac }: ProofMeans,
): Proof | { field: Field; reason: string } {
  const size = DIGEST_SIZES[field];
  const digest = parseDigest(text, size);
  if (digest === undefined) return { field, reason: `must be ${size} bytes in hex or base64` };
  const kind = KINDS[field];
  if (kind === 'hmac-sha256' && hmac === undefined)
    return { field, reason: 'needs its key: --hmac-key-from-file or --hmac-key-from-env' };
  const nothing = kind === 'hmac-sha256' ? hmac?.ofNothing : OF_NOTHING[kind];
  if (nothing !== undefined && Buffer.compare(nothing, digest) === 0)
    return { field, reason: 'is the digest of no token at all' };
  const key = kind === 'hmac-sha256' ? (hmac?.number ?? 0) : 0;
  const found = { kind, key, digest };
  const { pepper, hash } = verifierFor(hasher, workspaceId, new Secret(vouched(found)));
  return { found, aliases: spentMarks([found], kinds, hasher), verifier: { pepper, hash } };
}
