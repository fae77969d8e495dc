import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Context, Globals, Host, Places } from './context.ts';
import type { Authorization } from './domain/ports/authorization.ts';
import type { Callbacks } from './domain/ports/callback.ts';
import type { Commands, Desktop, Random } from './domain/ports/system.ts';
import { type Machine, once, type ProcessLike, type Reading, storeSide } from './live-store.ts';
import { exists } from './store/missing.ts';
import { actorOf } from './system/actor.ts';
import { anchorFor } from './system/anchor.ts';
import { changeConfig, readConfig } from './system/config.ts';
import { homeFolder, osUser } from './system/owner.ts';
import { type Locations, locate } from './system/paths.ts';
import { programName } from './system/program.ts';
import { interruptible } from './system/signals.ts';
import { openTerminalSide } from './terminal/open.ts';
import { chunksOf } from './terminal/stdin.ts';
import { takePassphrase, unlockSources } from './terminal/unlock-sources.ts';

/** What a test may put in place of the machine's own. */
export interface Substitutes {
  readonly now?: () => number;
  readonly random?: Random;
  readonly pause?: Commands['pause'];
  readonly authorization?: Authorization;
  readonly callbacks?: Callbacks;
  readonly desktop?: Desktop;
}

/**
 * A server verifies for a long time and all over a store: at a million keys a larger cache takes a third off
 * each verification. And it is brought up to date later than the command line beside it.
 */
const IN_A_SERVER: Reading = { readCacheKiB: 65_536, readNewer: true };

/** No secret key is longer than 86 characters; a line beyond this is no key. */
const LONGEST_KEY_LINE = 4096;
/** Data to import: bounded, for all of it is held until it has been checked. */
const LARGEST_DATA = 256 * 1024 * 1024;
const LONGEST_DATA_LINE = 64 * 1024;
const PROJECT = join(import.meta.dirname, '..');
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
    stdoutIsTTY: () => proc.stdout.isTTY === true,
    places: () => placesOf(where(), globals.keyFile),
    config: {
      workspace: () => readConfig(where().configFile, uid).workspace,
      setWorkspace: (workspace) => changeConfig(where().configFile, { workspace }, uid),
      get path() {
        return where().configFile;
      },
    },
    ...inputSide(machine),
    commands: once(() => commandsOf(machine, globals, substitutes)),
    ...personSide(machine, substitutes),
    later: (task, ms) => void setTimeout(task, ms).unref(),
  };
}

/** What is read from stdin and files, and written to files that the user names; loaded on use. */
function inputSide({
  proc,
  random,
}: Machine): Pick<Context, 'lines' | 'dataLines' | 'readSecret' | 'fileLines' | 'writePrivate'> {
  return {
    async *lines() {
      const { linesOf } = await import('./terminal/lines.ts');
      const chunks = chunksOf(proc === process, () => proc.stdin);
      yield* linesOf(chunks, LONGEST_KEY_LINE);
    },
    async *dataLines(from) {
      const { atMost, chunksOfFile } = await import('./terminal/data.ts');
      const { linesOf } = await import('./terminal/lines.ts');
      const chunks =
        'file' in from
          ? chunksOfFile(from.file, LARGEST_DATA)
          : atMost(
              chunksOf(proc === process, () => proc.stdin),
              LARGEST_DATA,
              'stdin',
            );
      yield* linesOf(chunks, LONGEST_DATA_LINE);
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

/** What an authorization needs of the person's machine, loaded on use. */
function personSide(
  { proc, env, inCI, now }: Machine,
  { authorization, callbacks, desktop }: Substitutes,
): Pick<Context, 'authorization' | 'callbacks' | 'desktop' | 'inCI' | 'interruptible'> {
  return {
    inCI,
    authorization: once(
      async () => authorization ?? (await import('./oauth/open.ts')).openAuthorization({ now }),
    ),
    callbacks: async () =>
      callbacks ?? {
        ...(await import('./oauth/callback/listen.ts')),
        ...(await import('./oauth/callback/pasted.ts')),
      },
    async desktop() {
      if (desktop !== undefined) return desktop;
      const { openBrowser, remoteness } = await import('./system/browser.ts');
      const { hostname } = await import('node:os');
      return {
        remoteness: remoteness(proc, exists),
        login: `${osUser(env)}@${hostname()}`,
        open: (url) => openBrowser(url, proc),
      };
    },
    interruptible: (work) =>
      interruptible(
        {
          on: (signal, listener) => void proc.on(signal, listener),
          off: (signal, listener) => void proc.off(signal, listener),
        },
        work,
      ),
  };
}

/** With `--json` nothing but an error may be on stderr, so what commands print is dropped then. */
async function commandsOf(
  { proc, out }: Machine,
  globals: Globals,
  substitutes: Substitutes,
): Promise<Commands> {
  const { commandsOn } = await import('./system/commands.ts');
  const commands = commandsOn({
    env: proc.env,
    platform: proc.platform,
    listener: globals.json === true ? undefined : { print: out.foreign, found: out.mask },
    kill: (pid, signal) => void proc.kill(pid, signal),
    onTerminal: () => [proc.stdin, proc.stdout, proc.stderr].some(({ isTTY }) => isTTY === true),
    on: (signal, listener) => void proc.on(signal, listener),
    off: (signal, listener) => void proc.off(signal, listener),
  });
  return substitutes.pause === undefined ? commands : { ...commands, pause: substitutes.pause };
}

function placesOf(where: Locations, keyFileFlag: string | undefined): Places {
  const keyFile = keyFileFlag ?? where.keyFile;
  const from = where.from.store === 'default' ? "the platform's folders" : where.from.store;
  const { path } = where.store;
  return { store: path, from, keyFile, together: dirname(keyFile) === dirname(path) };
}
