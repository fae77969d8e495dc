import type { Context } from '../../context.ts';
import type { AuditEntry } from '../../domain/audit/entry.ts';
import type { Examined } from '../../domain/backup/examine.ts';
import type { OperatorAccess, SlotRecord, SlotRequest } from '../../domain/ports/secrets.ts';
import { Failure } from '../../errors.ts';

/** The name, or the first of `name-2`, `name-3` … that no slot has. */
function freeName(name: string, slots: readonly SlotRecord[]): string {
  const taken = new Set(slots.map((slot) => slot.name));
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
  return free;
}

/** A slot that was made on this machine, and where its key file is when it has one. */
export interface MadeHere {
  readonly slot: SlotRecord;
  readonly keyFile: string | undefined;
}

/** Key files that are tried beside the usual one. */
const MOST_TRIED = 100;

/**
 * Makes the slot of this machine, under a name that none has. Where the usual place of a key file is taken, perhaps
 * by the key of the store that is to be replaced, the file gets another name beside it: its slot knows where it is.
 * Throws `exists` for a place that somebody named.
 */
export async function makeSlot(
  context: Context,
  access: OperatorAccess,
  wish: SlotRequest,
  others: readonly SlotRecord[],
): Promise<MadeHere> {
  const request = { ...wish, name: freeName(wish.name, others) };
  const { keyFile } = request;
  if (keyFile === undefined) return { slot: await access.addSlot(request), keyFile };
  for (let n = 1; ; n++) {
    const place = n === 1 ? keyFile : numbered(keyFile, n);
    try {
      return { slot: await access.addSlot({ ...request, keyFile: place }), keyFile: place };
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'exists' || n === MOST_TRIED) throw error;
      // What was named once is looked for there later, too, so no other place would do.
      if (context.sources.keyFile !== undefined) throw placeTaken(keyFile, error);
    }
  }
}

function placeTaken(keyFile: string, cause: Failure): Failure {
  const hint = `it may hold the only key of a store, so leave it there, and name another: --key-file ${numbered(keyFile, 2)}`;
  return new Failure('exists', `there is something at ${keyFile} already`, { hint, cause });
}

/** `keywright-2.key` for `keywright.key`. */
function numbered(path: string, n: number): string {
  return path.replace(/(\.[^./\\]*)?$/, `-${n}$1`);
}

/** From here on this machine remembers the restored store. What it remembered was of the time that was given up. */
export function remember(
  context: Context,
  storeId: string,
  head: AuditEntry | undefined,
  { audit }: OperatorAccess,
): void {
  if (head === undefined) return;
  const anchor = context.anchor();
  try {
    anchor.reset({ storeId, seq: head.seq, head: head.hash }, (body) => audit.anchorMac(body));
  } catch {
    // The store is in its place by now: that the memory of it can't be written is no failure of the restore.
    void context.out.warn(`note: ${anchor.path} could not be written; {keywright} doctor tells more`);
  }
}

/** What was wrong with the store when it was backed up comes back with it. */
export async function sayFindings(context: Context, { notes }: Examined): Promise<void> {
  for (const { message } of notes) await context.out.warn(`note: in the backup, ${message}`);
}
