import { statSync } from 'node:fs';
import type { UnlockSources } from '../domain/ports/secrets.ts';
import type { Secret } from '../domain/secret.ts';
import { Failure } from '../errors.ts';

/** Where a passphrase may come from, and who is asked or told. */
export interface SourceSettings {
  readonly globals: {
    readonly slot?: string | undefined;
    readonly keyFile?: string | undefined;
    readonly passphraseFile?: string | undefined;
    readonly passphraseFd?: string | undefined;
  };
  readonly platform: string;
  /** What `KEYWRIGHT_PASSPHRASE` held before it was removed from the environment. */
  readonly passphrase: string | undefined;
  env(name: string): string | undefined;
  ask(slotName: string): Promise<Secret>;
  warn(line: string): void;
}

/** What was taken from the environment of each process; a second verifier of a server needs it, too. */
const passphrases = new WeakMap<object, string>();

/**
 * What `KEYWRIGHT_PASSPHRASE` holds or held for this process. Removed at once: neither a child process nor a
 * crash report is to see it.
 */
export function takePassphrase(
  owner: object,
  env: { KEYWRIGHT_PASSPHRASE?: string | undefined },
): string | undefined {
  const given = env.KEYWRIGHT_PASSPHRASE;
  delete env.KEYWRIGHT_PASSPHRASE;
  if (given !== undefined) passphrases.set(owner, given);
  return passphrases.get(owner);
}

/**
 * Flag before environment; a file or a descriptor before the variable that others could read. Throws `usage` for both
 * flags.
 */
export function unlockSources(settings: SourceSettings): UnlockSources {
  const { globals, env, passphrase } = settings;
  const fd = globals.passphraseFd;
  if (fd !== undefined && globals.passphraseFile !== undefined)
    throw new Failure('usage', 'give --passphrase-file or --passphrase-fd, not both');
  const file = globals.passphraseFile ?? (fd === undefined ? env('KEYWRIGHT_PASSPHRASE_FILE') : undefined);
  return {
    slot: globals.slot ?? env('KEYWRIGHT_SLOT'),
    keyFile: globals.keyFile ?? env('KEYWRIGHT_KEY_FILE'),
    passphraseGiven: file !== undefined || fd !== undefined || passphrase !== undefined,
    async passphrase(slotName) {
      const { readSecret } = await import('./input.ts');
      if (file !== undefined) {
        if (settings.platform !== 'win32' && isOpenToOthers(file)) {
          settings.warn(`note: others can read ${file}; chmod 600 mends that`);
        }
        return readSecret({ file });
      }
      if (fd !== undefined) return readSecret({ file: `/dev/fd/${checkedDescriptor(fd)}` });
      if (passphrase === undefined) return settings.ask(slotName);
      return readSecret({ variable: 'KEYWRIGHT_PASSPHRASE', env: () => passphrase });
    },
  };
}

function checkedDescriptor(text: string): string {
  if (/^[0-9]{1,6}$/.test(text)) return text;
  throw new Failure('usage', '--passphrase-fd must be the number of a file descriptor');
}

function isOpenToOthers(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && (stats.mode & 0o077) !== 0;
}
