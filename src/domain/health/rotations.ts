import { PROGRAM } from '../../errors.ts';
import { type ApiKey, type KeyVersion, NO_CUT_OFF } from '../keys/key.ts';
import { statusOf } from '../keys/status.ts';
import { publicKey } from '../keys/token.ts';
import type { Readers } from '../ports/store.ts';
import { livingOlder } from '../rotations/overlap.ts';
import type { Rotation } from '../rotations/rotation.ts';
import { waysOut } from '../rotations/ways-out.ts';
import type { HealthFinding } from './examine.ts';

/** A delivery that is open for longer than this needs somebody, ms. */
const OPEN_FOR = 86_400_000;

/** A secret that was issued less than this ago may be on its way to whoever asked for it, ms. */
const ON_ITS_WAY = 60_000;

/** What rotating left behind that somebody should look at; `open` is the key's open delivery. */
export async function rotationFindings(
  store: Readers,
  key: ApiKey,
  open: Rotation | undefined,
  now: number,
): Promise<readonly HealthFinding[]> {
  const versions = key.olderUntil === null ? [] : await store.keys.versions(key.kid);
  return [
    ...(open !== undefined && now - open.startedAt > OPEN_FOR ? [stillOpen(key, open, versions, now)] : []),
    ...(open === undefined && neverShown(key, now) ? [unshown(key, now)] : []),
    ...unshownOlder(key, versions, open, now),
    ...contradicting(key, versions),
  ];
}

/** The secret of an open delivery is kept sealed, so it isn't lost. */
function neverShown(key: ApiKey, now: number): boolean {
  const live = ['active', 'rotating'].includes(statusOf(key, now));
  const isNew = Math.abs(now - key.issuedAt) < ON_ITS_WAY;
  return live && !isNew && key.shownAt === null && key.versionUsedAt === null;
}

function unshown(key: ApiKey, now: number): HealthFinding {
  const id = publicKey(key);
  const way =
    statusOf(key, now) === 'rotating'
      ? `${PROGRAM} rotations rollback ${id}`
      : `${PROGRAM} keys revoke ${id}`;
  return {
    code: 'key_never_shown',
    message: `the secret key of ${key.name} (${id}) was perhaps never shown: it was not seen to arrive, and was never used`,
    hint: `unless you have it: ${way}`,
    fixable: false,
  };
}

/** Older versions that verify and that nobody is known to have: another rotation doesn't end them. */
function unshownOlder(
  key: ApiKey,
  versions: readonly KeyVersion[],
  open: Rotation | undefined,
  now: number,
): readonly HealthFinding[] {
  const id = publicKey(key);
  const unseen = livingOlder(key, versions, now).filter(
    ({ issuedAt, shownAt, lastUsedAt }) =>
      Math.abs(now - issuedAt) >= ON_ITS_WAY && shownAt === null && lastUsedAt === null,
  );
  const way =
    open === undefined
      ? `${PROGRAM} rotations finish ${id} ends it with every older version`
      : `${PROGRAM} rotations resume ${id} --deliver …, then ${PROGRAM} rotations finish ${id}`;
  return unseen.map(({ version }) => ({
    code: 'key_never_shown',
    message: `version ${version} of ${key.name} (${id}) still verifies, and its secret was perhaps never shown: it was not seen to arrive, and was never used`,
    hint: `unless you have it: ${way}`,
    fixable: false,
  }));
}

function stillOpen(key: ApiKey, open: Rotation, versions: readonly KeyVersion[], now: number): HealthFinding {
  const { state, fromVersion, toVersion, startedAt } = open;
  const id = publicKey(key);
  const since = new Date(startedAt).toISOString().slice(0, 10);
  return {
    code: 'rotation_open',
    message: `the delivery of version ${toVersion} of ${key.name} (${id}) is open since ${since}: it is ${state}, and version ${fromVersion} has no end`,
    hint: waysOut(key, open, versions, now),
    fixable: false,
  };
}

/** The key's row says until when an older version may verify; one that says later of itself was edited. */
function contradicting(key: ApiKey, versions: readonly KeyVersion[]): readonly HealthFinding[] {
  const limit = key.olderUntil ?? 0;
  const later = versions.filter(({ endedAt, cutOff }) => endedAt === null && (cutOff ?? NO_CUT_OFF) > limit);
  return later.map(({ version }) => ({
    code: 'version_differs',
    message: `version ${version} of key_${key.kid} was changed behind the program's back: it is to live longer than the key says`,
    hint: `${PROGRAM} audit list --key key_${key.kid}`,
    fixable: false,
  }));
}
