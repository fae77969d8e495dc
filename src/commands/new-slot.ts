import type { Context } from '../context.ts';
import type { SlotKind, SlotRequest } from '../domain/ports/secrets.ts';
import type { Secret } from '../domain/secret.ts';
import { Failure, PROGRAM } from '../errors.ts';
import type { Option } from './command.ts';

const WAYS = ['auto', 'keychain', 'passphrase', 'key-file'] as const;
export type Unlock = (typeof WAYS)[number];

/** How a new store, or a restored one, is unlocked on this machine. */
export const UNLOCK: Option = {
  flags: '--unlock <how>',
  about: 'auto, keychain, passphrase or key-file (default: keychain)',
  choices: WAYS,
};

/**
 * The slot that shall open a store on this machine. `said` is the value of `--unlock`, `command` the command line
 * without it, for hints. Throws the exit-6 failures where it can't be made.
 */
export async function primarySlot(
  context: Context,
  said: Unlock | undefined,
  command: string,
): Promise<SlotRequest> {
  const kind = await primaryKind(context, said, command);
  const base = { name: kind, kind, role: 'operator' } as const;
  if (kind === 'key-file') return { ...base, keyFile: context.places().keyFile };
  if (kind === 'passphrase') return { ...base, passphrase: await newPassphrase(context, command) };
  return base;
}

/**
 * What was said, else the keychain. Only `auto` chooses by itself; a person at a terminal without a
 * keychain is asked, before a passphrase is typed for nothing.
 */
async function primaryKind(context: Context, said: Unlock | undefined, command: string): Promise<SlotKind> {
  if (said === 'passphrase' || said === 'key-file') return said;
  if (said !== 'auto' && !context.ask.interactive) return 'keychain';
  if ((await (await context.secrets()).probeKeychain()) === 'works') return 'keychain';
  if (said === 'auto') return 'key-file';
  if (said === undefined) {
    return context.ask.select<SlotKind>('there is no OS keychain here; unlock the store with', [
      {
        name: 'a passphrase',
        value: 'passphrase',
        description: 'asked for whenever something is sealed or opened',
      },
      {
        name: 'a key file',
        value: 'key-file',
        description: `${context.places().keyFile}, mode 0600; nothing is asked`,
      },
    ]);
  }
  throw new Failure('keychain_unavailable', 'there is no OS keychain service on this machine', {
    hint: `start one, or ${PROGRAM} ${command} --unlock passphrase, or ${PROGRAM} ${command} --unlock key-file`,
  });
}

async function newPassphrase(context: Context, command: string): Promise<Secret> {
  if (context.sources.passphraseGiven) return context.sources.passphrase('new');
  try {
    return await context.ask.passphrase('passphrase for the store (at least 15 characters)', {
      confirm: true,
    });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'passphrase_needed') throw error;
    const hint = `${PROGRAM} ${command} --unlock passphrase --passphrase-file FILE`;
    throw new Failure(error.code, error.message, { hint, cause: error });
  }
}
