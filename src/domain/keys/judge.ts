import type { VerificationRow } from './key.ts';
import { inNetworks } from './networks.ts';
import { coversAll } from './scopes.ts';

/** Why a key does not verify, in the order in which it is asked; `ok` when it does. */
export const VERIFICATION_CODES = {
  ok: 'verifies',
  not_found: 'no such key, or not its secret',
  revoked: 'the key was revoked',
  disabled: 'the key, its integration or its workspace is disabled',
  expired: 'the key, or this version of it, has expired',
  workspace: 'the key belongs to another workspace',
  mode: 'the key is of the other mode (live or test)',
  network: 'the address is not in the networks of the key, or none was given',
  scope: 'the key lacks a scope that is asked for',
} as const;

export type VerificationCode = keyof typeof VERIFICATION_CODES;

/** What the caller's request needs. What is left out is not checked, but for networks: a key that has some needs an address. */
export interface Asked {
  readonly scopes?: readonly string[] | undefined;
  readonly ip?: string | undefined;
  /** Workspace id. */
  readonly workspaceId?: string | undefined;
  readonly mode?: string | undefined;
}

/** The last moment that is a date at all (ECMA-262 section 21.4.1.1), ms. */
const LATEST = 8.64e15;

/**
 * The verdict over a key whose secret was proven. `paused`: its workspace is archived, or the integration that
 * it is bound to isn't configured. Order: revoked, disabled (key, integration, workspace), expired, workspace,
 * mode, network, scope. What can't be read (a date, a network, a scope) denies.
 */
export function judge(row: VerificationRow, paused: boolean, asked: Asked, now: number): VerificationCode {
  if (row.revokedAt !== null) return 'revoked';
  if (row.disabledAt !== null || paused) return 'disabled';
  if (row.expiresAt !== null && !(row.expiresAt > now && row.expiresAt <= LATEST)) return 'expired';
  if (asked.workspaceId !== undefined && asked.workspaceId !== row.workspaceId) return 'workspace';
  if (asked.mode !== undefined && asked.mode !== row.mode) return 'mode';
  if (row.networks !== '' && (asked.ip === undefined || !inNetworks(asked.ip, row.networks.split(' '))))
    return 'network';
  const scopes = asked.scopes;
  if (scopes !== undefined && scopes.length > 0 && !coversAll(row.scopes.split(' '), scopes)) return 'scope';
  return 'ok';
}
