import { Failure, PROGRAM } from '../../errors.ts';
import { requireAllowed } from '../access/require.ts';
import { change, type Ledger } from '../audit/change.ts';
import { keyEntry } from '../keys/facts.ts';
import { type ApiKey, type KeyVersion, NO_CUT_OFF } from '../keys/key.ts';
import { publicKey } from '../keys/token.ts';
import type { Readers } from '../ports/store.ts';
import type { Actor } from '../ports/system.ts';
import type { RunningVerifier } from '../ports/usage.ts';
import { keyNow } from './issue.ts';
import { waysOutOf } from './ways-out.ts';

const MINUTE = 60_000;
/**
 * A running verifier reports every minute. One that was silent for this long may hold uses that nobody has seen:
 * three reports in a row are missing.
 */
export const LATEST_REPORT = 3 * MINUTE;

/**
 * When a superseded version stops verifying (ms): the earliest of its cut-off, its own expiry and what the key's row
 * says of all of them; null while nothing ends it. What was ended outright ended long ago, whatever the clock says.
 */
export function endOfOlder(
  version: Pick<KeyVersion, 'cutOff' | 'expiresAt' | 'endedAt'>,
  olderUntil: ApiKey['olderUntil'],
): number | null {
  if (version.endedAt !== null || olderUntil === null) return 0;
  const limit = olderUntil === NO_CUT_OFF ? null : olderUntil;
  const ends = [version.cutOff, version.expiresAt, limit].filter((end) => end !== null);
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Older versions of the key that verify at `now`, newest first. */
export function livingOlder(
  key: ApiKey,
  versions: readonly KeyVersion[],
  now: number,
): readonly KeyVersion[] {
  if (key.revokedAt !== null) return [];
  return versions.filter((version) => {
    const end = endOfOlder(version, key.olderUntil);
    return end === null || end > now;
  });
}

/** Why an overlap isn't idle; the next command where there is one. */
export interface Busy {
  readonly reason: string;
  readonly hint?: string;
}

/**
 * Is the new version in use and have the older ones been quiet for `idleMs`, as far as can be known? Undefined when
 * they have. Uses are noted to the minute while rotating, and to the hour before, so quiet begins a minute after
 * the last one and never before the new version was issued. Verifiers hold uses for up to a minute: each that runs
 * must have reported within the last `LATEST_REPORT`, and within the quiet time.
 */
export function whyNotIdle(
  key: ApiKey,
  older: readonly KeyVersion[],
  verifiers: readonly RunningVerifier[],
  idleMs: number,
  now: number,
): Busy | undefined {
  if (key.versionUsedAt === null) return { reason: `version ${key.version} of ${key.name} was not used yet` };
  const window = Math.min(idleMs, LATEST_REPORT);
  const silent = verifiers.find(
    ({ reportedAt }) => !(reportedAt >= now - window && reportedAt <= now + MINUTE),
  );
  if (silent !== undefined) {
    const who = silent.pid === null ? 'a running verifier' : `the verifier with process id ${silent.pid}`;
    const stop = silent.pid === null ? 'stop it' : `stop process ${silent.pid} if it hangs`;
    return {
      reason: `${who} has not reported lately, so uses of older versions may be unknown`,
      hint: `try again in a minute; ${stop}; without waiting: ${PROGRAM} rotations finish ${publicKey(key)}`,
    };
  }
  const lastUse = Math.max(...older.map(({ lastUsedAt }) => (lastUsedAt === null ? 0 : lastUsedAt + MINUTE)));
  const quietSince = Math.max(key.issuedAt, lastUse);
  if (now - quietSince >= idleMs) return undefined;
  const used = older.find(({ lastUsedAt }) => lastUsedAt !== null && lastUsedAt + MINUTE > now - idleMs);
  return {
    reason:
      used === undefined
        ? `version ${key.version} of ${key.name} was issued later than that`
        : `version ${used.version} of ${key.name} was used within that time`,
  };
}

/** The failure of an end that is to wait until the overlap is idle. */
export function notIdle({ reason, hint }: Busy): Failure {
  return new Failure('rotation_incomplete', `${reason}; nothing was ended`, { hint });
}

/** What `finishOverlap` ended. */
export interface Ended {
  readonly key: ApiKey;
  /** Versions that verified until now. */
  readonly ended: readonly number[];
}

/**
 * Ends every older version of the key now, as a state. Nothing to end is no failure. With `idleMs` only when they
 * are out of use (`whyNotIdle`), else `rotation_incomplete`. Throws `wrong_state` while a delivery is open.
 */
export async function finishOverlap(
  ledger: Ledger,
  read: Pick<ApiKey, 'kid'>,
  options: { readonly idleMs?: number | undefined; readonly withSecret?: boolean } = {},
): Promise<Ended> {
  // Before the transaction: whoever reports in between has written its uses, and the transaction sees those.
  const verifiers = options.idleMs === undefined ? [] : await ledger.store.verifiers();
  const now = ledger.now();
  return change(ledger, async (tx, record) => {
    const key = await keyNow(tx, read.kid);
    const living = await endable(tx, ledger.actor, key, { now, withSecret: options.withSecret });
    if (living.length === 0) return { key, ended: [] };
    const busy =
      options.idleMs === undefined ? undefined : whyNotIdle(key, living, verifiers, options.idleMs, now);
    if (busy !== undefined) throw notIdle(busy);
    await tx.write.keys.endVersions(key.kid, now);
    const after = await keyNow(tx, key.kid);
    const ended = living.map(({ version }) => version);
    record(keyEntry('rotation.finish', after, { ended_versions: ended.map(String) }));
    return { key: after, ended };
  });
}

/** Older versions that `finishOverlap` ends; throws as that does. */
export async function endable(
  store: Readers,
  actor: Pick<Actor, 'name'>,
  key: ApiKey,
  { now, withSecret }: { readonly now: number; readonly withSecret?: boolean | undefined },
): Promise<readonly KeyVersion[]> {
  const { name, owner } = key;
  await requireAllowed(store, actor, key.workspaceId, { kind: 'stop-keys', key: name, owner, withSecret });
  const open = await store.rotations.open(key.kid);
  if (open !== undefined) {
    throw new Failure('wrong_state', `the delivery of version ${open.toVersion} of ${key.name} is not done`, {
      hint: await waysOutOf(store, key, open, now),
    });
  }
  return livingOlder(key, await store.keys.versions(key.kid), now);
}
