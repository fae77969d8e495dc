import { randomBytes } from 'node:crypto';
import { change } from '../../src/domain/audit/change.ts';
import { newKid } from '../../src/domain/ids.ts';
import { keyEntry } from '../../src/domain/keys/facts.ts';
import { verifierFor } from '../../src/domain/keys/hash.ts';
import type { ApiKey } from '../../src/domain/keys/key.ts';
import { newSecretKey } from '../../src/domain/keys/token.ts';
import { liveContext } from '../../src/live-context.ts';
import { fakeProcess } from './transcript-process.ts';

/** Makes keys called `bulk 1`, `bulk 2`, … in one transaction, as `keys create` would make each of them. */
export async function manyKeys(
  env: { readonly [name: string]: string },
  count: number,
): Promise<readonly { readonly kid: string; readonly secret: string }[]> {
  const made: { kid: string; secret: string }[] = [];
  const { proc } = fakeProcess({ argv: [], env, columns: undefined, input: undefined, answers: [] });
  const context = liveContext(proc).open({});
  const store = await context.store();
  const [workspace] = await store.workspaces.all();
  if (workspace === undefined) throw new Error('the store has no workspace');
  const { hasher } = await context.operator();
  const now = context.now();
  await change(await context.ledger('unlocked'), async (tx, record) => {
    for (let i = 1; i <= count; i++) {
      const key: ApiKey = {
        kid: newKid(randomBytes),
        workspaceId: workspace.id,
        brand: workspace.brand,
        mode: 'live',
        name: `bulk ${i}`,
        purpose: null,
        owner: 'ana',
        scopes: ['orders:read'],
        networks: [],
        integrationId: null,
        version: 1,
        issuedAt: now,
        olderUntil: null,
        createdAt: now,
        createdBy: 'ana',
        expiresAt: null,
        disabledAt: null,
        revokedAt: null,
        revokedReason: null,
        lastUsedAt: null,
        versionFirstUsedAt: null,
        versionUsedAt: null,
        shownAt: now,
      };
      const secretKey = newSecretKey(key, randomBytes);
      await tx.write.keys.insert(key, verifierFor(hasher, workspace.id, secretKey));
      made.push({ kid: key.kid, secret: secretKey.reveal() });
      record(keyEntry('key.create', key, { mode: key.mode, owner: key.owner }));
    }
  });
  await context.close();
  return made;
}
