import { Failure, PROGRAM } from '../../errors.ts';
import type { ApiKey, KeyVersion } from '../keys/key.ts';
import { endOfOlder } from '../keys/older.ts';
import { publicKey } from '../keys/token.ts';
import type { Readers } from '../ports/store.ts';
import type { Rotation } from './rotation.ts';

/**
 * The commands that end an open delivery, for a hint: going on while its new version verifies, taking it back while
 * the old one does. Where neither does, the key is of no more use. `versions` are the key's superseded ones.
 */
export function waysOut(
  key: ApiKey,
  open: Pick<Rotation, 'fromVersion' | 'check'>,
  versions: readonly KeyVersion[],
  now: number,
): string {
  const id = publicKey(key);
  const old = versions.find(({ version }) => version === open.fromVersion);
  const end = old === undefined ? 0 : endOfOlder(old, key.olderUntil);
  const ways = [
    ...(isExpired(key, now)
      ? []
      : [`${PROGRAM} rotations resume ${id} --deliver …${open.check ? ' --check …' : ''}`]),
    ...(end === null || end > now ? [`${PROGRAM} rotations rollback ${id}`] : []),
  ];
  if (ways.length > 0) return ways.join(', or ');
  return `${PROGRAM} keys revoke ${id}, then ${PROGRAM} keys create makes a new one`;
}

/** The same for an open delivery whose superseded versions have to be read. */
export async function waysOutOf(
  store: Readers,
  key: ApiKey,
  open: Pick<Rotation, 'fromVersion' | 'check'>,
  now: number,
): Promise<string> {
  return waysOut(key, open, await store.keys.versions(key.kid), now);
}

/**
 * `wrong_state` when the new version of an open delivery has expired: delivered, it would be a dead secret in the
 * place of one that works, and finished, the end of that one.
 */
export async function whyExpired(
  store: Readers,
  key: ApiKey,
  open: Pick<Rotation, 'fromVersion' | 'toVersion' | 'check'>,
  now: number,
): Promise<Failure | undefined> {
  if (!isExpired(key, now)) return undefined;
  const message = `version ${open.toVersion} of ${key.name} has expired, so its delivery can't go on`;
  return new Failure('wrong_state', message, { hint: await waysOutOf(store, key, open, now) });
}

/** Throws what `whyExpired` finds. */
export async function refuseExpired(
  ...[store, key, open, now]: Parameters<typeof whyExpired>
): Promise<void> {
  const expired = await whyExpired(store, key, open, now);
  if (expired !== undefined) throw expired;
}

/** The current version is the new one while a delivery is open. */
export function isExpired({ expiresAt }: ApiKey, now: number): boolean {
  return expiresAt !== null && !(expiresAt > now);
}
