import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokenProgram } from '../support/broken-program.ts';
import { ended } from '../support/run-program.ts';
import { type Session, secretServiceMissing, startSession } from '../support/secret-service/session.ts';
import { startStub } from '../support/secret-service/stub.ts';
import { expectReadingAndStopping, filesOf, keychainStore, processesOf, shellOn } from './keychain-store.ts';
import { findingsOf } from './soundness.ts';

const why = secretServiceMissing(process.env);
const CREATE = ['keys', 'create', '--scope', 'orders:read', '--name', 'fresh'];
/** The deadline without a terminal, and how much later its end may be seen on a busy machine. */
const DEADLINE_MS = 5000;
const SLACK_MS = 15_000;

describe.skipIf(why !== undefined)(`a keychain that never answers${why ? ` (skipped: ${why})` : ''}`, () => {
  let session: Session;
  beforeAll(async () => {
    session = await startSession();
  });
  afterAll(() => session.close());
  /** A store in the keychain, and then no keychain. */
  const abandonedStore = async () => {
    await session.startKeyring('a password');
    const store = await keychainStore(session);
    await session.stopKeyring();
    return store;
  };

  test.each(['unlock-hangs', 'silent'] as const)(
    '%s: every command ends at the deadline, and nothing of it is left (case 69)',
    async (manner) => {
      const { shell, secret } = await abandonedStore();
      const files = filesOf(shell);
      await startStub(session.address, manner);

      const env = { KEYWRIGHT_KEYCHAIN_TIMEOUT: undefined };
      const started = performance.now();
      const [create, init, doctor] = await Promise.all([
        shell.run(CREATE, { env }),
        shellOn(session).run(['init', '--unlock', 'auto'], { env }),
        shell.run(['doctor', '--fix', '--json'], { env }),
        expectReadingAndStopping(shell, secret, env),
      ]);
      const took = performance.now() - started;
      expect(processesOf(session)).toEqual([]);
      for (const ran of [create, init]) {
        expect([ran.code, ran.stdout], ran.stderr).toEqual([6, '']);
        expect(ran.stderr).toContain('the OS keychain did not answer');
        expect(ran.stderr).toMatch(/^hint: .*unlock or start.*passphrase.*key.file/m);
      }
      // The binding itself gives up earlier on a service that says nothing at all.
      if (manner === 'unlock-hangs') expect(took).toBeGreaterThan(DEADLINE_MS - 100);
      expect(took).toBeLessThan(DEADLINE_MS + SLACK_MS);
      expect(doctor.code).toBe(10);
      expect(findingsOf(doctor).map(({ code }) => code)).toEqual(['keychain_timeout']);
      expect(filesOf(shell)).toEqual(files);
    },
  );

  test('broken variant: without a deadline it would hang, and be seen to', async () => {
    const { shell } = await abandonedStore();
    await startStub(session.address, 'unlock-hangs');
    shell.program = await brokenProgram({
      file: 'src/secrets/slots/keychain/call.ts',
      was: 'const deadlineMs = patience.left();',
      becomes: 'const deadlineMs = 60_000;',
    });
    const env = { KEYWRIGHT_KEYCHAIN_TIMEOUT: '100ms' };
    const child = shell.start(CREATE, { stdio: 'ignore', env });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
    child.kill('SIGKILL');
    await ended(child);
    await until(() => processesOf(session).length === 0);
  });

  test('the deadline can be set, and Ctrl-C does not wait for it (case 70)', async () => {
    const { shell } = await abandonedStore();
    await startStub(session.address, 'unlock-hangs');
    const quick = await shell.run(CREATE, { env: { KEYWRIGHT_KEYCHAIN_TIMEOUT: '1s' } });
    expect(quick).toMatchObject({ code: 6, stdout: '' });
    expect(quick.stderr).toContain('within 1 s');

    const child = shell.start(CREATE, { stdio: 'ignore' });
    await until(() => processesOf(session).length > 0);
    const interrupted = performance.now();
    child.kill('SIGINT');
    const [code, signal] = await ended(child);
    expect(performance.now() - interrupted).toBeLessThan(30_000);
    expect(code === 130 || signal === 'SIGINT', `${code} ${signal}`).toBe(true);
    await until(() => processesOf(session).length === 0);
  });

  test('killed with SIGKILL, the helper goes with the program', async () => {
    const { shell } = await abandonedStore();
    await startStub(session.address, 'unlock-hangs');
    const child = shell.start(CREATE, { stdio: 'ignore' });
    await until(() => processesOf(session).length > 0);
    child.kill('SIGKILL');
    await ended(child);
    await until(() => processesOf(session).length === 0);
  });

  test('a write that hangs makes no store (case 69)', async () => {
    await startStub(session.address, 'create-hangs');
    const shell = shellOn(session);
    const init = await shell.run(['init', '--unlock', 'keychain'], {
      env: { KEYWRIGHT_KEYCHAIN_TIMEOUT: '1s' },
    });
    expect(init).toMatchObject({ code: 6, stdout: '' });
    expect(existsSync(shell.database)).toBe(false);
    expect(processesOf(session)).toEqual([]);
  });
});

/** Waits half a minute at most. */
async function until(holds: () => boolean): Promise<void> {
  for (let left = 1200; left > 0; left--) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error('it never came to that');
}
