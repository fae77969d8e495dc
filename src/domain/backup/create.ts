import { requireStoreAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import type { Backups, Bytes, SealTo, Snapshot } from '../ports/backup.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import { type BackupHeader, payloadOf } from './payload.ts';

/** What a backup holds. */
export type BackupFacts = Omit<BackupHeader, 'root'>;

/**
 * Gives `write` the sealed bytes of a backup. With the first of them that are asked for, when there is a place to put
 * them, the backup is put on record and a snapshot is taken, in this order: a backup holds everything there is, and
 * one that nobody logged is worse than an entry about one that came to nothing, which a second entry says. So the
 * first is in the backup, too. Throws `forbidden`, what the ports throw, and what `write` does.
 */
export async function createBackup(
  ledger: Ledger,
  parts: { access: OperatorAccess; backups: Backups },
  to: SealTo,
  write: (sealed: Bytes) => Promise<void>,
): Promise<BackupFacts> {
  const { access, backups } = parts;
  const { storeId, createdAt } = { storeId: ledger.store.identity.id, createdAt: ledger.now() };
  await requireStoreAllowed(ledger.store, ledger.actor, 'backups');
  let snapshot: Snapshot | undefined;
  let logged = false;
  async function* sealed(): AsyncGenerator<Uint8Array> {
    await log(ledger, 'store.backup', to);
    logged = true;
    snapshot = await backups.snapshot();
    const { schema, size, keys, entries, database } = snapshot;
    const header = { storeId, createdAt, schema, size, keys, entries, root: access.exportRoot() };
    yield* await backups.seal(payloadOf(header, database), to);
  }
  try {
    await write(sealed());
    if (snapshot === undefined) throw new Error('the backup was never read');
    const { schema, size, keys, entries } = snapshot;
    return { storeId, createdAt, schema, size, keys, entries };
  } catch (error) {
    // Where that can't be written either, the entry of the beginning says more than happened, and not less.
    if (logged) await log(ledger, 'store.backup-failed', to).catch(() => undefined);
    throw error;
  } finally {
    await snapshot?.discard();
  }
}

async function log(
  ledger: Ledger,
  action: 'store.backup' | 'store.backup-failed',
  to: SealTo,
): Promise<void> {
  const facts = 'passphrase' in to ? { passphrase: true } : { recipients: to.recipients.length };
  await change(ledger, async (tx, record) => {
    await requireStoreAllowed(tx, ledger.actor, 'backups');
    record({ action, target: ledger.store.identity.id, workspaceId: null, facts });
  });
}
