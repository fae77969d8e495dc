import type { BackupFacts } from '../../domain/backup/create.ts';
import type { Examined } from '../../domain/backup/examine.ts';
import type { OperatorAccess } from '../../domain/ports/secrets.ts';
import { Failure } from '../../errors.ts';
import { rfc3339 } from '../../terminal/time.ts';
import { counted } from '../plural.ts';

/** A backup for `--json`. Fields are only ever added. */
export function backupJson({ storeId, createdAt, schema, size, keys, entries }: BackupFacts): object {
  return { store_id: storeId, created_at: rfc3339(createdAt), keys, entries, schema, database_bytes: size };
}

/** `12 keys, 34 entries`. */
export function contentOf({ keys, entries }: Pick<BackupFacts, 'keys' | 'entries'>): string {
  return `${counted(keys, 'key')}, ${counted(entries, 'audit entry', 'audit entries')}`;
}

const STEP = 1024;

/** `88 KiB`; three digits or fewer, rounded up. */
export function sizeText(bytes: number): string {
  if (bytes < STEP) return counted(bytes, 'byte');
  const kib = bytes / STEP;
  if (kib < STEP) return `${Math.ceil(kib)} KiB`;
  const mib = kib / STEP;
  return mib < STEP ? `${Math.ceil(mib)} MiB` : `${(mib / STEP).toFixed(1)} GiB`;
}

/** What opens everything in a backup that is fit to be restored; else throws `backup_damaged`. */
export function soundAccess({ access, damages }: Examined): OperatorAccess {
  if (access !== undefined && damages.length === 0) return access;
  const more = damages.length > 1 ? ` (and ${damages.length - 1} more)` : '';
  throw new Failure('backup_damaged', `the backup can't be restored: ${damages[0]}${more}`, {
    hint: '{keywright} backup verify FILE names everything; try another copy of it',
  });
}
