import { vi } from 'vitest';
import { createKey, type NewKey } from '../../src/domain/keys/create.ts';
import { noteLateUse } from '../../src/domain/keys/late-use.ts';
import { UsageRecorder } from '../../src/domain/keys/usage.ts';
import { KeyVerifier } from '../../src/domain/keys/verify.ts';
import type { TokenHasher } from '../../src/domain/ports/secrets.ts';
import type { UsageBatch } from '../../src/domain/ports/usage.ts';
import type { Desk } from './fake-ledger.ts';

/** The answer to whoever has no right secret: it tells nothing. */
export const UNKNOWN = {
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
};

/** A verifier over a desk's store, its hasher and what it asked of them. */
export function verifierOn(desk: Desk, hasher: () => TokenHasher = () => desk.means.hasher) {
  const batches: UsageBatch[] = [];
  const late: string[] = [];
  const usage = new UsageRecorder({
    async write(batch) {
      batches.push(batch);
      return desk.store.recordUsage(batch);
    },
    later: () => undefined,
    interval: 1000,
    now: () => desk.clock.at,
    async lateUse(kid, version) {
      late.push(`${kid} ${version}`);
      await noteLateUse(desk.locked, kid, version);
    },
    reporter: { id: () => 'verifier', after: Number.POSITIVE_INFINITY },
  });
  const source = vi.fn(async () => hasher());
  const lookups = vi.spyOn(desk.store.keys, 'forVerification');
  const verifier = new KeyVerifier({ store: desk.store, usage, hasher: source, now: () => desk.clock.at });
  return { verifier, usage, source, lookups, batches, late };
}

/** A new key on the desk, its secret, and how to name it. */
export async function aKey(desk: Desk, change: Partial<NewKey> = {}) {
  const wish = {
    workspace: desk.workspace,
    scopes: ['orders:read'],
    mode: 'live',
    networks: [],
    expiresAt: null,
  } as const;
  const { key, secretKey } = await createKey(desk.ledger, desk.means, { ...wish, ...change });
  return { key, token: secretKey.reveal(), names: { names: [`key_${key.kid}`], workspaceId: undefined } };
}
