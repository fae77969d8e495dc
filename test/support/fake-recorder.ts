import type { StoredVersion, VerificationRow } from '../../src/domain/keys/key.ts';
import { type Proof, UsageRecorder } from '../../src/domain/keys/usage.ts';
import type { UsageBatch } from '../../src/domain/ports/usage.ts';
import { fakeHasher } from './fake-ledger.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const NOON = 12 * HOUR;
export const DAY = 24 * HOUR;
export const ONE = fakeHasher({ 1: 'one' });
export const TWO = fakeHasher({ 1: 'one', 2: 'two' });

/** What a verification reads of a key; its token is `token <kid>`. */
export function row(kid: string, change: Partial<VerificationRow> = {}): VerificationRow {
  return {
    kid,
    workspaceId: 'ws_1',
    brand: 'kw',
    mode: 'live',
    owner: 'ana',
    scopes: '',
    networks: '',
    integrationId: null,
    version: 1,
    pepper: 1,
    hash: ONE.hash(1, 'ws_1', `token ${kid}`) ?? new Uint8Array(),
    expiresAt: null,
    olderUntil: null,
    disabledAt: null,
    revokedAt: null,
    versionUsedAt: null,
    generation: 1,
    ...change,
  };
}

/** A superseded version of a key, and its use. */
export function older(kid: string, change: Partial<StoredVersion> = {}): Proof {
  const dates = { issuedAt: 1, expiresAt: null, cutOff: NOON + DAY, endedAt: null };
  const uses = { firstUsedAt: null, lastUsedAt: null, lateUseAt: null, shownAt: 1 };
  return { older: { kid, version: 1, pepper: 1, hash: new Uint8Array(32), ...dates, ...uses, ...change } };
}

/** A recorder whose tasks run when the test says so, and whose writes work while `works` says so. */
export function recorder(after = Number.POSITIVE_INFINITY) {
  const tasks: (() => void)[] = [];
  const beats: (() => void)[] = [];
  const batches: UsageBatch[] = [];
  const late: string[] = [];
  const state = { works: true, lateWorks: true, now: NOON };
  const usage = new UsageRecorder({
    async write(batch) {
      batches.push(batch);
      return state.works;
    },
    later: (task, ms) => void (ms === 1000 ? tasks : beats).push(task),
    interval: 1000,
    now: () => state.now,
    async lateUse(kid, version) {
      late.push(`${kid} ${version}`);
      if (!state.lateWorks) throw new Error('locked');
    },
    reporter: { id: () => 'me', after },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const run = async (from: (() => void)[]): Promise<void> => {
    for (const task of from.splice(0)) task();
    await settle();
  };
  const use = (
    kid: string,
    now = NOON,
    change: Partial<VerificationRow> = {},
    hasher = ONE,
    proof?: Proof,
  ): void => usage.used(row(kid, change), now, hasher, `token ${kid}`, proof);
  const [tick, beat] = [() => run(tasks), () => run(beats)];
  return { usage, tasks, beats, batches, late, state, tick, beat, use };
}

export const usedIn = (batches: readonly UsageBatch[]) =>
  batches.flatMap((batch) => batch.used.map(({ kid, at }) => [kid, at] as const));
