import { Encrypter, type Identity } from 'age-encryption';
import { isTooShort, SHORTEST_PASSPHRASE } from '../domain/passphrase.ts';
import type { Secret } from '../domain/secret.ts';
import { Failure } from '../errors.ts';

/** Throws `usage`, naming the first that age can't seal to, and `secret_in_argument` for an identity among them. */
export function checkRecipients(recipients: readonly string[]): void {
  if (recipients.some((one) => /^AGE-SECRET-KEY-/i.test(one))) {
    throw new Failure('secret_in_argument', 'an age identity was given where its recipient, age1…, belongs', {
      hint: 'others may have seen it: make another with age-keygen -o backup.key, which prints its recipient',
    });
  }
  for (const recipient of recipients) {
    try {
      new Encrypter().addRecipient(recipient);
    } catch (error) {
      throw new Failure('usage', `no age recipient: ${recipient}`, {
        hint: 'age-keygen -o backup.key makes an identity and prints its recipient, age1…',
        cause: error,
      });
    }
  }
}

/** Throws `bad_secret_input` for fewer than 15 characters. */
export function checkPassphrase(passphrase: Secret): void {
  if (!isTooShort(passphrase.reveal())) return;
  throw new Failure('bad_secret_input', `the passphrase has fewer than ${SHORTEST_PASSPHRASE} characters`, {
    hint: 'several random words make a good one',
  });
}

/** The identities in a file as age-keygen writes it: one a line, comments begin with `#`. Throws `identity_wrong`. */
export function identitiesIn(file: Secret): readonly string[] {
  const lines = file
    .reveal()
    .split(/\r?\n/)
    .map((line) => line.trim());
  const found = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const known = found.every((line) => /^AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]+$/.test(line));
  if (known && found.length > 0) return found;
  throw new Failure('identity_wrong', 'the identity file does not hold age identities, AGE-SECRET-KEY-1…', {
    hint: 'age-keygen -o backup.key makes one; a passphrase-protected one: age -d identity.age > backup.key',
  });
}

/** For the checks that the library makes of an identity. Throws `identity_wrong`. */
export function addIdentity(
  decrypter: { addIdentity(one: string | Identity): void },
  identity: string,
): void {
  try {
    decrypter.addIdentity(identity);
  } catch {
    throw new Failure('identity_wrong', 'an identity in the identity file has a mistake in it');
  }
}
