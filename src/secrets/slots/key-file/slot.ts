import { isAbsolute, resolve } from 'node:path';
import { base62OfBytes } from '../../../domain/keys/base62.ts';
import type { SlotRecord, SlotRole } from '../../../domain/ports/secrets.ts';
import type { Random } from '../../../domain/ports/system.ts';
import { Failure, PROGRAM } from '../../../errors.ts';
import { KEY_SIZE } from '../../keys.ts';
import { damagedSlot, headerFields, headerLine } from '../header.ts';
import type { SlotMeans } from '../slot.ts';
import { createKeyFile, readKeyFile, removeKeyFile, replaceKeyFile, unusable } from './file.ts';
import type { FileKey } from './format.ts';

const PATTERN = /^key=([0-9A-Za-z]{22}) path=([!-~]+)$/;

/** Where a slot's key is: in which file, under which id. */
export interface KeyFileHeader {
  readonly id: string;
  /** Absolute; where the file was made. */
  readonly path: string;
}

export function keyFileHeader(role: SlotRole, { id, path }: KeyFileHeader): string {
  return headerLine('key-file', role, `key=${id} path=${encodeURI(path)}`);
}

/** Throws `slot_damaged` for a line that `keyFileHeader` doesn't make. */
export function parseKeyFileHeader(slot: SlotRecord): KeyFileHeader {
  const [id = '', encoded = ''] = headerFields(slot, PATTERN);
  let path = '';
  try {
    path = decodeURI(encoded);
  } catch {
    // Stays empty and is refused below.
  }
  if (path === '' || path.includes('\0') || encodeURI(path) !== encoded) {
    throw damagedSlot(slot, 'its header does not parse');
  }
  return { id, path };
}

/**
 * Does the file that the slot names, or `override`, hold the slot's key? Not when it isn't there or holds
 * other keys. Throws `key_file_unusable` for any other state of it, `slot_damaged` for a header of no file.
 */
export function keyFileAtHand(slot: SlotRecord, override: string | undefined, where: KeyFilePlaces): boolean {
  const { id, path } = placeOf(slot, where);
  return readKeyFile(override ?? path, where.uid, where.ownFolder)?.some((key) => key.id === id) ?? false;
}

/** Whose key files are read, and where one is looked for before the place that its slot names. */
export interface KeyFilePlaces {
  readonly uid: number | undefined;
  /** The key file of this home: a home that was moved or copied brings its own, and never touches the other. */
  readonly ownKeyFile: string | undefined;
  /** The program's own folder for key files, which must be closed to others; other folders are their owners' to judge. */
  readonly ownFolder: string | undefined;
}

/** The slot's key and the file it is in: this home's own where that holds the key, else the one it was made in. */
function placeOf(slot: SlotRecord, { uid, ownKeyFile, ownFolder }: KeyFilePlaces): KeyFileHeader {
  const made = parseKeyFileHeader(slot);
  if (ownKeyFile === undefined || ownKeyFile === made.path) return made;
  try {
    const own = readKeyFile(ownKeyFile, uid, ownFolder)?.some((key) => key.id === made.id) === true;
    return own ? { id: made.id, path: ownKeyFile } : made;
  } catch (error) {
    if (error instanceof Failure) return made; // what is wrong with it is said where it is used
    throw error;
  }
}

/** Slots opened by a key in a file of its own, 0600, away from the database. */
export function keyFileMeans(random: Random, where: KeyFilePlaces): SlotMeans {
  const { uid } = where;
  const newKey = (): FileKey => ({ id: base62OfBytes(random(16), 22), key: random(KEY_SIZE) });

  /** Takes one key out of a file, and the file away when it was the last. */
  const drop = ({ id, path }: KeyFileHeader): void => {
    const keys = readKeyFile(path, uid, where.ownFolder);
    if (!keys?.some((key) => key.id === id)) return;
    const left = keys.filter((key) => key.id !== id);
    if (left.length === 0) removeKeyFile(path);
    else replaceKeyFile(path, left, base62OfBytes(random(16), 22));
  };

  return {
    async make({ role, keyFile }) {
      if (keyFile === undefined || !isAbsolute(keyFile) || !keyFile.isWellFormed()) {
        throw new Failure('usage', 'a key-file slot needs the absolute path of a file to make', {
          hint: `${PROGRAM} … --key-file PATH`,
        });
      }
      const key = newKey();
      try {
        createKeyFile(keyFile, [key]);
      } catch (error) {
        throw usableKeys(keyFile, uid)?.length === 1 ? leftOver(keyFile, error) : error;
      }
      return { header: keyFileHeader(role, { id: key.id, path: keyFile }), key: key.key };
    },

    async unlock(slot, sources) {
      const { id, path } = placeOf(slot, where);
      return find(slot, id, sources.keyFile ?? path, where).key;
    },

    async renew(slot, sources) {
      const { id, path: made } = placeOf(slot, where);
      const path = sources.keyFile === undefined ? made : resolve(sources.keyFile);
      const old = find(slot, id, path, where);
      const key = newKey();
      replaceKeyFile(path, [old, key], base62OfBytes(random(16), 22));
      return { header: keyFileHeader(slot.role, { id: key.id, path }), key: key.key };
    },

    async settle(old, current) {
      const { id } = parseKeyFileHeader(old);
      const { id: stays, path } = parseKeyFileHeader(current);
      if (id === stays) return;
      // Only where the current key is: the file that the old header names may be another home's by now.
      drop({ id, path });
    },

    async discard(slot) {
      drop(placeOf(slot, where));
    },

    refused: (slot) => damagedSlot(slot, 'its key does not open it'),
  };
}

function find(slot: SlotRecord, id: string, path: string, { uid, ownFolder }: KeyFilePlaces): FileKey {
  const keys = readKeyFile(path, uid, ownFolder);
  if (!keys) throw unusable(path, 'is not there');
  const key = keys.find((candidate) => candidate.id === id);
  if (!key) throw unusable(path, `does not hold the key of slot ${slot.name}`);
  return key;
}

/** The keys in a file that may be no key file at all. */
function usableKeys(path: string, uid: number | undefined): readonly FileKey[] | undefined {
  try {
    return readKeyFile(path, uid);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** A program killed between making the file and storing the slot leaves just this: a private file of one key. */
function leftOver(path: string, cause: unknown): Failure {
  return new Failure(
    'exists',
    `there is a key file at ${path} already, perhaps left over from an interrupted init`,
    { hint: 'name another place with --key-file, or remove it if no store uses it', cause },
  );
}
