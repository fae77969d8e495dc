import type { Context } from '../../context.ts';
import type { Ledger } from '../../domain/audit/change.ts';
import type { ApiKey } from '../../domain/keys/key.ts';
import { publicKey } from '../../domain/keys/token.ts';
import type { OperatorAccess } from '../../domain/ports/secrets.ts';
import type { Readers } from '../../domain/ports/store.ts';
import { aloneWith } from '../../domain/rotations/alone.ts';
import { type Delivery, driveDelivery, refuseUnfinishable, spell } from '../../domain/rotations/deliver.ts';
import { type Issued, issueVersion } from '../../domain/rotations/issue.ts';
import { type Journalled, resume } from '../../domain/rotations/journal.ts';
import type { RotationPlan, RotationRequest } from '../../domain/rotations/plan.ts';
import { rollBack } from '../../domain/rotations/rollback.ts';
import type { Rotation } from '../../domain/rotations/rotation.ts';
import type { Secret } from '../../domain/secret.ts';
import { Failure } from '../../errors.ts';
import { moment } from '../../terminal/time.ts';
import { expiry, keyJson, type Shown } from '../keys/describe.ts';
import { driverFor } from './delivery.ts';
import { endedText, oldOf, rotationJson, validVersions } from './describe.ts';

/** What `keys rotate` is to do with each key. */
export interface RotateWish {
  readonly request: RotationRequest;
  readonly delivery: Delivery | undefined;
  /** A version younger than this is left alone, ms. */
  readonly olderThan: number | undefined;
  /** The grace that was asked for outright, ms: an open delivery, which has its own, is ended with the shorter one. */
  readonly graceSaid: number | undefined;
}

/** What rotating needs, opened. */
export interface Means {
  readonly ledger: Ledger;
  readonly access: OperatorAccess;
}

/** What became of one key. */
export interface Rotated {
  readonly key: ApiKey;
  /** Undefined when the key was left alone. */
  readonly rotation?: Rotation;
  readonly plan?: RotationPlan;
  /** Only without a delivery: it is to be shown. */
  readonly secretKey?: Secret;
  /** Numbers of the versions that verified before. */
  readonly valid?: readonly number[];
}

/** Rotates one key, or goes on with its open delivery, and tells of it. */
export function rotateOne(
  context: Context,
  means: Means,
  { key, workspace }: Shown,
  wish: RotateWish,
): Promise<Rotated> {
  const { ledger, access } = means;
  const issue = () => issueVersion(ledger, { access, random: context.random }, key, wish.request);
  const { delivery } = wish;
  if (delivery === undefined) return issuePlain(context, means, key, wish, issue);
  return aloneWith(ledger.store, key, async () => {
    const open = await ledger.store.rotations.open(key.kid);
    if (open !== undefined && wish.request.expiresAt !== undefined)
      await context.out.say(keptExpiry(context, open, key));
    if (open !== undefined && keepsGrace(open, wish))
      await context.out.say(
        `--grace is not for an open delivery unless it is shorter: it keeps its own, ${spell(open.graceMs)}`,
      );
    if (open !== undefined)
      return goOn(context, means, { key, workspace }, { open, delivery, graceSaid: wish.graceSaid });
    const young = await leftAlone(context, means, key, wish);
    if (young !== undefined) return young;
    const issued = await issue();
    const { fromVersion, toVersion } = issued.rotation;
    await context.out.say(`issued version ${toVersion}; version ${fromVersion} stays valid`);
    if (issued.plan.capped)
      await context.out.say(
        `${expiry(issued.plan.expiresAt, context.now())}${cappedText(issued.plan, workspace)}`,
      );
    return drive(context, means, { ...issued, workspace }, delivery);
  });
}

async function issuePlain(
  context: Context,
  means: Means,
  key: ApiKey,
  wish: RotateWish,
  issue: () => Promise<Issued>,
): Promise<Rotated> {
  const young = await leftAlone(context, means, key, wish);
  if (young !== undefined) return young;
  const versions = await means.ledger.store.keys.versions(key.kid);
  return { valid: validVersions(key, versions, context.now()), ...(await issue()) };
}

/** An expiry asked for is for a new version; the one that is being delivered was issued with its own. */
function keptExpiry(context: Context, { toVersion }: Rotation, key: ApiKey): string {
  return `--expires is not for an open delivery: version ${toVersion} of ${key.name} ${expiry(key.expiresAt, context.now())}`;
}

/** Was a longer grace asked for than the delivery was begun with? It isn't taken. */
export function keepsGrace({ graceMs }: Rotation, { graceSaid }: RotateWish): boolean {
  return graceSaid !== undefined && graceSaid > graceMs;
}

interface GoOn {
  readonly open: Rotation;
  readonly delivery: Delivery;
  readonly graceSaid?: number | undefined;
}

/** Takes up an open delivery, on record, and takes it to its end. The caller has seen to it that nobody else does. */
export async function goOn(
  context: Context,
  means: Means,
  { key, workspace }: { readonly key: ApiKey; readonly workspace: string },
  { open, delivery, graceSaid = open.graceMs }: GoOn,
): Promise<Rotated> {
  refuseUnfinishable(open, delivery);
  const terms = { check: typeof delivery.check === 'object', graceMs: graceSaid };
  const at = await resume(means.ledger, open, terms);
  const since = moment(open.startedAt, context.now());
  await context.out.say(
    `going on with version ${open.toVersion} of ${key.name}: ${open.state}, begun ${since}`,
  );
  return drive(context, means, { ...at, workspace }, delivery);
}

async function drive(
  context: Context,
  means: Means,
  at: Journalled & { readonly workspace: string },
  delivery: Delivery,
): Promise<Rotated> {
  const { key, rotation, workspace } = at;
  const { keys } = means.ledger.store;
  const valid = validVersions(key, await keys.versions(key.kid), context.now());
  const driver = await driverFor(context, means, key, workspace, rotation.check);
  const done = await driveDelivery(driver, delivery, { key, rotation });
  const versions = await keys.versions(key.kid);
  await context.out.say(endedText(done.key, done.rotation, { versions, valid }, context.now()));
  return done;
}

/** What policy did to the lifetime, behind the expiry; empty when nothing. */
export function cappedText(plan: RotationPlan, workspace: string): string {
  return plan.capped ? ` (the longest life that the policy of ${workspace} allows)` : '';
}

/** The key as it is when its version is young enough; an open delivery always goes on. */
async function leftAlone(
  context: Context,
  { ledger }: Means,
  key: ApiKey,
  { olderThan }: RotateWish,
): Promise<Rotated | undefined> {
  if (olderThan === undefined || context.now() - key.issuedAt >= olderThan) return undefined;
  if (key.revokedAt !== null || (await ledger.store.rotations.open(key.kid)) !== undefined) return undefined;
  const since = moment(key.issuedAt, context.now());
  await context.out.say(`version ${key.version} of ${key.name} was issued ${since}; it was left alone`);
  return { key };
}

/** A rotated key for `--json`; the secret key only where it isn't delivered. */
export async function rotatedJson(
  store: Readers,
  shown: Shown,
  { key, rotation, secretKey }: Rotated,
  now: number,
): Promise<object> {
  const versions = rotation === undefined ? [] : await store.keys.versions(key.kid);
  const old = rotation && oldOf(rotation, versions);
  return {
    ...keyJson({ ...shown, key }, now),
    ...(secretKey === undefined ? {} : { secret_key: secretKey.reveal() }),
    rotation: rotation === undefined ? null : rotationJson(rotation, old),
  };
}

/** The secret was seen to arrive. */
export async function markShown({ ledger }: Means, { key }: Rotated, at: number): Promise<void> {
  await ledger.store.write((tx) => tx.write.keys.markShown(key.kid, key.version, at)).catch(() => undefined);
}

/** Takes back a rotation whose secret reached nobody, and gives the failure that tells of it. */
export async function takeBack(
  { ledger }: Means,
  { key, rotation }: Rotated & { readonly rotation: Rotation },
  cause: unknown,
): Promise<Failure> {
  try {
    await rollBack(ledger, key, { unshown: rotation });
    const message = `the secret key could not be written, so the rotation was rolled back: version ${rotation.fromVersion} of ${key.name} is the current one again`;
    return new Failure('output_failed', message, { cause });
  } catch (error) {
    const message = `the secret key could not be written, and the rotation of ${publicKey(key)} not be rolled back`;
    return new Failure('output_failed', message, {
      hint: `{keywright} rotations rollback ${publicKey(key)} --yes, or once more {keywright} keys rotate ${publicKey(key)}`,
      cause: error,
    });
  }
}
