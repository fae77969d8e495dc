import { change, type Ledger } from '../audit/change.ts';
import { keyId } from '../ids.ts';

/** The one entry about a key that carries nothing of its state. */
export const LATE_USE = 'key.late-use';

/**
 * Puts on record, once, that a superseded version is still in use during its grace. Needs no unlocked store: an
 * app server has a verifier slot at most. The entry vouches for nothing of the key's state: it is made without
 * anybody's doing, so it would turn an edited row into what the log says.
 */
export function noteLateUse(ledger: Ledger, kid: string, version: number): Promise<void> {
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const key = await tx.keys.byKid(kid);
    if (key === undefined || !(await tx.write.keys.noteLateUse(kid, version, now))) return;
    record({
      action: LATE_USE,
      target: keyId(kid),
      workspaceId: key.workspaceId,
      facts: { name: key.name, late_version: version, version: key.version },
    });
  });
}
