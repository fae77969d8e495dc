import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusConnection } from './connection.ts';

/** Why a real Secret Service can't be had here; undefined when it can. With `CI` set this throws instead. */
export function secretServiceMissing(env: NodeJS.ProcessEnv): string | undefined {
  const missing = ['dbus-daemon', 'gnome-keyring-daemon'].filter(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status !== 0,
  );
  if (missing.length === 0) return undefined;
  const why = `not installed: ${missing.join(', ')}`;
  if (env.CI === 'true') throw new Error(`${why} (apt-get install dbus gnome-keyring)`);
  return why;
}

/** A session bus of its own with a throw-away home. Nothing is activated on it: it offers what we start. */
export interface Session {
  readonly address: string;
  readonly home: string;
  /** An environment in which the keychain is this bus's. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Starts gnome-keyring; with a password its login keyring is made or unlocked, else it is left as it is. */
  startKeyring(password?: string): Promise<void>;
  stopKeyring(): Promise<void>;
  /** Ends everything that was started and removes the home. */
  close(): Promise<void>;
}

export async function startSession(): Promise<Session> {
  const home = mkdtempSync(join(tmpdir(), 'keywright-bus-'));
  const runtime = join(home, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const config = join(home, 'bus.conf');
  writeFileSync(config, busConfig(join(home, 'bus')));
  const address = `unix:path=${join(home, 'bus')}`;
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    DBUS_SESSION_BUS_ADDRESS: address,
  };
  const daemon = spawn('dbus-daemon', ['--nofork', '--config-file', config], { stdio: 'ignore' });
  const watcher = await eventually(() => BusConnection.open(address));
  const owned = async (): Promise<boolean> =>
    (await watcher.callBus('NameHasOwner', 's', 'org.freedesktop.secrets')).body[0] === 1;
  let keyring: ChildProcess | undefined;

  const session: Session = {
    address,
    home,
    env,
    async startKeyring(password) {
      await eventually(async () => {
        if (await owned()) throw new Error('another secret service is still there');
      });
      const unlock = password === undefined ? [] : ['--unlock'];
      const child = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...unlock], {
        env,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      child.stdin.end(password ?? '');
      keyring = child;
      await eventually(async () => {
        if (!(await owned())) throw new Error('gnome-keyring did not start');
      });
    },
    async stopKeyring() {
      if (keyring) await ended(keyring);
      keyring = undefined;
    },
    async close() {
      await session.stopKeyring();
      watcher.close();
      await ended(daemon);
      rmSync(home, { recursive: true, force: true });
    },
  };
  return session;
}

function busConfig(socket: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Tries again until it works, for twenty seconds at most. */
async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 400; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(50);
    }
  }
}
