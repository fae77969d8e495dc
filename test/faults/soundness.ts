import { readdirSync } from 'node:fs';
import { liveContext } from '../../src/live-context.ts';
import { main } from '../../src/main.ts';
import type { Ran, Shell } from '../support/run-program.ts';
import { fakeProcess } from '../support/transcript-process.ts';

/** A key whose secret the test has, and what it may be now. */
export interface KnownKey {
  readonly name: string;
  readonly secret: string;
  readonly may: readonly string[];
}

/** Names of what a store leaves in its folder when all is well. */
const OURS =
  /^keywright\.(db|db-wal|db-shm|db\.reserve|db\.creating|db\.locks|db\.lock-[\w-]+|key)$|^(anchors|state|spare\.key|config\.json)$/;

/** Runs a command in this process: a tenth of the time of a process of its own. */
export async function attempt(
  shell: Shell,
  argv: readonly string[],
  input = '',
  now: () => number = Date.now,
): Promise<Ran> {
  const { proc, written } = fakeProcess({ argv, env: shell.env, columns: undefined, input, answers: [] });
  const code = await main(argv, liveContext(proc, { now }));
  const told = (stream: 'stdout' | 'stderr'): string =>
    written
      .filter((chunk) => chunk.stream === stream)
      .map((chunk) => chunk.text)
      .join('');
  return { code, signal: null, stdout: told('stdout'), stderr: told('stderr') };
}

/** The same as it would be a minute later: what may be on its way until then is lost or left over. */
export function attemptLater(shell: Shell, argv: readonly string[]): Promise<Ran> {
  return attempt(shell, argv, '', () => Date.now() + 60_000);
}

export function hasStore(shell: Shell): boolean {
  return entriesOf(shell.home).includes('keywright.db');
}

/**
 * What is wrong with a store after a fault, by the invariants of every fault: empty when it is sound. `said` is
 * the stdout of the command that the fault hit.
 */
export async function unsound(
  shell: Shell,
  keys: readonly KnownKey[],
  said = '',
): Promise<readonly string[]> {
  const wrong: string[] = [];
  const expect = (fine: boolean, what: string): void => void (fine || wrong.push(what));
  const shown = said.match(/kw_sk_live_[0-9A-Za-z]{61}/g) ?? [];

  const { stdout: slots } = await attempt(shell, ['slots', 'list', '-q']);
  const tests = slots
    .split('\n')
    .filter(Boolean)
    .map((slot) => ['slots', 'test', slot]);
  expect(tests.length > 0, 'there is no slot');
  for (const argv of [['audit', 'verify'], ...tests]) {
    const { code, stderr } = await attempt(shell, argv);
    expect(code === 0, `${argv.join(' ')}: ${code} ${stderr}`);
  }
  const archived = await isArchived(shell);
  for (const { name, secret, may } of keys) {
    const status = await statusOf(shell, name);
    expect(may.includes(status), `${name} is ${status}`);
    for (const time of ['first', 'second']) {
      const { code } = await attempt(shell, ['keys', 'verify'], secret);
      expect(
        (code === 0) === (status === 'active' && !archived),
        `${name} is ${status}, its ${time} verification ${code}`,
      );
    }
  }
  for (const secret of shown)
    expect((await attempt(shell, ['keys', 'verify'], secret)).code === 0, 'a shown key does not verify');

  await attemptLater(shell, ['doctor', '--fix']);
  const doctor = await attemptLater(shell, ['doctor', '--json']);
  const named = findingsOf(doctor);
  for (const { code, message } of named)
    expect(code === 'key_never_shown', `doctor after --fix: ${code}: ${message}`);
  const unnamed = await unknownKeys(shell, [...keys.map(({ secret }) => secret), ...shown]);
  for (const key of unnamed)
    expect(
      named.some(({ message }) => message.includes(key)),
      `${key} is live and known to nobody`,
    );
  for (const name of entriesOf(shell.home)) expect(OURS.test(name), `${name} was left behind`);
  return wrong;
}

export async function statusOf(shell: Shell, name: string): Promise<string> {
  const { stdout, stderr } = await attempt(shell, ['keys', 'show', name, '-w', 'acme', '--json']);
  return stdout === '' ? stderr : JSON.parse(stdout).status;
}

async function isArchived(shell: Shell): Promise<boolean> {
  const { stdout } = await attempt(shell, ['workspaces', 'show', 'acme', '--json']);
  return stdout !== '' && JSON.parse(stdout).status === 'archived';
}

export function findingsOf({ stdout, stderr }: Ran): readonly { code: string; message: string }[] {
  return stdout === '' ? [{ code: 'nothing', message: stderr }] : JSON.parse(stdout).findings;
}

/** Public keys of live keys whose secret is not among these. */
async function unknownKeys(shell: Shell, secrets: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await attempt(shell, ['keys', 'list', '--status', 'active', '-q']);
  const kids = secrets.map((secret) => secret.slice('kw_sk_live_'.length).slice(0, 12));
  return stdout
    .split('\n')
    .filter(Boolean)
    .filter((key) => !kids.some((kid) => key.endsWith(kid)));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
