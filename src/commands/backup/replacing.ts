import type { Context } from '../../context.ts';
import type { AuditEntry } from '../../domain/audit/entry.ts';
import type { Examined } from '../../domain/backup/examine.ts';
import type { OperatorAccess, SlotRecord } from '../../domain/ports/secrets.ts';

/** The name, or the first of `name-2`, `name-3` … that no slot has. */
export function freeName(name: string, slots: readonly SlotRecord[]): string {
  const taken = new Set(slots.map((slot) => slot.name));
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
  return free;
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
