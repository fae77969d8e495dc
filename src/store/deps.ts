import type { Random } from '../domain/ports/system.ts';
import type { Migration } from './migrations/migration.ts';

/** Who keeps us waiting; the pid is known on Linux only. */
export interface LockHolder {
  readonly pid?: number | undefined;
}

/** The running process, and whether others run. */
interface Processes {
  readonly pid: number;
  /** False only when there is surely no process of this number. */
  isRunning(pid: number): boolean;
}

/** What a store needs from the machine, and what it tells while it waits. */
export interface StoreDeps {
  readonly random: Random;
  /** `process.platform`. */
  readonly platform: string;
  /** `process.getuid()`; undefined where users have no numbers, and then modes aren't checked. */
  readonly uid: number | undefined;
  /** Called once per wait, after about a second. */
  readonly onWait: (holder: LockHolder) => void;
  /** Where there is no /proc to look into; without it no process is ever taken for ended there. */
  readonly processes?: Processes | undefined;
  /** How long another writer is waited for, ms; 10,000 when left out. */
  readonly busyTimeoutMs?: number;
  /** The steps from an empty database to the present one; `MIGRATIONS` when left out. */
  readonly migrations?: readonly Migration[];
  /** Most memory for pages of the database that are being read, KiB; SQLite's own 16,000 when left out. */
  readonly readCacheKiB?: number | undefined;
  /** Milliseconds from any start, never going back; `performance.now` when left out. */
  readonly elapsed?: () => number;
  /**
   * Also open a store of a newer program whose `min_reader` allows it, for reading only. For
   * verifiers, which are upgraded after the command line.
   */
  readonly readNewer?: boolean;
}
