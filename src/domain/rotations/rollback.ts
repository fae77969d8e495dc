import { Failure, PROGRAM } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import { keyEntry } from '../keys/facts.ts';
import type { ApiKey, KeyVersion } from '../keys/key.ts';
import { publicKey } from '../keys/token.ts';
import type { Readers } from '../ports/store.ts';
import type { Actor } from '../ports/system.ts';
import { factsOf, keyNow, SEALED_FIELD } from './issue.ts';
import type { Journalled } from './journal.ts';
import { endOfOlder } from './overlap.ts';
import { isOpen, type Rotation } from './rotation.ts';

/** What rolling back would bring back. */
export interface WayBack {
  readonly rotation: Rotation;
  readonly old: KeyVersion;
  /** The expiry that the old version gets, ms; null for never. */
  readonly expiresAt: number | null;
}

/**
 * Makes the old version of the newest rotation the current one again, without a cut-off and with the expiry that
 * `expiryBack` says, and ends the new one; for an open delivery, and for a finished rotation while the old version
 * verifies and the new one has not expired. What was rolled back already is left as it is (`already`). Throws
 * `wrong_state` when there is nothing to go back to.
 * `unshown`: the new secret reached nobody, so the old version comes back even where it was cut off at once.
 */
export function rollBack(
  ledger: Ledger,
  read: Pick<ApiKey, 'kid'>,
  options: { readonly unshown?: Rotation } = {},
): Promise<Journalled & { readonly already: boolean }> {
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const key = await keyNow(tx, read.kid);
    const { unshown } = options;
    const way =
      unshown === undefined
        ? await wayBack(tx, ledger.actor, key, now)
        : await wayFrom(tx, key, now, unshown);
    if ('already' in way) return { key, rotation: way.already, already: true };
    const { id, fromVersion, toVersion, state } = way.rotation;
    const moved =
      (await tx.write.keys.restoreVersion(key.kid, toVersion, fromVersion, {
        at: now,
        expiresAt: way.expiresAt,
      })) && (await tx.write.rotations.advance(id, state, 'rolled-back', now));
    if (!moved) throw changedMeanwhile(key);
    await tx.write.slots.removeSealed(id, SEALED_FIELD);
    const after = await keyNow(tx, key.kid);
    const facts = { ...factsOf(way.rotation), rolled_back_version: toVersion };
    record(keyEntry('rotation.rollback', after, facts));
    const rotation: Rotation = { ...way.rotation, state: 'rolled-back', updatedAt: now };
    return { key: after, rotation, already: false };
  });
}

/** The version that a roll-back would bring back, or that it was done already; throws as `rollBack` does. */
export async function wayBack(
  store: Readers,
  actor: Pick<Actor, 'name'>,
  key: ApiKey,
  now: number,
): Promise<WayBack | { readonly already: Rotation }> {
  const { name, owner, scopes } = key;
  await requireAllowed(store, actor, key.workspaceId, { kind: 'make-keys', key: name, owner, scopes });
  return wayFrom(store, key, now);
}

async function wayFrom(
  store: Readers,
  key: ApiKey,
  now: number,
  unshown?: Rotation,
): Promise<WayBack | { readonly already: Rotation }> {
  if (key.revokedAt !== null) throw refused(`${key.name} is revoked; none of its versions comes back`, key);
  const rotation = await store.rotations.latest(key.kid);
  if (rotation === undefined) throw refused(`${key.name} was never rotated`, key);
  if (rotation.state === 'rolled-back' && unshown === undefined) return { already: rotation };
  if (rotation.toVersion !== key.version || (unshown !== undefined && unshown.id !== rotation.id))
    throw changedMeanwhile(key);
  const old = (await store.keys.versions(key.kid)).find(({ version }) => version === rotation.fromVersion);
  if (old === undefined || !comesBack(old, key, rotation, now, unshown)) {
    throw refused(
      `version ${rotation.fromVersion} of ${key.name} verifies no more, so it can't come back`,
      key,
    );
  }
  if (unshown === undefined && !isOpen(rotation) && key.expiresAt !== null && !(key.expiresAt > now))
    throw refused(`${key.name} has expired; a roll-back doesn't extend it`, key);
  return { rotation, old, expiresAt: expiryBack(old, key, rotation, unshown !== undefined) };
}

/**
 * The expiry (ms, null for never) of a version that comes back. It never extends what was decided since: a
 * finished rotation's new version has the expiry that policy and people gave the key, and during a delivery a
 * cut-off of the old version is an earlier end that somebody gave the key. A secret that reached nobody decided
 * nothing.
 */
function expiryBack(
  old: Pick<KeyVersion, 'expiresAt' | 'cutOff'>,
  key: Pick<ApiKey, 'expiresAt'>,
  rotation: Pick<Rotation, 'state'>,
  unshown: boolean,
): number | null {
  const since = isOpen(rotation) ? old.cutOff : key.expiresAt;
  const ends = [old.expiresAt, ...(unshown ? [] : [since])].filter((end) => end !== null);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** With an open delivery the old version has no cut-off; its own expiry ends it all the same. */
function comesBack(
  old: KeyVersion,
  key: ApiKey,
  rotation: Rotation,
  now: number,
  unshown: Rotation | undefined,
): boolean {
  const ownExpiry = old.expiresAt === null || old.expiresAt > now;
  if (unshown !== undefined) return ownExpiry;
  const end = endOfOlder(old, key.olderUntil);
  const lives = end === null || end > now;
  return isOpen(rotation) ? lives && ownExpiry : lives;
}

function changedMeanwhile(key: ApiKey): Failure {
  return new Failure('changed', `${key.name} was changed meanwhile; nothing was done`, {
    hint: `${PROGRAM} keys show ${publicKey(key)}`,
  });
}

function refused(message: string, key: ApiKey): Failure {
  return new Failure('wrong_state', message, { hint: `${PROGRAM} keys show ${publicKey(key)}` });
}
