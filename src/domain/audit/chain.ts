import { hash } from 'node:crypto';
import type { AuditSealer } from '../ports/secrets.ts';
import type { AuditEntry, NewEntry } from './entry.ts';

/** `prev` of the very first entry. */
export const GENESIS = new Uint8Array(32);

/** Entries of one part. */
const PART = 500;

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
  // In one go, and with a Buffer from the pool: half the time of a Hash and a Buffer of its own (measured).
  return Buffer.from(hash('sha256', JSON.stringify(canonical), 'binary'), 'binary');
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
  return [...chainInParts(head, entries, signature, sealer)].flat();
}

/** The same in parts, so that whoever writes many entries doesn't hold all of them twice. */
export function* chainInParts(
  head: Pick<AuditEntry, 'seq' | 'hash'> | undefined,
  entries: readonly NewEntry[],
  signature: Signature,
  sealer: AuditSealer | undefined,
): Generator<readonly AuditEntry[]> {
  const locked = sealer === undefined;
  let before = head ?? { seq: 0, hash: GENESIS };
  for (let start = 0; start < entries.length; start += PART) {
    yield entries.slice(start, start + PART).map((entry, i) => {
      const open = { ...entry, ...signature, seq: before.seq + 1, locked, prev: before.hash };
      const own = entryHash(open);
      const isLast = start + i === entries.length - 1;
      before = { seq: open.seq, hash: own };
      return { ...open, hash: own, seal: isLast && sealer ? sealer.seal(open.seq, own) : null };
    });
  }
}

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Are two byte strings equal? Not for secrets. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
