import { join } from 'node:path';
import type { Context } from './context.ts';
import type { Ledger } from './domain/audit/change.ts';
import { compareAnchor } from './domain/audit/compare-anchor.ts';
import type { OperatorAccess, Secrets } from './domain/ports/secrets.ts';
import type { Store } from './domain/ports/store.ts';
import type { Anchor, Random } from './domain/ports/system.ts';
import { unlockNow } from './domain/slots/locked-store.ts';
import { PROGRAM } from './errors.ts';
import type { StoreDeps } from './store/deps.ts';
import { exists, noStoreAt } from './store/missing.ts';
import {
  copiedStore,
  createStore,
  inspectStore,
  openStore,
  repairStore,
  snapshotStore,
} from './store/open.ts';
import type { Locations } from './system/paths.ts';
import { parseKeychainTimeout } from './system/timeout.ts';
import type { TerminalProcess, TerminalSide } from './terminal/open.ts';

const KEYCHAIN_HELPER = join(import.meta.dirname, '../dist/keychain-helper.cjs');

/** The part of Node's `process` that is used; tests give their own. */
export type ProcessLike = TerminalProcess &
  Pick<NodeJS.Process, 'env' | 'argv' | 'execPath'> & { geteuid?: () => number; hrtime?: NodeJS.HRTime };

/** How a store is read. */
export type Reading = Pick<StoreDeps, 'readCacheKiB' | 'readNewer'>;

/** What the parts of a context share. */
export interface Machine extends TerminalSide {
  readonly proc: ProcessLike;
  readonly reading: Reading;
  readonly now: () => number;
  readonly random: Random;
  readonly uid: number | undefined;
  env(name: string): string | undefined;
  where(): Locations;
  anchor(): Anchor;
}

type StoreSide = Pick<
  Context,
  | 'hasStore'
  | 'store'
  | 'createStore'
  | 'secrets'
  | 'operator'
  | 'verifier'
  | 'ledger'
  | 'inspect'
  | 'repair'
  | 'backups'
  | 'close'
>;

/** The store and what opens it; each opened once. */
export function storeSide(machine: Machine, sources: Context['sources'], actor: Context['actor']): StoreSide {
  const { where, anchor, out, uid, now } = machine;
  const location = (): string => `${where().store.engine}:${where().store.path}`;
  const deps = storeDeps(machine);
  const secrets = once(() => openSecretsOf(machine));
  const hasStore = (): boolean => exists(where().store.path);
  let opened: Promise<Store> | undefined;
  let checked = false;
  let unlocked: Promise<OperatorAccess> | undefined;

  /** The anchor is read before the store is opened: what is remembered can then only be behind it. */
  async function store(options: { unchecked?: boolean } = {}): Promise<Store> {
    const mark = checked ? undefined : anchor().read();
    if (!hasStore()) throw noStoreAt(where().store.path, mark !== undefined);
    opened ??= openStore(location(), deps);
    const current = await opened;
    if (!checked && options.unchecked !== true) {
      const problem = await compareAnchor(mark, current);
      if (problem !== undefined) throw problem;
      checked = true;
    }
    return current;
  }

  const current = (): Promise<Store> => opened ?? store();
  const operator = ({ again = false } = {}): Promise<OperatorAccess> => {
    if (again || unlocked === undefined)
      unlocked = current().then(async (open) => {
        const { unlockOperator } = await secrets();
        return unlockNow(open, (locked) => unlockOperator(locked, sources));
      });
    return unlocked;
  };

  return {
    store,
    secrets,
    operator,
    hasStore,
    createStore: (seed) => createStore(location(), deps, seed),
    async verifier() {
      const { unlockVerifier } = await secrets();
      return unlockNow(await current(), (locked) => unlockVerifier(locked, sources));
    },
    async ledger(how): Promise<Ledger> {
      const access = how === 'unlocked' ? await operator() : undefined;
      return {
        ...{ store: await current(), anchor: anchor(), actor: actor(), now },
        sealer: access?.audit,
        unlockedBy: access?.slot,
        anchorFailed: () =>
          void out.warn(`note: ${anchor().path} could not be written; ${PROGRAM} doctor tells more`),
      };
    },
    async inspect() {
      const { inspectFolders } = await import('./system/folders.ts');
      const files = hasStore() ? await inspectStore(location(), deps) : [];
      return [...inspectFolders(where(), uid, { hasStore: hasStore(), now: now() }), ...files];
    },
    async repair() {
      const { repairFolders } = await import('./system/folders.ts');
      const folders = repairFolders(where(), uid, { hasStore: hasStore(), now: now() });
      const mended = [...folders, ...(hasStore() ? await repairStore(location(), deps) : [])];
      return mended.map(({ message }) => message);
    },
    async backups() {
      const { seal, open } = await import('./backup/age.ts');
      const { checkPassphrase, checkRecipients } = await import('./backup/keys.ts');
      const { fileBytes } = await import('./backup/read.ts');
      return {
        ...{ checkPassphrase, checkRecipients, seal, open },
        read: (path) => fileBytes(path, where().store.path),
        snapshot: () => snapshotStore(location(), deps),
        copied: (database, work) => copiedStore(location(), deps, database, work),
      };
    },
    async close() {
      out.notice.clear();
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

function storeDeps({ random, proc, uid, out, reading }: Machine): StoreDeps {
  return {
    ...reading,
    ...(proc.hrtime === undefined ? {} : { elapsed: elapsedBy(proc.hrtime) }),
    random,
    platform: proc.platform,
    uid,
    processes: { pid: proc.pid, isRunning: (pid) => isRunning(proc, pid) },
    onWait: ({ pid }) => {
      const who = pid === undefined ? 'another process' : `process ${pid}`;
      out.notice.show(`waiting for ${who} to finish with the store`);
    },
  };
}

/** Not `performance`: the first use of it loads ten modules of Node's, which is a millisecond. */
function elapsedBy(hrtime: NodeJS.HRTime): () => number {
  return () => {
    const [seconds, nanoseconds] = hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  };
}

/** Signal 0 asks only; who may not send it to a process knows that it is there. */
function isRunning(proc: ProcessLike, pid: number): boolean {
  try {
    return proc.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

async function openSecretsOf({
  where,
  random,
  now,
  uid,
  proc,
  env,
  out,
  mayAsk,
  stdinIsTTY,
}: Machine): Promise<Secrets> {
  const { openSecrets } = await import('./secrets/open.ts');
  return openSecrets({
    random,
    clock: now,
    uid,
    ownKeyFile: where().keyFile,
    ownFolder: where().configDir,
    keychain: {
      command: proc.execPath,
      args: [KEYCHAIN_HELPER],
      env: proc.env,
      // Asked for late: only a keychain needs to know, and Node takes 2 ms to make `stderr`.
      get terminal() {
        return mayAsk && (stdinIsTTY() || proc.stderr.isTTY === true);
      },
      timeoutMs: parseKeychainTimeout(env('KEYWRIGHT_KEYCHAIN_TIMEOUT')),
      onWait: () => out.notice.show('waiting for the OS keychain; is it asking to be unlocked?'),
    },
  });
}

/** Makes it at the first call, and gives back the same from then on. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
