import { chain, entryHash, GENESIS } from '../../src/domain/audit/chain.ts';
import type { AuditEntry, NewEntry } from '../../src/domain/audit/entry.ts';
import type { AuditSealer } from '../../src/domain/ports/secrets.ts';
import type { AuditReader } from '../../src/domain/ports/store.ts';
import type { AnchorMark } from '../../src/domain/ports/system.ts';

const START = Date.UTC(2026, 0, 1);

/** What a transaction records: one entry a word, each about a key of that name. */
export function transaction(...words: readonly string[]): readonly NewEntry[] {
  return words.map((word) => ({
    action: 'key.create',
    target: `key_${word}`,
    workspaceId: 'ws_1',
    facts: { name: word, scopes: ['orders:read'], expires_at: null, disabled: false },
  }));
}

/** A log of transactions, each sealed by its sealer; undefined means made while locked. */
export function logOf(
  transactions: readonly (readonly [readonly NewEntry[], AuditSealer | undefined])[],
): readonly AuditEntry[] {
  const log: AuditEntry[] = [];
  for (const [i, [entries, sealer]] of transactions.entries()) {
    log.push(...chain(log.at(-1), entries, { at: START + i * 1000, actor: 'ana', osUser: null }, sealer));
  }
  return log;
}

/** The rows as a database gives them: from `seq` on, in order of their sequence. */
export function readerOf(rows: readonly AuditEntry[]): Pick<AuditReader, 'from'> {
  const ordered = rows.toSorted((a, b) => a.seq - b.seq);
  return { from: async (seq, limit) => ordered.filter((row) => row.seq >= seq).slice(0, limit) };
}

/** What a forger without the key does to hide a change: numbers, links and hashes are made right again from `seq` on. */
export function rechained(
  rows: readonly AuditEntry[],
  seq: number,
  more: (row: AuditEntry) => Partial<AuditEntry> = () => ({}),
): readonly AuditEntry[] {
  const made = rows.slice(0, seq - 1);
  for (const row of rows.slice(seq - 1)) {
    const before = made.at(-1);
    const open = { ...row, ...more(row), seq: (before?.seq ?? 0) + 1, prev: before?.hash ?? GENESIS };
    made.push({ ...open, hash: entryHash(open) });
  }
  return made;
}

/** What a machine remembers that has seen the whole log. */
export function markOf(log: readonly AuditEntry[]): AnchorMark {
  const last = log.at(-1) as AuditEntry;
  return { storeId: 'store_1', seq: last.seq, head: last.hash };
}
