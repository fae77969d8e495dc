import { randomBytes } from 'node:crypto';
import { createReadStream, fstatSync, lstatSync, statSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import pkg from '../package.json' with { type: 'json' };
import type { Context, Globals, Host, Places } from './context.ts';
import { compareAnchor } from './domain/audit/compare-anchor.ts';
import type { OperatorAccess, UnlockSources } from './domain/ports/secrets.ts';
import type { Store } from './domain/ports/store.ts';
import type { Random } from './domain/ports/system.ts';
import type { Secret } from './domain/secret.ts';
import { lockedStore } from './domain/slots/manage.ts';
import { Failure, PROGRAM } from './errors.ts';
import type { StoreDeps } from './store/deps.ts';
import { createStore, inspectStore, openStore, repairStore } from './store/open.ts';
import { actorOf } from './system/actor.ts';
import { anchorFor } from './system/anchor.ts';
import { changeConfig, readConfig } from './system/config.ts';
import { writeExport } from './system/export-file.ts';
import { inspectFolders, repairFolders } from './system/folders.ts';
import { type Locations, locate } from './system/paths.ts';
import { programName } from './system/program.ts';
import { parseKeychainTimeout } from './system/timeout.ts';
import { readSecret } from './terminal/input.ts';
import { linesOf } from './terminal/lines.ts';
import { createOutput } from './terminal/output.ts';
import { createPrompts } from './terminal/prompts.ts';
import { type Sink, sinkOf } from './terminal/streams.ts';
import { wantsColor } from './terminal/style.ts';
import { openTerminal } from './terminal/tty.ts';

/** The part of Node's `process` that is used; tests give their own. */
export type ProcessLike = Pick<
  NodeJS.Process,
  'env' | 'argv' | 'execPath' | 'pid' | 'platform' | 'stdin' | 'stdout' | 'stderr' | 'kill' | 'on' | 'off'
> & { geteuid?: () => number };

/** What a test may put in place of the machine's own. */
export interface Substitutes {
  readonly now?: () => number;
  readonly random?: Random;
}

/** No secret key is longer than 86 characters; a line beyond this is no key. */
const LONGEST_KEY_LINE = 4096;
/** A clone has it, an installed package doesn't. */
const CLONE_MARK = join(import.meta.dirname, '../package-lock.json');
const KEYCHAIN_HELPER = join(import.meta.dirname, '../dist/keychain-helper.cjs');

/** The real machine: picks every backend, opens each on first use. */
export function liveContext(proc: ProcessLike, substitutes: Substitutes = {}): Host {
  // Removed at once: neither a child process nor a crash report is to see it.
  const passphrase = proc.env.KEYWRIGHT_PASSPHRASE;
  delete proc.env.KEYWRIGHT_PASSPHRASE;
  const program = programName((name) => proc.env[name], proc.argv[1]);
  return {
    version: pkg.version,
    program,
    debug: proc.env.KEYWRIGHT_DEBUG === '1',
    reinstall: exists(CLONE_MARK) ? 'npm ci' : 'npm install -g keywright',
    open: (globals) => openContext({ proc, program, passphrase, globals, substitutes }),
  };
}

/** The host of this very process, for the library. `home` goes before `KEYWRIGHT_HOME`. */
export function ownHost(home: string | undefined): Host {
  if (home === undefined) return liveContext(process);
  const env = { ...process.env, KEYWRIGHT_HOME: home };
  return liveContext(Object.create(process, { env: { value: env } }));
}

interface Setting {
  readonly proc: ProcessLike;
  readonly program: string;
  readonly passphrase: string | undefined;
  readonly globals: Globals;
  readonly substitutes: Substitutes;
}

function openContext(setting: Setting): Context {
  const { proc, globals, substitutes } = setting;
  const env = (name: string): string | undefined => proc.env[name] || undefined;
  const now = substitutes.now ?? Date.now;
  // Called, not named: `node:crypto` is loaded on first use, which is 5 ms that a list doesn't pay.
  const random = substitutes.random ?? ((size: number) => randomBytes(size));
  const uid = proc.geteuid?.();
  const mayAsk = globals.input !== false && !isTrue(env('CI'));
  const stdinIsTTY = isTerminal(proc);
  const out = outputOf(setting, env);
  const ask = createPrompts({
    get stdin() {
      return proc.stdin;
    },
    get stderr() {
      return proc.stderr;
    },
    interactive: mayAsk && stdinIsTTY,
    mayAskPassphrase: mayAsk,
    openTerminal: () => openTerminal(proc.platform),
    signals: {
      on: (signal, listener) => void proc.on(signal, listener),
      off: (signal, listener) => void proc.off(signal, listener),
      raise: (signal) => void proc.kill(proc.pid, signal),
      suspend: () => void (proc.platform !== 'win32' && proc.kill(0, 'SIGTSTP')),
    },
    beforePrompt: () => out.notice.clear(),
  });

  const where = once(() => locate({ env, platform: proc.platform, homedir: homeOf(env, proc.platform) }));
  const location = (): string => `${where().store.engine}:${where().store.path}`;
  const anchor = once(() => anchorFor({ folder: where().anchorDir, storePath: where().store.path, uid }));
  const actor = once(() =>
    actorOf({ flag: globals.actor, variable: env('KEYWRIGHT_ACTOR'), osUser: osUser(env) }),
  );
  const sources = sourcesOf(
    setting,
    env,
    (name) => ask.passphrase(`passphrase (${name})`),
    (line) => void out.warn(line),
  );
  const storeDeps: StoreDeps = {
    random,
    platform: proc.platform,
    uid,
    onWait: ({ pid }) =>
      out.notice.show(
        `waiting for ${pid === undefined ? 'another process' : `process ${pid}`} to finish with the store`,
      ),
  };
  const secrets = once(async () =>
    (await import('./secrets/open.ts')).openSecrets({
      random,
      clock: now,
      uid,
      keychain: {
        command: proc.execPath,
        args: [KEYCHAIN_HELPER],
        env: proc.env,
        terminal: mayAsk && (stdinIsTTY || proc.stderr.isTTY === true),
        timeoutMs: parseKeychainTimeout(env('KEYWRIGHT_KEYCHAIN_TIMEOUT')),
        onWait: () => out.notice.show('waiting for the OS keychain; is it asking to be unlocked?'),
      },
    }),
  );

  let opened: Promise<Store> | undefined;
  let checked = false;
  let unlocked: Promise<OperatorAccess> | undefined;

  /** Read before the store is opened: what is remembered can then only be behind it. */
  async function store(options: { unchecked?: boolean } = {}): Promise<Store> {
    const mark = checked ? undefined : anchor().read();
    if (!exists(where().store.path)) throw noStore(where(), mark !== undefined);
    opened ??= openStore(location(), storeDeps);
    const current = await opened;
    if (!checked && options.unchecked !== true) {
      const problem = await compareAnchor(mark, current);
      if (problem !== undefined) throw problem;
      checked = true;
    }
    return current;
  }

  const current = (): Promise<Store> => opened ?? store();

  return {
    out,
    ask,
    now,
    random,
    globals,
    env,
    sources,
    stdinIsTTY,
    anchor,
    actor,
    store,
    secrets,
    places: () => placesOf(where(), globals.keyFile),
    config: {
      workspace: () => readConfig(where().configFile, uid).workspace,
      setWorkspace: (workspace) => changeConfig(where().configFile, { workspace }, uid),
      get path() {
        return where().configFile;
      },
    },
    hasStore: () => exists(where().store.path),
    createStore: (seed) => createStore(location(), storeDeps, seed),
    operator() {
      unlocked ??= current().then(async (open) =>
        (await secrets()).unlockOperator(await lockedStore(open), sources),
      );
      return unlocked;
    },
    verifier: async () => (await secrets()).unlockVerifier(await lockedStore(await current()), sources),
    async ledger(how) {
      const sealer = how === 'unlocked' ? (await this.operator()).audit : undefined;
      return {
        store: await current(),
        anchor: anchor(),
        actor: actor(),
        now,
        sealer,
        anchorFailed: () =>
          void out.warn(`note: ${anchor().path} could not be written; {keywright} doctor tells more`),
      };
    },
    lines: () => linesOf(proc.stdin, LONGEST_KEY_LINE),
    readSecret(from) {
      if ('env' in from) return readSecret({ variable: from.env, env: (name) => proc.env[name] });
      return readSecret('stdin' in from ? { stdin: proc.stdin } : from);
    },
    fileLines: exactLines,
    writePrivate: (path, chunks) => writeExport(path, chunks, random),
    async inspect() {
      const files = exists(where().store.path) ? await inspectStore(location(), storeDeps) : [];
      return [...inspectFolders(where(), uid), ...files];
    },
    async repair() {
      const mended = [...repairFolders(where(), uid), ...(await repairStore(location(), storeDeps))];
      return mended.map(({ message }) => message);
    },
    later: (task, ms) => void setTimeout(task, ms).unref(),
    async close() {
      out.notice.clear();
      await (await opened?.catch(() => undefined))?.close();
    },
  };
}

function outputOf(
  { proc, program, globals }: Setting,
  env: (name: string) => string | undefined,
): Context['out'] {
  const own = proc === process;
  const stdout = sinkOf({ fd: own ? 1 : undefined, stream: () => proc.stdout });
  const stderr = sinkOf({ fd: own ? 2 : undefined, stream: () => proc.stderr });
  const color = ({ isTTY }: Sink): boolean => globals.color !== false && wantsColor(env, isTTY);
  return createOutput({
    stdout,
    stderr,
    json: globals.json === true,
    quiet: globals.quiet === true,
    color: {
      get stdout() {
        return color(stdout);
      },
      get stderr() {
        return color(stderr);
      },
    },
    program,
  });
}

/** Making `process.stdin` takes 3 ms, so that is left until it may be a terminal. */
function isTerminal(proc: ProcessLike): boolean {
  if (proc === process) {
    try {
      if (!fstatSync(0).isCharacterDevice()) return false;
    } catch {
      return false; // closed
    }
  }
  return proc.stdin.isTTY === true;
}

/** Flag before environment; a file before a descriptor before the variable that others could read. */
function sourcesOf(
  { proc, globals, passphrase }: Setting,
  env: (name: string) => string | undefined,
  ask: (slot: string) => Promise<Secret>,
  warn: (line: string) => void,
): UnlockSources {
  const file =
    globals.passphraseFile ??
    (globals.passphraseFd === undefined ? env('KEYWRIGHT_PASSPHRASE_FILE') : undefined);
  return {
    slot: globals.slot ?? env('KEYWRIGHT_SLOT'),
    keyFile: globals.keyFile ?? env('KEYWRIGHT_KEY_FILE'),
    passphraseGiven: file !== undefined || globals.passphraseFd !== undefined || passphrase !== undefined,
    async passphrase(slot) {
      if (file !== undefined) {
        if (proc.platform !== 'win32' && isOpenToOthers(file))
          warn(`note: others can read ${file}; chmod 600 mends that`);
        return readSecret({ file });
      }
      if (globals.passphraseFd !== undefined) {
        if (!/^[0-9]{1,6}$/.test(globals.passphraseFd))
          throw new Failure('usage', '--passphrase-fd must be the number of a file descriptor');
        return readSecret({ file: `/dev/fd/${globals.passphraseFd}` });
      }
      if (passphrase !== undefined)
        return readSecret({ variable: 'KEYWRIGHT_PASSPHRASE', env: () => passphrase });
      return ask(slot);
    },
  };
}

function placesOf(where: Locations, keyFileFlag: string | undefined): Places {
  const keyFile = keyFileFlag ?? where.keyFile;
  const from = where.from.store === 'default' ? "the platform's folders" : where.from.store;
  return {
    store: where.store.path,
    from,
    keyFile,
    together: join(keyFile, '..') === join(where.store.path, '..'),
  };
}

function noStore(where: Locations, remembered: boolean): Failure {
  const { path } = where.store;
  if (!remembered)
    return new Failure('no_store', `there is no store at ${path}`, { hint: `${PROGRAM} init` });
  return new Failure('store_missing', `the store that was at ${path} is gone`, {
    hint: `put it back, or give it up with ${PROGRAM} doctor --accept-rollback`,
  });
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isOpenToOthers(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && (stats.mode & 0o077) !== 0;
}

function homeOf(env: (name: string) => string | undefined, platform: string): string {
  // Git Bash on Windows sets HOME to a path that Windows doesn't know.
  const home = platform === 'win32' ? os.homedir() : env('HOME');
  return home ?? os.userInfo().homedir;
}

function osUser(env: (name: string) => string | undefined): string {
  try {
    return os.userInfo().username;
  } catch {
    // A container may run as a user id that has no name.
    return env('USER') ?? 'unknown';
  }
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && value !== 'false' && value !== '0';
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Lines of a file with every byte kept but the newlines: what a signature covers. */
async function* exactLines(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8' })) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Failure(code === 'ENOENT' ? 'not_found' : 'usage', `${path} could not be read (${code})`, {
      cause: error,
    });
  }
  if (rest !== '') yield rest;
}
