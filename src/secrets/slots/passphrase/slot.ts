import { isTooShort, SHORTEST_PASSPHRASE } from '../../../domain/passphrase.ts';
import type { Random } from '../../../domain/ports/system.ts';
import type { Secret } from '../../../domain/secret.ts';
import { Failure, PROGRAM } from '../../../errors.ts';
import { KEY_SIZE } from '../../keys.ts';
import type { SlotMeans } from '../slot.ts';
import {
  type Argon2Settings,
  parsePassphraseHeader,
  passphraseHeader,
  RECOMMENDED,
  SALT_SIZE,
} from './header.ts';

/** Slots opened by a passphrase through argon2id; nothing is kept outside the database. */
export function passphraseMeans(random: Random): SlotMeans {
  return {
    async make({ role, passphrase }) {
      if (!passphrase) throw new Failure('passphrase_needed', 'a new passphrase slot needs a passphrase');
      const text = normalised(passphrase);
      if (isTooShort(text)) {
        throw new Failure(
          'bad_secret_input',
          `the passphrase has fewer than ${SHORTEST_PASSPHRASE} characters`,
          {
            hint: 'several random words make a good one',
          },
        );
      }
      const settings = { ...RECOMMENDED, salt: Buffer.from(random(SALT_SIZE)) };
      return { header: passphraseHeader(role, settings), key: await argon2id(text, settings) };
    },

    async unlock(slot, sources) {
      const settings = parsePassphraseHeader(slot);
      return argon2id(normalised(await sources.passphrase(slot.name)), settings);
    },

    async renew(slot, sources) {
      const settings = { ...RECOMMENDED, salt: Buffer.from(random(SALT_SIZE)) };
      const text = normalised(await sources.passphrase(slot.name));
      return { header: passphraseHeader(slot.role, settings), key: await argon2id(text, settings) };
    },

    async settle() {},
    async discard() {},

    refused(slot) {
      return new Failure(
        'passphrase_wrong',
        `the passphrase does not open slot ${slot.name}, or the slot is damaged`,
        {
          hint: `try again, or use another slot: ${PROGRAM} … --slot NAME`,
        },
      );
    },
  };
}

/**
 * The passphrase in NFC, so that composed and decomposed input give one key; nothing is trimmed. Throws
 * `bad_secret_input` for what is empty, holds NUL, or isn't Unicode text.
 */
function normalised(passphrase: Secret): string {
  const text = passphrase.reveal().normalize('NFC');
  if (text === '') throw new Failure('bad_secret_input', 'the passphrase is empty');
  if (text.includes('\0')) throw new Failure('bad_secret_input', 'the passphrase holds a NUL character');
  if (!text.isWellFormed()) throw new Failure('bad_secret_input', 'the passphrase is not valid Unicode text');
  return text;
}

/** 32 bytes by argon2id version 1.3 (RFC 9106); about 100 ms with the recommended settings. */
async function argon2id(text: string, { memory, passes, lanes, salt }: Argon2Settings): Promise<Uint8Array> {
  const { hash } = await import('argon2').catch((cause: unknown) => {
    throw new Failure('native_module', 'the argon2 module is missing or was built for another Node.js', {
      hint: 'install keywright again, with the Node.js that runs it',
      cause,
    });
  });
  return hash(text, {
    type: 2,
    version: 0x13,
    memoryCost: memory,
    timeCost: passes,
    parallelism: lanes,
    salt,
    hashLength: KEY_SIZE,
    raw: true,
  });
}
