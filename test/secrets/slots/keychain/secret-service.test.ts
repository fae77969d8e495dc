import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LockedStore } from '../../../../src/domain/ports/secrets.ts';
import type { Random } from '../../../../src/domain/ports/system.ts';
import type { KeychainSetup } from '../../../../src/secrets/slots/keychain/call.ts';
import { kernelKeys } from '../../../support/kernel-keys.ts';
import { type Session, secretServiceMissing, startSession } from '../../../support/secret-service/session.ts';
import { type Manner, startStub } from '../../../support/secret-service/stub.ts';
import { failureOf, lockedStore, makeSecrets, mark, STORE, sources } from '../../fixture.ts';

const HELPER = join(import.meta.dirname, '../../../../src/secrets/slots/keychain/helper.ts');
const why = secretServiceMissing(process.env);

function secretsAt(
  env: KeychainSetup['env'],
  more: Partial<KeychainSetup> = {},
  random: Random = randomBytes,
) {
  const helper = {
    command: process.execPath,
    args: [HELPER],
    env,
    terminal: false,
    timeoutMs: 60_000,
    onWait() {},
  };
  return makeSecrets({ random, keychain: { ...helper, ...more } });
}

/** Children of this process, zombies included, but for the bus: only helpers are left. */
function helpers(): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const [, name, parent] =
        /^\d+ \((.*)\) \S (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
      return parent === String(process.pid) && name !== 'dbus-daemon';
    } catch {
      return false; // Not a process, or one that ended meanwhile.
    }
  });
}

describe.skipIf(why !== undefined)(
  `a real Secret Service${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    let session: Session;
    let store: LockedStore;

    beforeAll(async () => {
      session = await startSession();
      await session.startKeyring('a password');
      const secrets = secretsAt(session.env);
      const { access, pepper } = secrets.create(STORE, 1);
      store = lockedStore(
        [await access.addSlot({ name: 'laptop', kind: 'keychain', role: 'operator' })],
        [pepper],
      );
      await secrets.test(store, access.slot, sources());
      await session.stopKeyring();
    });
    afterAll(() => session.close());

    describe('open', () => {
      beforeAll(() => session.startKeyring('a password'));
      afterAll(() => session.stopKeyring());

      test('a slot is made, opened, renewed, settled, discarded', async () => {
        const secrets = secretsAt(session.env);
        expect(await secrets.probeKeychain()).toBe('works');
        const { access, pepper } = secrets.create(STORE, 1);
        const slot = await access.addSlot({ name: 'k', kind: 'keychain', role: 'verifier' });
        const before = lockedStore([slot], [pepper]);
        expect(mark(await secrets.unlockVerifier(before, sources()))).toBe(mark(access));

        const next = access.rekey({ peppers: [pepper], sealed: [] }, 2);
        const renewed = await secrets.rewrap(before, slot, next.access, sources());
        const after = lockedStore([renewed], next.peppers);
        await secrets.test(before, slot, sources());
        expect(mark(await secrets.unlockVerifier(after, sources()), 2)).toBe(mark(next.access, 2));
        await secrets.settle(slot, renewed);
        expect((await failureOf(() => secrets.test(before, slot, sources()))).code).toBe(
          'keychain_entry_missing',
        );

        await secrets.discard(renewed);
        await secrets.discard(renewed);
        const failure = await failureOf(() => secrets.test(after, renewed, sources()));
        expect(failure.code).toBe('keychain_entry_missing');
        expect(failure.hint).toContain('put back a copy');
      });

      test('the key is in no argument of any process while it is written', async () => {
        const drawn: string[] = [];
        const secrets = secretsAt(session.env, {}, (size) => {
          const bytes = randomBytes(size);
          if (size === 32)
            drawn.push(bytes.toString('base64'), bytes.toString('hex'), bytes.toString('base64url'));
          return bytes;
        });
        const seen: string[] = [];
        const sampling = setInterval(() => {
          for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
            try {
              seen.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
            } catch {
              // It ended meanwhile.
            }
          }
        }, 1);
        const { access } = secrets.create(STORE, 1);
        await secrets.discard(await access.addSlot({ name: 'k', kind: 'keychain', role: 'operator' }));
        clearInterval(sampling);
        const all = seen.join('\n');
        expect(all).toContain('helper.ts');
        expect(drawn.filter((text) => all.includes(text))).toEqual([]);
      });
    });

    test('locked, and no display to ask on', async () => {
      await session.startKeyring();
      const failure = await failureOf(() => secretsAt(session.env).unlockOperator(store, sources()));
      const asked = await failureOf(() =>
        secretsAt({ ...session.env, DISPLAY: ':77' }).unlockOperator(store, sources()),
      );
      await session.stopKeyring();
      expect(failure.code).toBe('keychain_locked');
      expect(asked.code).toBe('keychain_declined');
    });

    test('no default collection', async () => {
      const fresh = await startSession();
      await fresh.startKeyring();
      const secrets = secretsAt(fresh.env);
      const failures = [
        await failureOf(() => secrets.probeKeychain()),
        await failureOf(() => secrets.unlockOperator(store, sources())),
      ];
      await fresh.close();
      for (const failure of failures) {
        expect(failure.code).toBe('keychain_unavailable');
        expect(failure.message).toContain('default collection');
      }
    });

    test('a bus that offers no service', async () => {
      const secrets = secretsAt(session.env);
      expect(await secrets.probeKeychain()).toBe('absent');
      expect((await failureOf(() => secrets.unlockOperator(store, sources()))).code).toBe(
        'keychain_unavailable',
      );
    });

    test.each<[Manner, string]>([
      ['unlock-hangs', 'Prompt'],
      ['create-hangs', 'CreateItem'],
      ['silent', 'OpenSession'],
    ])(
      '%s: a notice, then the deadline; the helper is gone and nothing else was tried',
      async (manner, reached) => {
        const stub = await startStub(session.address, manner);
        let notices = 0;
        let running = 0;
        const sampling = setInterval(() => {
          running += helpers().length;
        }, 50);
        const setup = { terminal: true, timeoutMs: 8_000, noticeMs: 300, onWait: () => notices++ };
        const started = performance.now();
        const failure = await failureOf(() => secretsAt(session.env, setup).unlockOperator(store, sources()));
        const took = performance.now() - started;
        clearInterval(sampling);
        stub.close();
        expect(failure.code).toBe('keychain_timeout');
        expect(failure.hint).toContain('unlock or start the OS keychain');
        // The binding itself gives up after two seconds on a service that says nothing at all.
        expect(took).toBeGreaterThan(manner === 'silent' ? 1_500 : 7_000);
        expect(took).toBeLessThan(40_000);
        expect(notices).toBe(1);
        expect(running).toBeGreaterThan(5);
        expect(stub.calls).toContain(reached);
        expect(helpers()).toEqual([]);
      },
    );

    test('a prompt that is dismissed is declined, and comes once', async () => {
      const stub = await startStub(session.address, 'dismisses');
      const secrets = secretsAt({ ...session.env, DISPLAY: ':77' });
      const failure = await failureOf(() => secrets.unlockOperator(store, sources()));
      stub.close();
      expect(failure.code).toBe('keychain_declined');
      expect(stub.calls.filter((name) => name === 'Prompt')).toHaveLength(1);
    });

    test('no bus at all: the kernel keyring stays as it was', async () => {
      const before = kernelKeys();
      const secrets = secretsAt({ PATH: process.env.PATH, HOME: session.home });
      expect(await secrets.probeKeychain()).toBe('absent');
      const { access } = secrets.create(STORE, 1);
      const making = await failureOf(() => access.addSlot({ name: 'k', kind: 'keychain', role: 'operator' }));
      const opening = await failureOf(() => secrets.unlockOperator(store, sources()));
      for (const failure of [making, opening]) {
        expect(failure.code).toBe('keychain_unavailable');
        expect(failure.message).toContain('no D-Bus session bus');
      }
      for (const way of ['unlock or start', '--unlock passphrase', '--unlock key-file'])
        expect(making.hint).toContain(way);
      expect(kernelKeys()).toEqual(before);
    });

    test('without the pin, the binding would have gone to the kernel keyring', () => {
      const script = `const { Entry } = require('@napi-rs/keyring');
      try { console.log(new Entry('keywright', 'none').getPassword()); } catch (error) { console.log(error.message); }`;
      const env = { PATH: process.env.PATH, HOME: session.home };
      const unpinned = spawnSync(process.execPath, ['-e', script], { env, encoding: 'utf8' });
      // Depending on the container: no such entry there, or no access to it; never a word of D-Bus.
      expect(unpinned.stdout).toMatch(/^null|platform storage/);
      expect(unpinned.stdout).not.toMatch(/D-?Bus/i);
    });

    test('the hint names the slots that the store has', async () => {
      const record = store.slots[0];
      if (!record) throw new Error('the store has a slot');
      const recovery = { ...record, id: 'slot_r', name: 'recovery', kind: 'passphrase' as const };
      const file = { ...record, id: 'slot_f', name: 'ci', kind: 'key-file' as const };
      const rich = { ...store, slots: [record, recovery, file] };
      const failure = await failureOf(() => secretsAt({}).unlockOperator(rich, sources()));
      for (const way of ['unlock or start', '--slot recovery', '--slot ci'])
        expect(failure.hint).toContain(way);
    });
  },
);

describe('a helper on a bus that accepts and then says nothing', () => {
  const socket = join('/tmp', `keywright-deaf-${process.pid}`);
  const accepted: Socket[] = [];
  const deaf = createServer((client) => accepted.push(client.on('error', () => {})));
  beforeAll(() => new Promise<void>((resolve) => deaf.listen(socket, resolve)));
  afterAll(async () => {
    for (const client of accepted) client.destroy();
    await new Promise((resolve) => deaf.close(resolve));
  });

  const start = (deadlineMs: number) => {
    const env = { PATH: process.env.PATH, DBUS_SESSION_BUS_ADDRESS: `unix:path=${socket}` };
    const helper = spawn(process.execPath, [HELPER], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    helper.stdin.write(`${JSON.stringify({ op: 'read', account: 'a', deadlineMs })}\n`);
    return { helper, ended: new Promise((resolve) => helper.once('exit', (_, signal) => resolve(signal))) };
  };

  test('kills itself at its deadline', async () => {
    expect(await start(300).ended).toBe('SIGKILL');
  });

  test('kills itself when whoever started it is gone', async () => {
    const { helper, ended } = start(60_000);
    await new Promise((resolve) => deaf.once('connection', resolve));
    await sleep(50);
    expect(helper.exitCode).toBeNull();
    helper.stdin.destroy();
    expect(await ended).toBe('SIGKILL');
  });
});
