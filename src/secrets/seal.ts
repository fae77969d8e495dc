import type { KeyObject } from 'node:crypto';
import type { SealedRecord } from '../domain/ports/secrets.ts';
import type { Random } from '../domain/ports/system.ts';
import { Secret } from '../domain/secret.ts';
import { Failure, PROGRAM } from '../errors.ts';
import { framed, openBytes, sealBytes } from './aead.ts';
import { derive } from './keys.ts';

const FORMAT = 1;

/** Where a sealed secret belongs. */
export type Place = Pick<SealedRecord, 'record' | 'field' | 'version'>;

/**
 * Seals `plaintext` for one place: format byte ‖ nonce ‖ ciphertext ‖ tag, under a key of its record,
 * with record, field and version as associated data. Throws `bad_secret_input` for text that UTF-8
 * can't carry, which would come back changed.
 */
export function sealRecord(
  sealKey: KeyObject,
  plaintext: Secret,
  place: Place,
  storeId: string,
  random: Random,
): SealedRecord {
  const text = plaintext.reveal();
  if (!text.isWellFormed()) {
    throw new Failure('bad_secret_input', 'the secret holds half a character (an unpaired surrogate)', {
      hint: 'give it as valid UTF-8, for example with --from-file',
    });
  }
  const key = derive(sealKey, storeId, 'keywright/v1/record', place.record);
  const body = sealBytes(key, Buffer.from(text, 'utf8'), contextOf(place), random);
  const { record, field, version } = place;
  return { record, field, version, sealed: Buffer.concat([Buffer.of(FORMAT), body]) };
}

/** What `sealRecord` sealed at this very place; throws `slot_damaged` for anything else. */
export function openRecord(sealKey: KeyObject, record: SealedRecord, storeId: string): Secret {
  const key = derive(sealKey, storeId, 'keywright/v1/record', record.record);
  const opened = record.sealed[0] === FORMAT && openBytes(key, record.sealed.subarray(1), contextOf(record));
  if (!opened) {
    throw new Failure(
      'slot_damaged',
      `the sealed ${record.field} of ${record.record}, version ${record.version}, does not pass its check`,
      { hint: `${PROGRAM} doctor` },
    );
  }
  return new Secret(opened.toString('utf8'));
}

function contextOf({ record, field, version }: Place): Buffer {
  return framed('keywright/v1/record', Buffer.of(FORMAT), record, field, String(version));
}
