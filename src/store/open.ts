import type { Bytes, Snapshot, StoreCopy } from '../domain/ports/backup.ts';
import type { Store, StoreSeed } from '../domain/ports/store.ts';
import { Failure } from '../errors.ts';
import type { StoreDeps } from './deps.ts';
import type { StoreFinding } from './sqlite/check.ts';

/** What every engine offers. `at` is the part of a location after the engine's name. */
interface Engine {
  open(at: string, deps: StoreDeps): Promise<Store>;
  create(at: string, deps: StoreDeps, seed: () => Promise<StoreSeed>): Promise<{ created: boolean }>;
  inspect(at: string, deps: StoreDeps): Promise<readonly StoreFinding[]>;
  repair(at: string, deps: StoreDeps): Promise<readonly StoreFinding[]>;
  snapshot(at: string, deps: StoreDeps): Promise<Snapshot>;
  copied<T>(at: string, deps: StoreDeps, database: Bytes, work: (copy: StoreCopy) => Promise<T>): Promise<T>;
}

/** The one place that knows which engines there are. Loaded on use: a command pays for what it does. */
const ENGINES: Readonly<Record<string, Engine>> = {
  sqlite: {
    open: async (at, deps) => (await import('./sqlite/store.ts')).openSqlite(at, deps),
    create: async (at, deps, seed) => (await import('./sqlite/create.ts')).createSqlite(at, deps, seed),
    inspect: async (at, deps) => (await import('./sqlite/check.ts')).inspectSqlite(at, deps),
    repair: async (at, deps) => (await import('./sqlite/repair.ts')).repairSqlite(at, deps),
    snapshot: async (at, deps) => (await import('./sqlite/snapshot.ts')).snapshotSqlite(at, deps),
    copied: async (at, deps, database, work) =>
      (await import('./sqlite/aside.ts')).copiedSqlite(at, deps, database, work),
  },
};

/** Opens the store at `engine:place`, e.g. `sqlite:/home/ana/keywright.db`. Throws as the engine does, `usage` for another location. */
export function openStore(location: string, deps: StoreDeps): Promise<Store> {
  const { engine, at } = engineOf(location);
  return engine.open(at, deps);
}

/** Makes the store unless it is there; `seed` is called only when it is not, by one process at a time. */
export function createStore(
  location: string,
  deps: StoreDeps,
  seed: () => Promise<StoreSeed>,
): Promise<{ created: boolean }> {
  const { engine, at } = engineOf(location);
  return engine.create(at, deps, seed);
}

/** What is wrong with the store's files and content. Changes nothing. */
export function inspectStore(location: string, deps: StoreDeps): Promise<readonly StoreFinding[]> {
  const { engine, at } = engineOf(location);
  return engine.inspect(at, deps);
}

/** Mends what `inspectStore` calls fixable and gives back what it mended. */
export function repairStore(location: string, deps: StoreDeps): Promise<readonly StoreFinding[]> {
  const { engine, at } = engineOf(location);
  return engine.repair(at, deps);
}

/** The store's bytes as of one moment, for a backup. */
export function snapshotStore(location: string, deps: StoreDeps): Promise<Snapshot> {
  const { engine, at } = engineOf(location);
  return engine.snapshot(at, deps);
}

/** Opens a backup's database beside the store's place, whether there is a store or not; one at a time. */
export function copiedStore<T>(
  location: string,
  deps: StoreDeps,
  database: Bytes,
  work: (copy: StoreCopy) => Promise<T>,
): Promise<T> {
  const { engine, at } = engineOf(location);
  return engine.copied(at, deps, database, work);
}

function engineOf(location: string): { engine: Engine; at: string } {
  const [name = '', ...rest] = location.split(':');
  const engine = Object.hasOwn(ENGINES, name) ? ENGINES[name] : undefined;
  if (engine !== undefined) return { engine, at: rest.join(':') };
  throw new Failure('usage', 'the location of the store names no engine that this program has', {
    hint: 'KEYWRIGHT_STORE=sqlite:/absolute/path/keywright.db',
  });
}
