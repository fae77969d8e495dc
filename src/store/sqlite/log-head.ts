import type { Head } from '../../domain/ports/backup.ts';
import type { Connection } from './driver.ts';

/** The newest entry of the log. */
export function headOf(connection: Connection): Head | undefined {
  return connection.prepare<[], Head>('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1').get();
}

/** The entry with this number. */
export function entryAt(connection: Connection, seq: number): Head | undefined {
  return connection.prepare<[number], Head>('SELECT seq, hash FROM audit WHERE seq = ?').get(seq);
}

/** Is it the same entry, and so the same log up to there? None is like none. */
export function isSame(head: Head | undefined, expected: Head | undefined): boolean {
  if (head === undefined || expected === undefined) return head === expected;
  return head.seq === expected.seq && Buffer.compare(head.hash, expected.hash) === 0;
}
