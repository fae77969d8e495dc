import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context, Globals, Host, Places } from './context.ts';
import type { Ledger } from './domain/audit/change.ts';
import { compareAnchor } from './domain/audit/compare-anchor.ts';
import type { OperatorAccess, Secrets } from './domain/ports/secrets.ts';
import type { Store } from './domain/ports/store.ts';
import type { Anchor, Random } from './domain/ports/system.ts';
import { lockedStore } from './domain/slots/locked-store.ts';
import { PROGRAM } from './errors.ts';
import type { StoreDeps } from './store/deps.ts';
import { exists, noStoreAt } from './store/missing.ts';
import { createStore, inspectStore, openStore, repairStore } from './store/open.ts';
import { actorOf } from './system/actor.ts';
import { anchorFor } from './system/anchor.ts';
import { changeConfig, readConfig } from './system/config.ts';
import { homeFolder, osUser } from './system/owner.ts';
import { type Locations, locate } from './system/paths.ts';
import { programName } from './system/program.ts';
import { parseKeychainTimeout } from './system/timeout.ts';
import { openTerminalSide, type TerminalProcess, type TerminalSide } from './terminal/open.ts';
import { chunksOf } from './terminal/stdin.ts';
import { takePassphrase, unlockSources } from './terminal/unlock-sources.ts';

/** The part of Node's `process` that is used; tests give their own. */
export type ProcessLike = TerminalProcess &
  Pick<NodeJS.Process, 'env' | 'argv' | 'execPath'> & { geteuid?: () => number };

/** What a test may put in place of the machine's own. */
export interface Substitutes {
  readonly now?: () => number;
  readonly random?: Random;
}

/** How a store is read. */
type Reading = Pick<StoreDeps, 'readCacheKiB' | 'readNewer'>;

/**
 * A server verifies for a long time and all over a store: at a million keys a larger cache takes a third off
 * each verification. And it is brought up to date later than the command line beside it.
 */
const IN_A_SERVER: Reading = { readCacheKiB: 65_536, readNewer: true };

/** No secret key is longer than 86 characters; a line beyond this is no key. */
const LONGEST_KEY_LINE = 4096;
const PROJECT = join(import.meta.dirname, '..');
const KEYCHAIN_HELPER = join(PROJECT, 'dist/keychain-helper.cjs');
/** A clone has it, an installed package doesn't. */
const CLONE_MARK = join(PROJECT, 'package-lock.json');

/** The real machine: picks every backend, opens each on first use. */
export function liveContext(proc: ProcessLike, substitutes: Substitutes = {}, reading: Reading = {}): Host {
  const passphrase = takePassphrase(Object.getPrototypeOf(proc) === process ? process : proc, proc.env);
  const program = programName((name) => proc.env[name], proc.argv[1]);
  return {
    get version() {
      return JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')).version;
    },
    program,
    debug: proc.env.KEYWRIGHT_DEBUG === '1',
    reinstall: exists(CLONE_MARK) ? 'npm ci' : 'npm install -g keywright',
    open: (globals) => openContext({ proc, program, passphrase, globals, substitutes, reading }),
  };
}

/** The host of this very process, for the library. `home` goes before `KEYWRIGHT_HOME`. */
export function ownHost(home: string | undefined): Host {
  takePassphrase(process, process.env);
  if (home === undefined) return liveContext(process, {}, IN_A_SERVER);
  const env = { ...process.env, KEYWRIGHT_HOME: home };
  return liveContext(Object.create(process, { env: { value: env } }), {}, IN_A_SERVER);
}

interface Setting {
  readonly proc: ProcessLike;
  readonly program: string;
  readonly passphrase: string | undefined;
  readonly globals: Globals;
  readonly substitutes: Substitutes;
  readonly reading: Reading;
}

/** What the parts of a context share. */
interface Machine extends TerminalSide {
  readonly proc: ProcessLike;
  readonly reading: Reading;
  readonly now: () => number;
  readonly random: Random;
  readonly uid: number | undefined;
  env(name: string): string | undefined;
  where(): Locations;
  anchor(): Anchor;
}

function openContext(setting: Setting): Context {
  const { proc, globals, substitutes } = setting;
  const env = (name: string): string | undefined => proc.env[name] || undefined;
  const where = once(() => locate({ env, platform: proc.platform, homedir: homeFolder(env, proc.platform) }));
  const uid = proc.geteuid?.();
  const machine: Machine = {
    ...openTerminalSide({ ...setting, env, ownDescriptors: proc === process }),
    ...{ proc, env, uid, where, reading: setting.reading },
    now: substitutes.now ?? Date.now,
    // Called, not named: `node:crypto` is loaded on first use, which is 5 ms that a list doesn't pay.
    random: substitutes.random ?? ((size: number) => randomBytes(size)),
    anchor: once(() => anchorFor({ folder: where().anchorDir, storePath: where().store.path, uid })),
  };
  const actor = once(() =>
    actorOf({ flag: globals.actor, variable: env('KEYWRIGHT_ACTOR'), osUser: osUser(env) }),
  );
  const { out, ask, now, random, stdinIsTTY, anchor } = machine;
  const sources = unlockSources({
    ...setting,
    env,
    platform: proc.platform,
    ask: (name) => ask.passphrase(`passphrase (${name})`),
    warn: (line) => void out.warn(line),
  });
  return {
    ...{ out, ask, now, random, globals, env, sources, stdinIsTTY, anchor, actor },
    ...storeSide(machine, sources, actor),
    places: () => placesOf(where(), globals.keyFile),
    config: {
      workspace: () => readConfig(where().configFile, uid).workspace,
      setWorkspace: (workspace) => changeConfig(where().configFile, { workspace }, uid),
      get path() {
        return where().configFile;
      },
    },
    ...inputSide(machine),
    later: (task, ms) => void setTimeout(task, ms).unref(),
  };
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
  | 'close'
>;

/** The store and what opens it; each opened once. */
function storeSide(machine: Machine, sources: Context['sources'], actor: Context['actor']): StoreSide {
  const { where, anchor, out, uid, now } = machine;
  const location = (): string => `${where().store.engine}:${where().store.path}`;
  const deps = storeDeps(machine);
  const secrets = once(() => openSecretsOf(machine));
  let opened: Promise<Store> | undefined;
  let checked = false;
  let unlocked: Promise<OperatorAccess> | undefined;

  /** The anchor is read before the store is opened: what is remembered can then only be behind it. */
  async function store(options: { unchecked?: boolean } = {}): Promise<Store> {
    const mark = checked ? undefined : anchor().read();
    if (!exists(where().store.path)) throw noStoreAt(where().store.path, mark !== undefined);
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
  const operator = (): Promise<OperatorAccess> => {
    unlocked ??= current().then(async (open) =>
      (await secrets()).unlockOperator(await lockedStore(open), sources),
    );
    return unlocked;
  };

  return {
    store,
    secrets,
    operator,
    hasStore: () => exists(where().store.path),
    createStore: (seed) => createStore(location(), deps, seed),
    verifier: async () => (await secrets()).unlockVerifier(await lockedStore(await current()), sources),
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
      const files = exists(where().store.path) ? await inspectStore(location(), deps) : [];
      return [...inspectFolders(where(), uid), ...files];
    },
    async repair() {
      const { repairFolders } = await import('./system/folders.ts');
      const mended = [...repairFolders(where(), uid), ...(await repairStore(location(), deps))];
      return mended.map(({ message }) => message);
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
    random,
    platform: proc.platform,
    uid,
    onWait: ({ pid }) => {
      const who = pid === undefined ? 'another process' : `process ${pid}`;
      out.notice.show(`waiting for ${who} to finish with the store`);
    },
  };
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
    keychain: {
      command: proc.execPath,
      args: [KEYCHAIN_HELPER],
      env: proc.env,
      terminal: mayAsk && (stdinIsTTY() || proc.stderr.isTTY === true),
      timeoutMs: parseKeychainTimeout(env('KEYWRIGHT_KEYCHAIN_TIMEOUT')),
      onWait: () => out.notice.show('waiting for the OS keychain; is it asking to be unlocked?'),
    },
  });
}

/** What is read from stdin and files, and written to files that the user names; loaded on use. */
function inputSide({
  proc,
  random,
}: Machine): Pick<Context, 'lines' | 'readSecret' | 'fileLines' | 'writePrivate'> {
  return {
    async *lines() {
      const { linesOf } = await import('./terminal/lines.ts');
      const chunks = chunksOf(proc === process, () => proc.stdin);
      yield* linesOf(chunks, LONGEST_KEY_LINE);
    },
    async readSecret(from) {
      const { readSecret } = await import('./terminal/input.ts');
      if ('env' in from) return readSecret({ variable: from.env, env: (name) => proc.env[name] });
      return readSecret('stdin' in from ? { stdin: proc.stdin } : from);
    },
    async *fileLines(path) {
      const { exactLines } = await import('./system/file-lines.ts');
      yield* exactLines(path);
    },
    async writePrivate(path, chunks) {
      const { writeExport } = await import('./system/export-file.ts');
      await writeExport(path, chunks, random);
    },
  };
}

function placesOf(where: Locations, keyFileFlag: string | undefined): Places {
  const keyFile = keyFileFlag ?? where.keyFile;
  const from = where.from.store === 'default' ? "the platform's folders" : where.from.store;
  const { path } = where.store;
  return { store: path, from, keyFile, together: dirname(keyFile) === dirname(path) };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
