import type { Readers, Transaction } from '../../domain/ports/store.ts';
import { appReader, appWriter } from './apps.ts';
import { appendAudit, auditReader, resealAudit } from './audit.ts';
import { grantReader, grantWriter } from './grants.ts';
import { integrationReader, integrationWriter } from './integrations.ts';
import { keyWriter } from './key-writes.ts';
import { keyReader } from './keys.ts';
import { rotationReader, rotationWriter } from './rotations.ts';
import type { SearchEngine, Session } from './session.ts';
import { slotReader, slotWriter } from './slots.ts';
import { workspaceReader, workspaceWriter } from './workspaces.ts';

/** All reading over one session. `storeId` is asked on use: cursors carry it. */
export function readersOn(session: Session, search: SearchEngine, storeId: () => string): Readers {
  return {
    keys: keyReader(session, search, storeId),
    rotations: rotationReader(session, storeId),
    integrations: integrationReader(session),
    apps: appReader(session),
    grants: grantReader(session),
    workspaces: workspaceReader(session),
    audit: auditReader(session, storeId),
    slots: slotReader(session),
  };
}

/** All reading and writing over the session of one open transaction. `changed`: the generation must be drawn anew. */
export function transactionOn(
  session: Session,
  search: SearchEngine,
  storeId: () => string,
  changed: () => void,
): Transaction {
  return {
    ...readersOn(session, search, storeId),
    write: {
      keys: keyWriter(session, changed),
      rotations: rotationWriter(session),
      integrations: integrationWriter(session, changed),
      apps: appWriter(session),
      grants: grantWriter(session),
      workspaces: workspaceWriter(session, changed),
      slots: slotWriter(session, changed),
      audit: (entries) => appendAudit(session, entries),
      reseal: (seals) => resealAudit(session, seals),
    },
  };
}
