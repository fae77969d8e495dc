import { keyId } from '../ids.ts';
import type { Integration } from '../integrations/integration.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import type { VerificationCode } from './judge.ts';
import type { Mode, VerificationRow } from './key.ts';
import { publicKey } from './token.ts';

/** The answer to one verification; `keys verify --json` prints the same object. */
export interface Verification {
  readonly valid: boolean;
  readonly code: VerificationCode;
  /** What to answer the API's caller: 200, 401, or 403 for a missing scope. Every 401 should look the same to them. */
  readonly http_status: 200 | 401 | 403;
  /** The rest is null unless the secret was right. */
  readonly key_id: string | null;
  readonly public_key: string | null;
  /** Slug. */
  readonly workspace: string | null;
  /** Name of the integration that it is bound to; null for one that is bound to none. */
  readonly integration: string | null;
  readonly mode: Mode | null;
  readonly scopes: readonly string[] | null;
  readonly owner: string | null;
  /** When this secret stops verifying, RFC 3339, UTC: for a superseded one at its cut-off. null means never, too. */
  readonly expires_at: string | null;
  /** Of the secret that was given: another one than the key's newest while a rotation overlaps. */
  readonly version: number | null;
}

/** The answer to whoever has no right secret: it tells nothing. */
export const UNKNOWN: Verification = Object.freeze({
  valid: false,
  code: 'not_found',
  http_status: 401,
  key_id: null,
  public_key: null,
  workspace: null,
  integration: null,
  mode: null,
  scopes: null,
  owner: null,
  expires_at: null,
  version: null,
});

/** The answer to who has a right secret. `row`: as it stands for that secret's version. */
export function answer(
  row: VerificationRow,
  workspace: Workspace | undefined,
  integration: Integration | null | undefined,
  code: VerificationCode,
): Verification {
  const mode = row.mode as Mode;
  return {
    valid: code === 'ok',
    code,
    http_status: code === 'ok' ? 200 : code === 'scope' ? 403 : 401,
    key_id: keyId(row.kid),
    public_key: publicKey({ brand: row.brand, mode, kid: row.kid }),
    workspace: workspace?.slug ?? null,
    integration: integration?.name ?? null,
    mode,
    scopes: row.scopes === '' ? [] : row.scopes.split(' '),
    owner: row.owner,
    expires_at: row.expiresAt === null ? null : rfc3339(row.expiresAt),
    version: row.version,
  };
}

function rfc3339(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : `${date.toISOString().slice(0, 19)}Z`;
}
