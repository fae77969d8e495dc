import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { ownFolder, type RunOptions, Shell } from '../support/run-program.ts';
import type { Session } from '../support/secret-service/session.ts';

const BINDING = fileURLToPath(import.meta.resolve('@napi-rs/keyring'));

/** The program with this bus for its keychain; without one, with no bus at all. */
export function shellOn(session: Session | undefined, path = ownFolder().path): Shell {
  const { PATH = '' } = process.env;
  const env: { [name: string]: string } = {
    PATH,
    HOME: join(path, 'user'),
    KEYWRIGHT_HOME: join(path, 'keywright'),
    TZ: 'UTC',
    KEYWRIGHT_ACTOR: 'ana',
    // A keychain that answers may need more on a busy machine than the five seconds it has without a terminal.
    KEYWRIGHT_KEYCHAIN_TIMEOUT: '60s',
  };
  for (const name of ['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR']) {
    const value = session?.env[name];
    if (value !== undefined) env[name] = value;
  }
  return new Shell({ path, env });
}

/** A store that the session's open keychain unlocks, with three keys. The keychain must be running. */
export async function keychainStore(session: Session): Promise<{ shell: Shell; secret: string }> {
  const shell = shellOn(session);
  const made = await shell.run(['init', '--workspace', 'acme']);
  expect(made.code, made.stderr).toBe(0);
  const [secret = ''] = await Promise.all(
    ['billing', 'deploy', 'report'].map(async (name) => {
      const ran = await shell.run(['keys', 'create', '--scope', 'orders:read', '--name', name, '-q']);
      expect(ran.code, ran.stderr).toBe(0);
      return ran.stdout.trim();
    }),
  );
  return { shell, secret };
}

/** Accounts of the entries that the program has in the session's keychain. */
export function accountsIn(session: Session): string[] {
  return inBinding(
    session,
    "console.log(JSON.stringify(findCredentials('keywright').map((one) => one.account)))",
  );
}

/** Deletes an entry as its owner would in Seahorse. */
export function forget(session: Session, account: string): void {
  inBinding(session, `new Entry('keywright', '${account}').deletePassword(); console.log('[]')`);
}

function inBinding(session: Session, script: string): string[] {
  const code = `const { findCredentials, Entry } = require(process.argv[1]); ${script}`;
  const ran = spawnSync(process.execPath, ['-e', code, BINDING], {
    env: { ...session.env },
    encoding: 'utf8',
  });
  expect(ran.status, ran.stderr).toBe(0);
  return JSON.parse(ran.stdout);
}

/** Processes whose environment names this folder: the program itself and every helper of it, zombies left out. */
export function processesOf(session: Session): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(session.address) &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('keychain-helper')
      );
    } catch {
      return false; // Not a process, or one that ended meanwhile.
    }
  });
}

/** What is the same as long as nothing was changed or deleted. */
export function filesOf(shell: Shell): string[] {
  return readdirSync(shell.home, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/-(wal|shm)$/.test(name))
    .sort();
}

/** What still has to work when the keychain doesn't: reading, and stopping a leaked key. */
export async function expectReadingAndStopping(
  shell: Shell,
  secret: string,
  env: RunOptions['env'] = {},
): Promise<void> {
  for (const argv of [
    ['keys', 'list', '-q'],
    ['keys', 'show', 'billing'],
    ['keys', 'revoke', 'billing', '--yes'],
    ['keys', 'disable', 'deploy', '--yes'],
    ['slots', 'list'],
    ['audit', 'list', '-q'],
  ]) {
    const ran = await shell.run(argv, { env });
    expect([argv, ran.code], ran.stderr).toEqual([argv, 0]);
  }
  const leaked = await shell.run(['keys', 'revoke', '--from-stdin', '--yes'], { env, input: secret });
  expect(leaked.code, leaked.stderr).toBe(0);
}
