import type { Facts, NewEntry } from '../audit/entry.ts';
import { keyId } from '../ids.ts';
import type { ApiKey } from './key.ts';

/**
 * What decides whether a key verifies and for what. Every audit entry about a key carries the whole
 * of it as it is after the change, so that `doctor` can tell when a row was edited or put back.
 */
export function stateOf(key: ApiKey): Facts {
  return {
    mode: key.mode,
    brand: key.brand,
    version: key.version,
    scopes: key.scopes,
    networks: key.networks,
    expires_at: key.expiresAt,
    disabled: key.disabledAt !== null,
    revoked: key.revokedAt !== null,
    integration_id: key.integrationId,
    older_until: key.olderUntil,
  };
}

/** An audit entry about a key: its state after the change, and what else is worth knowing. */
export function keyEntry(action: string, key: ApiKey, more: Facts = {}): NewEntry {
  return {
    action,
    target: keyId(key.kid),
    workspaceId: key.workspaceId,
    facts: { name: key.name, ...stateOf(key), ...more },
  };
}
