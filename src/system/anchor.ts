import { timingSafeEqual } from 'node:crypto';
import fs, { constants } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { Anchor, AnchorMark } from '../domain/ports/system.ts';
import { Failure } from '../errors.ts';
import { type AnchorSlot, decodeSlot, encodeSlot, SLOT_SIZE } from './anchor-slot.ts';
import {
  attempt,
  checkPrivate,
  checkPrivateFolder,
  ensurePrivateFolder,
  FILE_MODE,
  giveOwnerBack,
  NOFOLLOW,
  type Uid,
} from './files.ts';

type Mac = (body: Uint8Array) => Uint8Array;

const READ = constants.O_RDONLY | NOFOLLOW | (constants.O_NONBLOCK ?? 0);
const WRITE = constants.O_RDWR | constants.O_CREAT | NOFOLLOW;
/** File names may have 255 bytes. */
const LONGEST_NAME = 200;
/** A raise reads what it wrote, and writes it again when another process put a lower mark over it meanwhile. */
const MOST_TRIES = 5;
const EMPTY_SLOT = Buffer.alloc(SLOT_SIZE);

/**
 * This machine's memory of the store at one place (DESIGN section 7): two slots in a file that are overwritten
 * by turns, without rename or fsync, so that a raise costs no more than a few system calls and a torn write
 * loses the newer mark only. The file is named after the store's path, its folder's links resolved.
 * Throws `store_permissions` for a link, a file of someone else or one open to others, `store_unreadable` for
 * one that holds something else.
 */
export function anchorFor(location: { folder: string; storePath: string; uid: Uid }): Anchor {
  const { folder, uid } = location;
  const file = path.join(folder, `${nameFor(realPathOf(location.storePath))}.anchor`);

  const readSlots = (): (AnchorSlot | undefined)[] => {
    checkFolders(folder, uid);
    const fd = open(file, READ);
    return fd === undefined ? [] : whileOpen(fd, () => slotsIn(fd, file, uid));
  };

  const overwrite = (fd: number, slot: number, content: Buffer) =>
    attempt(file, () => fs.writeSync(fd, content, 0, SLOT_SIZE, slot * SLOT_SIZE));

  return {
    path: file,
    read(check) {
      return highest(readSlots().filter((slot) => slot !== undefined && !(check && forged(slot, check))))
        ?.mark;
    },
    tampered(check) {
      return readSlots().some((slot) => slot !== undefined && forged(slot, check));
    },
    raise(mark, mac) {
      // Made first, so that nothing slow is between the reading and the writing.
      const content = encodeSlot(mark, mac);
      const fd = openForWriting(folder, file, uid);
      whileOpen(fd, () => {
        for (let tries = 0; tries < MOST_TRIES; tries++) {
          const slots = slotsIn(fd, file, uid);
          const current = highest(slots);
          if (current !== undefined && !isRaise(current, mark, mac !== undefined)) return;
          // The slot that isn't the current one, whether it is older, empty or torn.
          overwrite(fd, current !== undefined && slots[0] === current ? 1 : 0, content);
        }
      });
    },
    reset(mark, mac) {
      const fd = openForWriting(folder, file, uid);
      whileOpen(fd, () => {
        checkFile(fd, file, uid);
        attempt(file, () => fs.ftruncateSync(fd, 2 * SLOT_SIZE));
        overwrite(fd, 0, mark === undefined ? EMPTY_SLOT : encodeSlot(mark, mac));
        overwrite(fd, 1, EMPTY_SLOT);
      });
    },
  };
}

/** Higher, or the same mark that gets the MAC it lacked. Another store's mark is left for `reset`. */
function isRaise(current: AnchorSlot, mark: AnchorMark, withMac: boolean): boolean {
  if (current.mark.storeId !== mark.storeId) return false;
  return (
    mark.seq > current.mark.seq || (mark.seq === current.mark.seq && withMac && current.mac === undefined)
  );
}

function highest(slots: readonly (AnchorSlot | undefined)[]): AnchorSlot | undefined {
  return slots.reduce((best, slot) => {
    if (best === undefined || slot === undefined) return best ?? slot;
    const higher = slot.mark.seq - best.mark.seq;
    return higher > 0 || (higher === 0 && best.mac === undefined) ? slot : best;
  }, undefined);
}

function forged(slot: AnchorSlot, check: Mac): boolean {
  return slot.mac !== undefined && !timingSafeEqual(slot.mac, check(slot.body));
}

function slotsIn(fd: number, file: string, uid: Uid): (AnchorSlot | undefined)[] {
  checkFile(fd, file, uid);
  const content = Buffer.alloc(2 * SLOT_SIZE + 1);
  const size = attempt(file, () => fs.readSync(fd, content, 0, content.length, 0));
  const slots = [0, 1].map((slot) => decodeSlot(content.subarray(slot * SLOT_SIZE, (slot + 1) * SLOT_SIZE)));
  if (size > 2 * SLOT_SIZE || slots.includes('foreign')) {
    throw new Failure('store_unreadable', `${file} is not what this program keeps there`, {
      hint: 'move it away if you know where it came from',
    });
  }
  return slots as (AnchorSlot | undefined)[];
}

function checkFile(fd: number, file: string, uid: Uid): void {
  const stat = fs.fstatSync(fd);
  if (!stat.isFile()) throw new Failure('store_permissions', `${file} is not a regular file`);
  if (uid !== undefined && stat.nlink > 1)
    throw new Failure('store_permissions', `${file} has another name (hard link)`);
  checkPrivate(file, stat, uid);
}

/** Whoever else can write there could put back what this machine remembered before. 5 µs. */
function checkFolders(folder: string, uid: Uid): void {
  for (const one of [path.dirname(folder), folder]) checkPrivateFolder(one, uid);
}

function openForWriting(folder: string, file: string, uid: Uid): number {
  checkFolders(folder, uid);
  const there = open(file, constants.O_RDWR | NOFOLLOW | (constants.O_NONBLOCK ?? 0));
  if (there !== undefined) return there;
  ensurePrivateFolder(folder, uid);
  return attempt(file, () => {
    const fd = fs.openSync(file, WRITE, FILE_MODE);
    giveOwnerBack(fd);
    return fd;
  });
}

/** Undefined when there is no such file. */
function open(file: string, flags: number): number | undefined {
  return attempt(file, () => {
    try {
      return fs.openSync(file, flags);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  });
}

function whileOpen<T>(fd: number, work: () => T): T {
  try {
    return work();
  } finally {
    fs.closeSync(fd);
  }
}

/** The path with everything but letters and digits escaped; of a long one the end and a checksum of all of it. */
function nameFor(storePath: string): string {
  const name = encodeURIComponent(storePath);
  return name.length <= LONGEST_NAME ? name : `${crc32(storePath).toString(16)}${name.slice(-LONGEST_NAME)}`;
}

/** The store itself may be gone, which is when its anchor matters most; so only its folder is resolved. */
function realPathOf(storePath: string): string {
  const absolute = path.resolve(storePath);
  return path.join(realFolderOf(path.dirname(absolute)), path.basename(absolute));
}

/** As much of it resolved as there is, so that the name is the same before `init` makes the rest and after. */
function realFolderOf(folder: string): string {
  try {
    return fs.realpathSync(folder);
  } catch {
    const parent = path.dirname(folder);
    return parent === folder ? folder : path.join(realFolderOf(parent), path.basename(folder));
  }
}
