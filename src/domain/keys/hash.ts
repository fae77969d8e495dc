import type { TokenHasher } from '../ports/secrets.ts';
import type { Secret } from '../secret.ts';
import type { StoredVerifier } from './key.ts';

/** What is stored of a new secret key: its hash under the newest pepper. */
export function verifierFor(hasher: TokenHasher, workspaceId: string, secretKey: Secret): StoredVerifier {
  const hash = hasher.hash(hasher.current, workspaceId, secretKey.reveal());
  if (hash === undefined) throw new Error(`pepper ${hasher.current} is missing`);
  return { pepper: hasher.current, hash };
}
