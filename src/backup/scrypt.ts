import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { type Identity, type Recipient, Stanza } from 'age-encryption';
import { Failure } from '../errors.ts';

/** log₂ of scrypt's N of what we seal: age's own default, 256 MiB and about half a second. */
const WORK = 18;
/** The most that is opened, 1 GiB: what asks for more would only keep the machine busy. */
const MOST_WORK = 20;
const LABEL = 'age-encryption.org/v1/scrypt';
const SALT_SIZE = 16;
const TAG_SIZE = 16;
const FILE_KEY_SIZE = 16;
/** A key made by scrypt from a fresh salt seals one thing, so age fixes the nonce. */
const NONCE = Buffer.alloc(12);

/**
 * age's scrypt recipient (C2SP age.md, "The scrypt recipient type") through Node's scrypt, which works off the
 * main thread: the library's own blocks everything, Ctrl-C included, for a second.
 */
export function passphraseRecipient(passphrase: string): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = randomBytes(SALT_SIZE);
      const key = await derive(passphrase, salt, WORK);
      const cipher = createCipheriv('chacha20-poly1305', key, NONCE, { authTagLength: TAG_SIZE });
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
      return [new Stanza(['scrypt', unpadded(salt), String(WORK)], body)];
    },
  };
}

/**
 * The other direction; each spelling of the passphrase is tried. Throws `backup_damaged` for a header that age
 * would not write, and for one that asks for more work than any honest one.
 */
export function passphraseIdentity(spellings: readonly string[]): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const [stanza] = stanzas;
      if (stanza === undefined || stanza.args[0] !== 'scrypt') return null;
      if (stanzas.length > 1) throw malformed('a passphrase is not the only thing that opens it');
      const { salt, work } = settingsOf(stanza);
      for (const spelling of spellings) {
        const fileKey = opened(stanza.body, await derive(spelling, salt, work));
        if (fileKey !== undefined) return fileKey;
      }
      return null;
    },
  };
}

function settingsOf({ args, body }: Stanza): { salt: Buffer; work: number } {
  const [, encoded = '', digits = ''] = args;
  const salt = Buffer.from(encoded, 'base64');
  const exact = salt.length === SALT_SIZE && unpadded(salt) === encoded;
  if (args.length !== 3 || !exact || !/^[1-9][0-9]*$/.test(digits)) throw malformed('it does not parse');
  if (body.length !== FILE_KEY_SIZE + TAG_SIZE) throw malformed('it does not parse');
  const work = Number(digits);
  if (work > MOST_WORK) throw malformed(`it asks for more work than 2^${MOST_WORK}`);
  return { salt, work };
}

function opened(body: Uint8Array, key: Buffer): Uint8Array | undefined {
  const decipher = createDecipheriv('chacha20-poly1305', key, NONCE, { authTagLength: TAG_SIZE });
  decipher.setAuthTag(body.subarray(FILE_KEY_SIZE));
  const fileKey = decipher.update(body.subarray(0, FILE_KEY_SIZE));
  try {
    decipher.final();
    return fileKey;
  } catch {
    return undefined;
  }
}

function derive(passphrase: string, salt: Uint8Array, work: number): Promise<Buffer> {
  const N = 2 ** work;
  const settings = { N, r: 8, p: 1, maxmem: 128 * 8 * N + 1024 * 1024 };
  const labelled = Buffer.concat([Buffer.from(LABEL), salt]);
  return new Promise((resolve, reject) => {
    scrypt(passphrase, labelled, 32, settings, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function malformed(why: string): Failure {
  return new Failure('backup_damaged', `the header of the backup is not one that age writes: ${why}`);
}
