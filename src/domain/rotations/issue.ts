import { Failure, PROGRAM } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import { newId } from '../ids.ts';
import { keyEntry } from '../keys/facts.ts';
import { verifierFor } from '../keys/hash.ts';
import type { ApiKey } from '../keys/key.ts';
import { newSecretKey, publicKey } from '../keys/token.ts';
import type { OperatorAccess } from '../ports/secrets.ts';
import type { Readers, Transaction } from '../ports/store.ts';
import type { Actor, Random } from '../ports/system.ts';
import type { Secret } from '../secret.ts';
import { archived } from '../workspaces/find.ts';
import { planRotation, type RotationPlan, type RotationRequest } from './plan.ts';
import type { Rotation } from './rotation.ts';
import { waysOutOf } from './ways-out.ts';

/** Field under which the secret of an open delivery is sealed; the record is the rotation. */
export const SEALED_FIELD = 'secret';

/** A rotation whose new version is there. */
export interface Issued {
  readonly key: ApiKey;
  readonly rotation: Rotation;
  readonly plan: RotationPlan;
  readonly secretKey: Secret;
}

/**
 * Makes the next version of a key, in one transaction: the key must still be at the version it was read at
 * (`changed`), neither revoked nor expired (`wrong_state`), and no delivery of it open (`wrong_state`).
 * Without a delivery the old version has its cut-off with that; with one, the secret is kept sealed and the old
 * version lives until `advance` reaches `finished`. Throws `forbidden` for who may not grant what the key has.
 */
export function issueVersion(
  ledger: Ledger,
  means: { readonly access: Pick<OperatorAccess, 'hasher' | 'seal'>; readonly random: Random },
  read: Pick<ApiKey, 'kid' | 'version'>,
  request: RotationRequest,
): Promise<Issued> {
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const before = await currentKey(tx, read);
    const plan = await planFor(tx, ledger.actor, before, request, now);
    const secretKey = newSecretKey(before, means.random);
    const verifier = verifierFor(means.access.hasher, before.workspaceId, secretKey);
    const { version, expiresAt } = plan;
    const next = { version, verifier, issuedAt: now, expiresAt };
    if (!(await tx.write.keys.addVersion(before.kid, before.version, next, plan.cutOff)))
      throw rotatedMeanwhile(before);
    if (plan.endsOlder) await tx.write.keys.endVersions(before.kid, now);
    const rotation = rotationOf(before, plan, request, {
      id: newId('rot', means.random),
      now,
      by: ledger.actor.name,
    });
    await tx.write.rotations.insert(rotation);
    if (request.delivery) {
      const at = { record: rotation.id, field: SEALED_FIELD, version };
      await tx.write.slots.putSealed(means.access.seal(secretKey, at));
    }
    const key = await keyNow(tx, before.kid);
    record(keyEntry('key.rotate', key, { ...factsOf(rotation), grace_ms: request.graceMs }));
    return { key, rotation, plan, secretKey };
  });
}

/** What `issueVersion` does with the key as it is; throws as that does. */
export async function planFor(
  store: Readers,
  actor: Pick<Actor, 'name'>,
  key: ApiKey,
  request: RotationRequest,
  now: number,
): Promise<RotationPlan> {
  const highest = Math.max(0, ...(await store.keys.versions(key.kid)).map(({ version }) => version));
  const policy = await store.workspaces.policy(key.workspaceId);
  const planned = planRotation(key, highest, request, policy, now);
  if ('refusal' in planned) throw planned.refusal;
  const workspace = await store.workspaces.byId(key.workspaceId);
  if (workspace !== undefined && workspace.archivedAt !== null) {
    throw archived(workspace.slug);
  }
  const open = await store.rotations.open(key.kid);
  if (open !== undefined) throw await openDelivery(store, key, open, now);
  await requireAllowed(store, actor, key.workspaceId, {
    kind: 'make-keys',
    key: key.name,
    owner: key.owner,
    scopes: key.scopes,
    life: { from: now, until: planned.plan.expiresAt },
  });
  return planned.plan;
}

/** The key as it is now. */
export async function keyNow(store: Readers, kid: string): Promise<ApiKey> {
  const key = await store.keys.byKid(kid);
  if (key !== undefined) return key;
  throw new Failure('not_found', `no key key_${kid}`, { hint: `${PROGRAM} keys list` });
}

/** What every entry about a rotation says of it. */
export function factsOf({ id, fromVersion, delivery, check }: Rotation) {
  return { rotation: id, from_version: fromVersion, delivery, check };
}

async function currentKey(tx: Transaction, read: Pick<ApiKey, 'kid' | 'version'>): Promise<ApiKey> {
  const key = await keyNow(tx, read.kid);
  // A revoked key says so, whatever else happened to it.
  if (key.revokedAt === null && key.version !== read.version) throw rotatedMeanwhile(key);
  return key;
}

function rotatedMeanwhile(key: ApiKey): Failure {
  return new Failure('changed', `${key.name} was rotated meanwhile; nothing was done`, {
    hint: `${PROGRAM} keys show ${publicKey(key)}`,
  });
}

async function openDelivery(store: Readers, key: ApiKey, open: Rotation, now: number): Promise<Failure> {
  return new Failure(
    'wrong_state',
    `a delivery of ${key.name} is open: version ${open.toVersion} is ${open.state}, version ${open.fromVersion} not cut off`,
    { hint: await waysOutOf(store, key, open, now) },
  );
}

function rotationOf(
  key: ApiKey,
  plan: RotationPlan,
  request: RotationRequest,
  { id, now, by }: { id: string; now: number; by: string },
): Rotation {
  return {
    id,
    kid: key.kid,
    workspaceId: key.workspaceId,
    fromVersion: key.version,
    toVersion: plan.version,
    state: request.delivery ? 'issued' : 'finished',
    delivery: request.delivery,
    check: request.check,
    graceMs: request.graceMs,
    startedAt: now,
    startedBy: by,
    updatedAt: now,
  };
}
