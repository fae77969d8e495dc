import { createHash } from 'node:crypto';
import type { AuditSealer } from '../ports/secrets.ts';
import type { AuditEntry, NewEntry } from './entry.ts';

/** `prev` of the very first entry. */
export const GENESIS = new Uint8Array(32);

/** When and by whom a transaction was made. */
export interface Signature {
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  readonly actor: string;
  readonly osUser: string | null;
}

/**
 * SHA-256 over the entry's canonical form: one JSON array of its parts in a fixed order, the format's
 * version first and the hash of the entry before last. Nothing but `hash` and `seal` is outside it.
 */
export function entryHash(entry: Omit<AuditEntry, 'hash' | 'seal'>): Uint8Array {
  const { seq, at, actor, osUser, action, target, workspaceId, facts, locked, prev } = entry;
  const canonical = [
    'keywright/audit/1',
    seq,
    at,
    actor,
    osUser,
    action,
    target,
    workspaceId,
    facts,
    locked,
    hex(prev),
  ];
  return createHash('sha256').update(JSON.stringify(canonical)).digest();
}

/**
 * The entries of one transaction, chained behind `head`. With a sealer the last one carries the seal
 * of the whole chain up to it; without, all are marked as made while locked.
 */
export function chain(
  head: Pick<AuditEntry, 'seq' | 'hash'> | undefined,
  entries: readonly NewEntry[],
  signature: Signature,
  sealer: AuditSealer | undefined,
): readonly AuditEntry[] {
  let before = head ?? { seq: 0, hash: GENESIS };
  return entries.map((entry, i) => {
    const open = {
      ...entry,
      ...signature,
      seq: before.seq + 1,
      locked: sealer === undefined,
      prev: before.hash,
    };
    const hash = entryHash(open);
    const seal = i === entries.length - 1 ? (sealer?.seal(open.seq, hash) ?? null) : null;
    before = { seq: open.seq, hash };
    return { ...open, hash, seal };
  });
}

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Are two byte strings equal? Not for secrets. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
