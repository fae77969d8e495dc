import { Failure } from '../../errors.ts';
import type { ChainReport } from '../audit/check.ts';
import { examine, type HealthFinding } from '../health/examine.ts';
import type { StoreCopy } from '../ports/backup.ts';
import type { OperatorAccess, Secrets } from '../ports/secrets.ts';
import { lockedStore } from '../slots/locked-store.ts';
import type { BackupHeader } from './payload.ts';

/** What reading all of a backup's database gave. */
export interface Examined {
  /** The store's root access, unless the root key in the backup does not fit it. */
  readonly access: OperatorAccess | undefined;
  /** What makes it unfit to be restored. */
  readonly damages: readonly string[];
  /** What was wrong with the store already when the backup was made, as `doctor` tells it. */
  readonly notes: readonly HealthFinding[];
  readonly chain: ChainReport;
}

/**
 * Reads all of it: the database's own check, each pepper and sealed record under the root key, the whole audit
 * log with its seals, and every key compared with the log.
 */
export async function examineCopy(
  copy: StoreCopy,
  header: BackupHeader,
  secrets: Secrets,
  now: number,
): Promise<Examined> {
  const damages = [...(await copy.damages())];
  const { store } = copy;
  const other = store.identity.id !== header.storeId;
  if (other) damages.push(`its database is of ${store.identity.id}, and not of ${header.storeId}`);
  const access = other ? undefined : await adopted(copy, header, secrets, damages);
  if (access !== undefined) damages.push(...(await unopened(copy, access)));
  const { findings, chain } = await examine(store, { sealer: access?.audit, anchor: undefined, now });
  if (chain.bad !== null)
    damages.push(`the audit log is wrong from entry ${chain.bad.seq} on: ${chain.bad.reason}`);
  const notes = findings.filter(({ code }) => code !== 'audit_broken' && !OF_THE_STORE.includes(code));
  return { access, damages, notes, chain };
}

/** A key that perhaps nobody has, or an app to be authorized again, is a matter of the store, and no fault of its backup. */
const OF_THE_STORE: readonly string[] = [
  'key_never_shown',
  'revocation_pending',
  'refresh_uncertain',
  'grant_needs_authorization',
];

async function adopted(
  copy: StoreCopy,
  header: BackupHeader,
  secrets: Secrets,
  damages: string[],
): Promise<OperatorAccess | undefined> {
  try {
    return secrets.adopt(await lockedStore(copy.store), header.root);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    damages.push(`its root key does not fit: ${error.message}`);
    return undefined;
  }
}

/** Sealed records that the root key does not open. */
async function unopened(copy: StoreCopy, access: OperatorAccess): Promise<readonly string[]> {
  const damages: string[] = [];
  for (const record of await copy.store.slots.allSealed()) {
    try {
      access.open(record);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      damages.push(`the sealed ${record.field} of ${record.record} does not open`);
    }
  }
  return damages;
}
