import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** Bytes of every key here. */
export const KEY_SIZE = 32;

/** What hangs under which key. A label is used once; a new use gets a new label. */
export type Label =
  | 'keywright/v1/seal'
  | 'keywright/v1/verifier'
  | 'keywright/v1/audit'
  | 'keywright/v1/anchor'
  | 'keywright/v1/pepper'
  | 'keywright/v1/record'
  | 'keywright/v1/slot';

/**
 * HKDF-SHA-256 (RFC 5869): 32 bytes from 32 random bytes. `salt` is the store's id, so that two stores
 * never share a key; `label` and `context` go into `info`, separated by a zero byte that no label holds.
 */
export function derive(key: KeyObject | Uint8Array, salt: string, label: Label, context = ''): KeyObject {
  const info = Buffer.from(context === '' ? label : `${label}\0${context}`, 'utf8');
  const bytes = Buffer.from(hkdfSync('sha256', key, Buffer.from(salt, 'utf8'), info, KEY_SIZE));
  const derived = createSecretKey(bytes);
  bytes.fill(0);
  return derived;
}

/** Opens what has to do with verifying; all that a verifier slot gives. */
export interface VerifierKeys {
  readonly verifier: KeyObject;
  readonly pepper: KeyObject;
}

/** Opens everything. */
export interface OperatorKeys extends VerifierKeys {
  readonly root: KeyObject;
  readonly seal: KeyObject;
  readonly audit: KeyObject;
  readonly anchor: KeyObject;
}

/** The keys under a verifier key. */
export function verifierKeys(verifier: KeyObject, storeId: string): VerifierKeys {
  return { verifier, pepper: derive(verifier, storeId, 'keywright/v1/pepper') };
}

/** The keys under a root key. */
export function operatorKeys(root: KeyObject, storeId: string): OperatorKeys {
  return {
    ...verifierKeys(derive(root, storeId, 'keywright/v1/verifier'), storeId),
    root,
    seal: derive(root, storeId, 'keywright/v1/seal'),
    audit: derive(root, storeId, 'keywright/v1/audit'),
    anchor: derive(root, storeId, 'keywright/v1/anchor'),
  };
}
