import path from 'node:path';
import { Failure } from '../errors.ts';

/** What the answer depends on. */
export interface Machine {
  env(name: string): string | undefined;
  readonly platform: NodeJS.Platform;
  /** `os.homedir()`, or `os.userInfo().homedir` where HOME is unset; may be anything but is checked. */
  readonly homedir: string;
}

/** Where the store is. Another engine becomes another member of this union. */
interface StoreLocation {
  readonly engine: 'sqlite';
  readonly path: string;
}

/** Where everything of one person is. All paths are absolute. */
export interface Locations {
  /** The one folder that `KEYWRIGHT_HOME` names. */
  readonly home?: string;
  readonly dataDir: string;
  readonly configDir: string;
  readonly stateDir: string;
  readonly store: StoreLocation;
  /** Where a key file is made and looked for unless a flag or `KEYWRIGHT_KEY_FILE` says otherwise. */
  readonly keyFile: string;
  readonly anchorDir: string;
  readonly configFile: string;
  /** Which setting decided, for messages. */
  readonly from: {
    readonly store: 'KEYWRIGHT_STORE' | 'KEYWRIGHT_HOME' | 'default';
    readonly keyFile: 'KEYWRIGHT_KEY_FILE' | 'KEYWRIGHT_HOME' | 'default';
  };
}

const NAME = 'keywright';
const STORE_FILE = `${NAME}.db`;
const KEY_FILE = `${NAME}.key`;

/**
 * Where things are: in `KEYWRIGHT_HOME`, else in the platform's data, config and state folders, the same as
 * env-paths gives with `suffix: ''` (its `log` is the state folder: `XDG_STATE_HOME` on Linux). Settings that
 * are empty count as unset. A relative path is refused with `usage`, for it would mean another folder in every
 * working directory; so is a home folder that is not absolute.
 */
export function locate(machine: Machine): Locations {
  const settings = settingsOf(machine);
  const home = settings.absolute('KEYWRIGHT_HOME');
  const folders =
    home === undefined ? platformFolders(machine, settings) : { data: home, config: home, state: home };
  const { join } = settings.path;
  const named = storeNamed(settings);
  const keyFile = settings.absolute('KEYWRIGHT_KEY_FILE');
  const rest = home === undefined ? 'default' : 'KEYWRIGHT_HOME';
  return {
    ...(home === undefined ? {} : { home }),
    dataDir: folders.data,
    configDir: folders.config,
    stateDir: folders.state,
    store: named ?? { engine: 'sqlite', path: join(folders.data, STORE_FILE) },
    keyFile: keyFile ?? join(folders.config, KEY_FILE),
    anchorDir: join(folders.state, 'anchors'),
    configFile: join(folders.config, 'config.json'),
    from: {
      store: named === undefined ? rest : 'KEYWRIGHT_STORE',
      keyFile: keyFile === undefined ? rest : 'KEYWRIGHT_KEY_FILE',
    },
  };
}

type Settings = ReturnType<typeof settingsOf>;

function settingsOf({ env, platform }: Machine) {
  const native = platform === 'win32' ? path.win32 : path.posix;
  const value = (name: string): string | undefined => env(name) || undefined;
  return {
    path: native,
    value,
    absolute(name: string): string | undefined {
      const given = value(name);
      if (given !== undefined && !native.isAbsolute(given)) {
        throw new Failure('usage', `${name} must be an absolute path, not "${given}"`);
      }
      return given === undefined ? undefined : tidy(native, given);
    },
  };
}

/** Without `..` and without a slash at the end, which would make the system follow a link of that name. */
function tidy(native: path.PlatformPath, absolute: string): string {
  const normal = native.normalize(absolute);
  return native.join(native.dirname(normal), native.basename(normal));
}

function storeNamed(settings: Settings): StoreLocation | undefined {
  const named = settings.value('KEYWRIGHT_STORE');
  if (named === undefined) return undefined;
  const [, engine, location] = /^([a-z]+):(.*)$/s.exec(named) ?? [];
  // Never quoted: the address of another engine may hold a password.
  if (engine !== 'sqlite' || !location) {
    throw new Failure('usage', 'KEYWRIGHT_STORE must be sqlite:PATH');
  }
  if (!settings.path.isAbsolute(location)) {
    throw new Failure('usage', 'KEYWRIGHT_STORE must name an absolute path: sqlite:/…');
  }
  return { engine, path: tidy(settings.path, location) };
}

function platformFolders({ platform, homedir }: Machine, settings: Settings) {
  const { join, isAbsolute } = settings.path;
  const inHome = (...parts: string[]): string => {
    if (!isAbsolute(homedir)) {
      throw new Failure('usage', 'there is no home folder to keep the store in', {
        hint: 'set KEYWRIGHT_HOME to an absolute path',
      });
    }
    return join(homedir, ...parts);
  };
  switch (platform) {
    case 'darwin': {
      const folder = (kind: string) => inHome('Library', kind, NAME);
      return { data: folder('Application Support'), config: folder('Preferences'), state: folder('Logs') };
    }
    case 'win32': {
      const local = settings.absolute('LOCALAPPDATA') ?? inHome('AppData', 'Local');
      const roaming = settings.absolute('APPDATA') ?? inHome('AppData', 'Roaming');
      return {
        data: join(local, NAME, 'Data'),
        config: join(roaming, NAME, 'Config'),
        state: join(local, NAME, 'Log'),
      };
    }
    default: {
      const xdg = (name: string, ...fallback: string[]) =>
        join(settings.absolute(name) ?? inHome(...fallback), NAME);
      return {
        data: xdg('XDG_DATA_HOME', '.local', 'share'),
        config: xdg('XDG_CONFIG_HOME', '.config'),
        state: xdg('XDG_STATE_HOME', '.local', 'state'),
      };
    }
  }
}
