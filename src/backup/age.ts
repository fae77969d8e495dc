import { ReadableStream } from 'node:stream/web';
import { Decrypter, Encrypter } from 'age-encryption';
import type { Bytes, OpenWith, SealTo } from '../domain/ports/backup.ts';
import type { Secret } from '../domain/secret.ts';
import { Failure } from '../errors.ts';
import { unarmored } from './armor.ts';
import { addIdentity, checkPassphrase, checkRecipients, identitiesIn } from './keys.ts';
import { inLargePieces, putBack, take } from './pieces.ts';
import { passphraseIdentity, passphraseRecipient } from './scrypt.ts';

const MAGIC = 'age-encryption.org/v1\n';
/** Room for hundreds of recipients. The library reads a header without a limit, so it is measured before. */
const MOST_HEADER = 1024 * 1024;
const PIECE = 1024 * 1024;

/** The content as a binary age file (age-encryption.org/v1). Throws as `checkRecipients` and `checkPassphrase` do. */
export async function seal(content: Bytes, to: SealTo): Promise<Bytes> {
  const encrypter = new Encrypter();
  if ('passphrase' in to) {
    checkPassphrase(to.passphrase);
    encrypter.addRecipient(passphraseRecipient(to.passphrase.reveal().normalize('NFC')));
  } else {
    checkRecipients(to.recipients);
    for (const recipient of to.recipients) encrypter.addRecipient(recipient);
  }
  return inLargePieces(await encrypter.encrypt(webStream(content)), PIECE);
}

/** The content of an age file, armored or not; see the port for what it throws, and when. */
export async function open(sealed: Bytes, by: OpenWith): Promise<Bytes> {
  const { header, file } = await measured(await unarmored(sealed));
  const withPassphrase = /^-> scrypt /m.test(header);
  const decrypter = new Decrypter();
  if (withPassphrase) decrypter.addIdentity(passphraseIdentity(spellings(await by.passphrase())));
  else for (const identity of identitiesOf(by)) addIdentity(decrypter, identity);
  try {
    return checked(await decrypter.decrypt(webStream(file)));
  } catch (error) {
    throw refused(error, withPassphrase);
  }
}

/** As it is stored under, and as it was typed, which is what other programs seal with. */
function spellings(passphrase: Secret): readonly string[] {
  const typed = passphrase.reveal();
  return [...new Set([typed.normalize('NFC'), typed])];
}

function identitiesOf({ identities }: OpenWith): readonly string[] {
  const found = identities.flatMap(identitiesIn);
  if (found.length > 0) return found;
  throw new Failure('identity_wrong', 'the backup is sealed to recipients, and no identity was given', {
    hint: 'the file with the private half opens it:',
    retry: { append: '--identity=FILE' },
  });
}

/** The header of an age file as text, once it is known to be one and to end. */
async function measured(file: Bytes): Promise<{ header: string; file: AsyncGenerator<Uint8Array> }> {
  const first = await take(file, MAGIC.length);
  let { head } = first;
  if (!head.toString('latin1').startsWith(MAGIC)) {
    throw new Failure('backup_foreign', 'the file is not in the age format, so it is no backup');
  }
  for (;;) {
    const end = /\n---[^\n]*\n/.exec(head.toString('latin1'));
    if (end !== null) {
      const header = head.toString('latin1', 0, end.index + 1);
      return { header, file: putBack(head, first.rest) };
    }
    const next = head.length < MOST_HEADER ? await first.rest.next() : { done: true, value: undefined };
    if (next.done === true || next.value === undefined) {
      throw damaged('its header does not end');
    }
    head = Buffer.concat([head, next.value]);
  }
}

async function* checked(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (error) {
    throw error instanceof Failure ? error : damaged('a part of it was changed or is missing', error);
  }
}

function refused(error: unknown, withPassphrase: boolean): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof Error) || !error.message.startsWith('no identity matched')) {
    return damaged('its header was changed', error);
  }
  const why = 'opens the backup, or its header is damaged';
  return withPassphrase
    ? new Failure('passphrase_wrong', `the passphrase is not the one that ${why}`, { hint: 'try again' })
    : new Failure('identity_wrong', `no identity that was given ${why}`, {
        hint: 'try another one with --identity',
      });
}

function damaged(what: string, cause?: unknown): Failure {
  return new Failure('backup_damaged', `the backup is damaged: ${what}`, {
    hint: 'try another copy of it',
    cause,
  });
}

function webStream(content: Bytes): ReadableStream<Uint8Array> {
  return ReadableStream.from(content);
}
