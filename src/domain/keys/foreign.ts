import { createHash } from 'node:crypto';
import { hex } from '../audit/chain.ts';
import type { TokenHasher } from '../ports/secrets.ts';
import type { Adoption } from '../ports/usage.ts';
import type { ForeignDigest, VerificationRow } from './key.ts';

type Kinds = readonly Pick<ForeignDigest, 'kind' | 'key'>[];

/** Longer tokens are never imported, so never looked up. */
export const LONGEST_FOREIGN = 4096;

/**
 * The digests by which an imported token may be found, given the kinds that there are. What was adopted moves
 * from any of them to `token` under the newest pepper, so that one is the last: whoever looks them up in this
 * order misses no token that moves meanwhile. Digests whose key is missing are left out.
 */
export function foreignDigests(kinds: Kinds, hasher: TokenHasher, token: string): readonly ForeignDigest[] {
  if (kinds.length === 0) return [];
  const ours = kinds.filter(({ kind, key }) => kind === 'token' && key !== hasher.current);
  const ordered = [
    ...kinds.filter(({ kind }) => kind !== 'token' && kind !== 'spent'),
    ...ours.toSorted((a, b) => a.key - b.key),
    { kind: 'token', key: hasher.current } as const,
  ];
  return ordered.flatMap(({ kind, key }) => {
    const digest = digestOf(kind, key, hasher, token);
    return digest === undefined ? [] : [{ kind, key, digest }];
  });
}

function digestOf(
  kind: ForeignDigest['kind'],
  key: number,
  hasher: TokenHasher,
  token: string,
): Uint8Array | undefined {
  switch (kind) {
    case 'token':
      return hasher.find(key, token);
    case 'hmac-sha256':
      return hasher.imported(key, token);
    case 'sha256':
    case 'sha512':
      return createHash(kind).update(token, 'utf8').digest();
    case 'spent':
      return undefined;
  }
}

/**
 * What is stored beside an imported digest until its token has been seen: our hash of the digest itself. Whoever
 * can write the database can't make it, so a digest that they put there proves nothing. No token holds a NUL.
 */
export function vouched({ kind, key, digest }: ForeignDigest): string {
  return `keywright/imported/v1\0${kind}\0${key}\0${hex(digest)}`;
}

/**
 * What remembers imported digests that were replaced, under each pepper under which the store has such marks. They
 * tell nobody which digests those were.
 */
export function spentMarks(
  digests: readonly ForeignDigest[],
  kinds: Kinds,
  hasher: TokenHasher,
): readonly ForeignDigest[] {
  const peppers = kinds.filter(({ kind }) => kind === 'spent').map(({ key }) => key);
  return peppers.flatMap((pepper) => digests.flatMap((digest) => spentMark(digest, pepper, hasher) ?? []));
}

/** No token holds a NUL, so none is found by it. Our own digests need none: they say which token it was. */
function spentMark(
  { kind, key, digest }: ForeignDigest,
  pepper: number,
  hasher: TokenHasher,
): ForeignDigest | undefined {
  if (kind === 'token') return undefined;
  const mark = hasher.find(pepper, `keywright/spent/v1\0${kind}\0${key}\0${hex(digest)}`);
  return mark && { kind: 'spent', key: pepper, digest: mark };
}

/**
 * What takes the place of an imported digest, or of ours under an older pepper, once the token itself has been
 * seen; undefined when it is found by the newest pepper already, or that is missing.
 */
export function adoptionOf(
  row: VerificationRow,
  version: number,
  old: ForeignDigest,
  hasher: TokenHasher,
  token: string,
): Adoption | undefined {
  const { current } = hasher;
  if (old.kind === 'token' && old.key === current) return undefined;
  const [digest, hash] = [hasher.find(current, token), hasher.hash(current, row.workspaceId, token)];
  if (digest === undefined || hash === undefined) return undefined;
  return {
    kid: row.kid,
    version,
    old,
    found: { kind: 'token', key: current, digest },
    spent: spentMark(old, current, hasher),
    verifier: { pepper: current, hash },
    generation: row.generation,
  };
}
