import { requireAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import { newKid } from '../ids.ts';
import type { TokenHasher } from '../ports/secrets.ts';
import type { Transaction } from '../ports/store.ts';
import type { Random } from '../ports/system.ts';
import type { Secret } from '../secret.ts';
import { archived } from '../workspaces/find.ts';
import { refuseUnlisted } from '../workspaces/manage.ts';
import { requireMember } from '../workspaces/members.ts';
import { defaultLifeOf } from '../workspaces/policy.ts';
import type { Workspace } from '../workspaces/workspace.ts';
import { bindableIntegration } from './bound.ts';
import { keyEntry } from './facts.ts';
import { verifierFor } from './hash.ts';
import type { ApiKey, Mode } from './key.ts';
import { swapped } from './scopes.ts';
import { newSecretKey } from './token.ts';

/** A checked wish for a new key. */
export interface NewKey {
  readonly workspace: Workspace;
  readonly scopes: readonly string[];
  readonly mode: Mode;
  readonly networks: readonly string[];
  /** First moment (ms) at which it no longer verifies; null means never. Left out: by the workspace's policy. */
  readonly expiresAt?: number | null | undefined;
  readonly name?: string | undefined;
  readonly purpose?: string | undefined;
  /** A member's name; without it the actor. */
  readonly owner?: string | undefined;
  /** Name or id of the integration it is bound to. */
  readonly integration?: string | undefined;
}

/**
 * Makes a key. Only its keyed hash is stored; the secret key is in the answer and nowhere else.
 * `notes` are things worth a second look that are no errors. Throws `exists` for a name that an
 * unrevoked key has, `not_found` for an unknown owner, scope or integration, `wrong_state` for an archived workspace
 * or an integration that isn't configured, `forbidden` where role or policy don't allow it.
 */
export async function createKey(
  ledger: Ledger,
  with_: { hasher: TokenHasher; random: Random },
  wish: NewKey,
): Promise<{ key: ApiKey; secretKey: Secret; notes: readonly string[] }> {
  const now = ledger.now();
  const { workspace } = wish;
  return change(ledger, async (tx, record) => {
    const current = await tx.workspaces.byId(workspace.id);
    if (current === undefined || current.archivedAt !== null) {
      throw archived(workspace.slug);
    }
    const owner = wish.owner ?? ledger.actor.name;
    const expiresAt = wish.expiresAt === undefined ? await usualExpiry(tx, workspace, now) : wish.expiresAt;
    const life = { from: now, until: expiresAt };
    const { scopes } = wish;
    await requireAllowed(tx, ledger.actor, workspace.id, { kind: 'make-keys', owner, scopes, life });
    await requireMember(tx, workspace.id, owner);
    const kid = newKid(with_.random);
    const notes = await checkScopes(tx, workspace, scopes);
    const name = wish.name ?? (await freeName(tx, workspace.id, scopes, now, kid));
    const integrationId =
      wish.integration === undefined
        ? null
        : (await bindableIntegration(tx, workspace.id, wish.integration)).id;
    const key = freshKey({ kid, name, owner, expiresAt, integrationId }, wish, {
      now,
      by: ledger.actor.name,
    });
    const secretKey = newSecretKey(key, with_.random);
    await tx.write.keys.insert(key, verifierFor(with_.hasher, workspace.id, secretKey));
    record(keyEntry('key.create', key, { owner: key.owner }));
    return { key, secretKey, notes };
  });
}

/** A key that nobody has used or seen yet. */
export function freshKey(
  decided: Pick<ApiKey, 'kid' | 'name' | 'owner' | 'expiresAt' | 'integrationId'>,
  { workspace, mode, scopes, networks, purpose }: NewKey,
  { now, by }: { now: number; by: string },
): ApiKey {
  return {
    ...decided,
    workspaceId: workspace.id,
    brand: workspace.brand,
    mode,
    purpose: purpose ?? null,
    scopes,
    networks,
    version: 1,
    issuedAt: now,
    olderUntil: null,
    createdAt: now,
    createdBy: by,
    disabledAt: null,
    revokedAt: null,
    revokedReason: null,
    lastUsedAt: null,
    versionFirstUsedAt: null,
    versionUsedAt: null,
    shownAt: null,
  };
}

async function usualExpiry(tx: Transaction, workspace: Workspace, now: number): Promise<number | null> {
  const life = defaultLifeOf(await tx.workspaces.policy(workspace.id));
  return life === null ? null : now + life;
}

/** With a catalogue an unknown scope is an error; without one it is worth a note. */
async function checkScopes(
  tx: Transaction,
  workspace: Workspace,
  scopes: readonly string[],
): Promise<readonly string[]> {
  const catalogue = await tx.workspaces.catalogue(workspace.id);
  const plain = scopes.filter((scope) => !scope.includes('*'));
  if (catalogue.length > 0) {
    for (const scope of plain) refuseUnlisted(catalogue, workspace, scope);
    return [];
  }
  const notes: string[] = [];
  // The first key of a workspace has nothing to differ from.
  const first = (await tx.keys.names(workspace.id, '', 1)).length === 0;
  for (const scope of plain) {
    const turned = swapped(scope);
    if (turned !== undefined) notes.push(`scopes are resource:action; did you mean ${turned}?`);
    else if (!first && !(await tx.keys.scopeUsed(workspace.id, scope)))
      notes.push(`no other key of ${workspace.slug} has the scope ${scope}`);
  }
  return notes;
}

/** `orders-read-2026-11-21`, then `…-2` to `…-9`, then with the first characters of the kid. */
async function freeName(
  tx: Transaction,
  workspaceId: string,
  scopes: readonly string[],
  now: number,
  kid: string,
): Promise<string> {
  const base = nameStem(scopes, now);
  for (let n = 1; n < 10; n++) {
    const name = n === 1 ? base : `${base}-${n}`;
    const taken = (await tx.keys.byName(workspaceId, name)).some((key) => key.revokedAt === null);
    if (!taken) return name;
  }
  return `${base}-${kid.slice(0, 6)}`;
}

/** What a name is derived from when none is given: `orders-read-2026-11-21`. */
export function nameStem(scopes: readonly string[], now: number): string {
  const day = new Date(now).toISOString().slice(0, 10);
  const stem = (scopes[0] ?? 'key').replaceAll('*', 'all').replace(':', '-').slice(0, 60);
  return `${stem}-${day}`;
}
