import type { Random } from '../../domain/ports/system.ts';
import type { Adoption, Rehash, UsageBatch, VersionUse } from '../../domain/ports/usage.ts';
import { drawGeneration } from '../queries/meta.ts';
import type { Connection } from './driver.ts';

const USED = `UPDATE keys SET last_used_at = max(COALESCE(last_used_at, ?1), ?1),
  version_used_at = CASE WHEN version = ?3 THEN max(COALESCE(version_used_at, ?1), ?1) ELSE version_used_at END,
  version_first_used_at = CASE WHEN version = ?3 THEN min(COALESCE(version_first_used_at, ?1), ?1)
    ELSE version_first_used_at END
  WHERE kid = ?2 RETURNING version`;
const USED_OLDER = `UPDATE key_versions SET last_used_at = max(COALESCE(last_used_at, ?1), ?1),
  first_used_at = min(COALESCE(first_used_at, ?1), ?1) WHERE kid = ?2 AND version = ?3`;

/** A store that was restored meanwhile may lack the pepper, without which no token would ever fit the new hash. */
const CAN_VERIFY = `EXISTS (SELECT 1 FROM peppers WHERE number = ?1 AND kind = 'pepper')
  AND (SELECT generation FROM meta) = ?2`;
/** Compare and set: a hash that a rotation has replaced meanwhile stays. */
const REHASHED = `UPDATE keys SET pepper = ?1, hash = ?3 WHERE kid = ?4 AND hash = ?5 AND ${CAN_VERIFY}`;

const FOUND_SO = 'SELECT kid, version FROM foreign_tokens WHERE kind = ? AND number = ? AND digest = ?';
const FORGET = `DELETE FROM foreign_tokens
  WHERE kind = ? AND number = ? AND digest = ? AND kid = ? AND version = ?`;
const FIND_SO = `INSERT INTO foreign_tokens (kind, number, digest, kid, version) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;
const KIND = 'INSERT INTO foreign_kinds (kind, number) VALUES (?, ?) ON CONFLICT DO NOTHING';
const OWN_HASH = 'SET pepper = ?1, hash = ?2 WHERE kid = ?3 AND version = ?4 AND pepper <= ?1';

/** Writes uses, hashes and adoptions within the open transaction of `connection`. */
export function recordBatch(
  connection: Connection,
  { used, rehashed, adopted }: UsageBatch,
  random: Random,
): void {
  if (used.length > 0) recordUses(connection, used);
  if (rehashed.size > 0) recordHashes(connection, rehashed);
  if (adopted.length > 0) recordAdoptions(connection, adopted, random);
}

/**
 * What a use is of is decided here and not by its `older`: between the use and now the version may have been
 * superseded, or have become the current one again.
 */
function recordUses(connection: Connection, used: readonly VersionUse[]): void {
  const raise = connection.prepare<[Bound], { version: number }>(USED);
  for (const { kid, version, at } of used) {
    const use = { 1: at, 2: kid, 3: version };
    const key = raise.get(use);
    if (key !== undefined && key.version !== version) connection.prepare(USED_OLDER).run(use);
  }
}

function recordHashes(connection: Connection, rehashed: ReadonlyMap<string, Rehash>): void {
  const replace = connection.prepare<[Bound]>(REHASHED);
  for (const [kid, { old, verifier, generation }] of rehashed)
    replace.run({ 1: verifier.pepper, 2: generation, 3: verifier.hash, 4: kid, 5: old });
}

/** All of a batch are compared with the generation before it, since each may be the first of its kind. */
function recordAdoptions(connection: Connection, adopted: readonly Adoption[], random: Random): void {
  const canVerify = connection.prepare<[Bound], number>(`SELECT ${CAN_VERIFY}`).pluck();
  const possible = adopted.filter(
    ({ verifier, generation }) => canVerify.get({ 1: verifier.pepper, 2: generation }) === 1,
  );
  const newKinds = possible.filter((adoption) => adopt(connection, adoption));
  // Verifiers that hold the kinds of before would not find these tokens.
  if (newKinds.length > 0) connection.prepare('UPDATE meta SET generation = ?').run(drawGeneration(random));
}

/** True when the token is from now on found under a kind that there was not before. */
function adopt(connection: Connection, { kid, version, old, found, spent, verifier }: Adoption): boolean {
  const owner = connection
    .prepare<unknown[], { kid: string; version: number }>(FOUND_SO)
    .get(found.kind, found.key, found.digest);
  // The same token imported twice, for two keys: the second stays with its foreign digest.
  if (owner !== undefined && (owner.kid !== kid || owner.version !== version)) return false;
  const forgotten = connection.prepare(FORGET).run(old.kind, old.key, old.digest, kid, version);
  if (forgotten.changes === 0) return false;
  connection.prepare(FIND_SO).run(found.kind, found.key, found.digest, kid, version);
  if (spent !== undefined) {
    connection.prepare(FIND_SO).run(spent.kind, spent.key, spent.digest, kid, version);
    // Only imports ask for it, and they hold nothing of it in memory.
    connection.prepare(KIND).run(spent.kind, spent.key);
  }
  const hash = { 1: verifier.pepper, 2: verifier.hash, 3: kid, 4: version };
  connection.prepare(`UPDATE keys ${OWN_HASH}`).run(hash);
  connection.prepare(`UPDATE key_versions ${OWN_HASH}`).run(hash);
  return connection.prepare(KIND).run(found.kind, found.key).changes > 0;
}

/** Values by the number of their place. */
interface Bound {
  readonly [place: number]: unknown;
}
