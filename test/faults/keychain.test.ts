import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { brokenProgram } from '../support/broken-program.ts';
import { kernelKeys } from '../support/kernel-keys.ts';
import type { Ran, Shell } from '../support/run-program.ts';
import { type Session, secretServiceMissing, startSession } from '../support/secret-service/session.ts';
import { startStub } from '../support/secret-service/stub.ts';
import {
  accountsIn,
  expectReadingAndStopping,
  filesOf,
  forget,
  keychainStore,
  shellOn,
} from './keychain-store.ts';
import { findingsOf } from './soundness.ts';

const why = secretServiceMissing(process.env);
const CREATE = ['keys', 'create', '--scope', 'orders:read', '--name', 'fresh'];
const INIT = ['init', '--workspace', 'acme'];

describe.skipIf(why !== undefined)(`a store in the OS keychain${why ? ` (skipped: ${why})` : ''}`, () => {
  let session: Session;
  beforeAll(async () => {
    session = await startSession();
  });
  afterAll(() => session.close());
  beforeEach(() => session.startKeyring('a password'));
  afterEach(() => session.stopKeyring());

  test('without any bus: exit 6 at once with the ways out; reading and stopping work (cases 71 and 72)', async () => {
    const { shell, secret } = await keychainStore(session);
    const kernel = kernelKeys();
    const alone = shellOn(undefined, shell.path);
    const files = filesOf(shell);
    const started = performance.now();
    const ran = await alone.run(CREATE);
    expect(performance.now() - started).toBeLessThan(30_000);
    expectLockedOut(ran, 'the OS keychain');
    expect(ran.stderr).toContain('no D-Bus session bus');
    expectLockedOut(await alone.run(['slots', 'test']), 'the OS keychain');
    // Making a second store, or another slot by itself, would hide that the first can't be opened.
    for (const how of ['auto', 'keychain'])
      expect((await alone.run([...INIT, '--unlock', how])).stderr).toContain('there is a store already');
    await expectReadingAndStopping(alone, secret);
    await expectNothingDeleted(alone, 'keychain_unavailable', files);
    expect(kernelKeys()).toEqual(kernel);
    // The keychain is back, and so is everything.
    expect((await shell.run(['slots', 'test'])).code).toBe(0);
    expect((await shell.run(['doctor', '--fix'])).code).toBe(0);
    expect((await shell.run(['audit', 'verify'])).code).toBe(0);
  });

  test('locked: exit 6, nothing is deleted, and it opens again (case 74)', async () => {
    const { shell, secret } = await keychainStore(session);
    const files = filesOf(shell);
    await session.stopKeyring();
    await session.startKeyring();
    expectLockedOut(await shell.run(CREATE), 'the OS keychain is locked');
    await expectReadingAndStopping(shell, secret);
    await expectNothingDeleted(shell, 'keychain_locked', files);
    await session.stopKeyring();
    await session.startKeyring('a password');
    expect((await shell.run(['slots', 'test'])).code).toBe(0);
  });

  test('broken variant: a locked keychain taken for one without the entry (case 74)', async () => {
    const { shell } = await keychainStore(session);
    await session.stopKeyring();
    await session.startKeyring();
    shell.program = await brokenProgram({
      file: 'src/secrets/slots/keychain/trouble.ts',
      was: `'locked',
      'the OS keychain is locked, and there is no display on which it could ask',`,
      becomes: "'missing', 'the entry is gone',",
    });
    expect(findingsOf(await shell.run(['doctor', '--json'])).map(({ code }) => code)).toEqual([
      'keychain_entry_missing',
    ]);
  });

  test('an entry that its owner deleted is said to be gone, every time the same (case 81)', async () => {
    const { shell, secret } = await keychainStore(session);
    const files = filesOf(shell);
    const before = accountsIn(session);
    const header = JSON.parse(await shell.answer(['slots', 'list', '--json']));
    expect(JSON.stringify(header)).not.toContain('secret');
    for (const account of before) forget(session, account);
    for (let times = 0; times < 2; times++) {
      const ran = await shell.run([...CREATE, '--json']);
      expect([ran.code, ran.stdout]).toEqual([6, '']);
      const { error } = JSON.parse(ran.stderr);
      expect(error).toMatchObject({
        code: 'keychain_entry_missing',
        hint: expect.stringContaining('put back a copy'),
      });
    }
    await expectReadingAndStopping(shell, secret);
    await expectNothingDeleted(shell, 'keychain_entry_missing', files);
  });

  test('a prompt that is dismissed is declined, and is not shown again by the same command (case 73)', async () => {
    const { shell } = await keychainStore(session);
    await session.stopKeyring();
    const stub = await startStub(session.address, 'dismisses');
    const ran = await shell.run(CREATE, { env: { DISPLAY: ':77' } });
    stub.close();
    expectLockedOut(ran, 'declined');
    expect(stub.calls.filter((name) => name === 'Prompt')).toHaveLength(1);
  });

  test('twenty first runs at once leave one store and one entry (case 49)', async () => {
    for (const account of accountsIn(session)) forget(session, account);
    const shell = shellOn(session);
    const init = [...INIT, '--unlock', 'keychain', '--json'];
    // Forty Node processes and a keyring that serves one at a time: what is tested isn't a deadline.
    const runs = await Promise.all(Array.from({ length: 20 }, () => shell.runInTurn(init)));
    expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
    const answers = runs.map(({ stdout }) => JSON.parse(stdout));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ store_id }) => store_id)).size).toBe(1);
    expect(accountsIn(session)).toHaveLength(1);
    expect((await shell.run(['slots', 'test'])).code).toBe(0);
  });

  test('init chooses a key file only where there is no keychain at all', async () => {
    const nowhere = shellOn(undefined);
    const made = await nowhere.run([...INIT, '--unlock', 'auto']);
    expect(made.code, made.stderr).toBe(0);
    expect(made.stderr).toContain(join(nowhere.home, 'keywright.key'));

    const without = shellOn(undefined);
    for (const flags of [[], ['--unlock', 'keychain']])
      expectNoStore(without, await without.run([...INIT, ...flags]));

    await session.stopKeyring();
    await session.startKeyring();
    const locked = shellOn(session);
    for (const how of ['auto', 'keychain'])
      expectNoStore(locked, await locked.run([...INIT, '--unlock', how]));
  });
});

/** Exit 6 with one cause and the ways out; nothing on stdout. */
function expectLockedOut({ code, stdout, stderr }: Ran, cause: string): void {
  expect([code, stdout], stderr).toEqual([6, '']);
  expect(stderr).toContain(cause);
  expect(stderr).toMatch(/^hint: .*(unlock or start|start one).*passphrase.*key.file/m);
  expect(stderr).not.toMatch(/^ {4}at /m);
}

function expectNoStore(shell: Shell, ran: Ran): void {
  expectLockedOut(ran, 'keychain');
  expect(existsSync(shell.database)).toBe(false);
  expect(existsSync(join(shell.home, 'keywright.key'))).toBe(false);
}

/** `doctor` names it, with and without `--fix`, and every file is still there. */
async function expectNothingDeleted(shell: Shell, code: string, files: readonly string[]): Promise<void> {
  for (const flags of [[], ['--fix']]) {
    const doctor = await shell.run(['doctor', '--json', ...flags]);
    expect(doctor.code, doctor.stdout).toBe(10);
    expect(findingsOf(doctor).map((finding) => finding.code)).toEqual([code]);
  }
  expect(filesOf(shell)).toEqual(files);
}
