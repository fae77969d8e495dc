import { createHash, randomBytes } from 'node:crypto';
import type {
  LockedStore,
  OperatorAccess,
  SealedPepper,
  SlotRecord,
  UnlockSources,
} from '../../src/domain/ports/secrets.ts';
import type { Random } from '../../src/domain/ports/system.ts';
import { Secret } from '../../src/domain/secret.ts';
import { Failure } from '../../src/errors.ts';
import { openSecrets, type SecretsDeps } from '../../src/secrets/open.ts';
import type { KeychainSetup } from '../../src/secrets/slots/keychain/call.ts';

export const STORE = 'store_0123456789Ab';

/** Bytes that are the same in each run. */
export function countedRandom(seed: string): Random {
  let count = 0;
  return (size) => createHash('shake256', { outputLength: size }).update(`${seed}/${count++}`).digest();
}

/** A keychain helper made of one shell command, which reads the request as `$request`. */
export function shellHelper(script: string): KeychainSetup {
  const args = ['-c', `read -r request; ${script}`];
  return {
    command: '/bin/sh',
    args,
    env: { PATH: '/usr/bin:/bin' },
    terminal: false,
    timeoutMs: 5_000,
    onWait() {},
  };
}

export function makeSecrets(deps: Partial<SecretsDeps> = {}) {
  const uid = process.getuid?.();
  return openSecrets({
    random: randomBytes,
    clock: () => 1_000,
    uid,
    keychain: shellHelper('exit 7'),
    ...deps,
  });
}

/** Sources with nobody to ask. */
export function sources(said: { slot?: string; keyFile?: string; passphrase?: string } = {}): UnlockSources {
  const { slot, keyFile, passphrase } = said;
  return {
    slot,
    keyFile,
    passphraseGiven: passphrase !== undefined,
    async passphrase() {
      if (passphrase === undefined) throw new Failure('passphrase_needed', 'nobody to ask');
      return new Secret(passphrase);
    },
  };
}

export function lockedStore(slots: readonly SlotRecord[], peppers: readonly SealedPepper[]): LockedStore {
  return { id: STORE, primarySlot: slots[0]?.id ?? '', slots, peppers };
}

/** The `Failure` that `work` throws; fails when it throws none. */
export async function failureOf(work: () => unknown): Promise<Failure> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** All one-bit changes of `bytes`. */
export function* bitFlips(bytes: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Uint8Array.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield changed;
  }
}

/** All shorter beginnings of `bytes`, and `bytes` with one byte more. */
export function* otherLengths(bytes: Uint8Array): Generator<Uint8Array> {
  for (let size = 0; size < bytes.length; size++) yield bytes.slice(0, size);
  yield Uint8Array.from([...bytes, 0]);
}

/** Hash that tells whether two accesses hold the same pepper. */
export function mark(access: Pick<OperatorAccess, 'hasher'>, pepper = 1): string | undefined {
  const hash = access.hasher.hash(pepper, 'ws_1', 'token');
  return hash && Buffer.from(hash).toString('hex');
}
