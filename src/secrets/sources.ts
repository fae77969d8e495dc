import type { UnlockSources } from '../domain/ports/secrets.ts';
import type { Secret } from '../domain/secret.ts';

/** The same sources, but a passphrase is asked for once and then used again. */
export function askingOnce(sources: UnlockSources): UnlockSources {
  let asked: Promise<Secret> | undefined;
  const { slot, keyFile, passphraseGiven } = sources;
  return {
    slot,
    keyFile,
    passphraseGiven,
    passphrase(slotName) {
      asked ??= sources.passphrase(slotName);
      return asked;
    },
  };
}

/** The same sources without the key file that was named. */
export function withoutKeyFile(sources: UnlockSources): UnlockSources {
  const { slot, passphraseGiven } = sources;
  return { slot, passphraseGiven, passphrase: (slotName) => sources.passphrase(slotName) };
}
