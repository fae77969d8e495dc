import { describe, expect, test } from 'vitest';
import type { TokenRequest } from '../../../src/domain/apps/tokens.ts';
import { tokenKeeper } from '../../../src/domain/apps/tokens.ts';
import type { Store } from '../../../src/domain/ports/store.ts';
import { Failure } from '../../../src/errors.ts';
import { changedStore, changedWrites } from '../../support/changed-store.ts';
import { Dead, mortal } from '../../support/mortal.ts';
import { HOUR, openTokenDesk, STORES, type TokenDesk } from '../../support/token-desk.ts';

/** What the next process finds after one that died. */
interface Aftermath {
  readonly diedAt: string | undefined;
  /** `valid`, `stale` (a token that the server doesn't know any more), or the message of a failure. */
  readonly next: string;
  readonly reused: boolean;
  readonly needsReason: string | null;
}

async function afterDeath(
  desk: TokenDesk,
  last: number,
  { as = (store) => store, request = {} }: Broken = {},
): Promise<Aftermath> {
  const { ledger } = await desk.another(as);
  const process = mortal(desk.renewing(ledger), last);
  const first = await tokenKeeper(process.renewing)
    .fresh(desk.grant.id)
    .catch((error) => error);
  if (process.diedAt() === undefined) expect(first).not.toBeInstanceOf(Error);
  else expect(first).toBeInstanceOf(Dead);
  return { diedAt: process.diedAt(), ...(await nextRun(desk, request)) };
}

async function nextRun(desk: TokenDesk, request: TokenRequest): Promise<Omit<Aftermath, 'diedAt'>> {
  const { keeper } = await desk.another();
  const next = await keeper.fresh(desk.grant.id, request).then(
    ({ accessToken }) => (desk.server.isValid(accessToken.reveal()) ? 'valid' : 'stale'),
    (error) => (error instanceof Failure ? `${error.exitCode} ${error.message}` : String(error)),
  );
  return { next, reused: desk.server.reused, needsReason: (await desk.grantNow()).needsReason };
}

interface Broken {
  /** What is put in the place of the first process's store. */
  readonly as?: (store: Store) => Store;
  readonly request?: TokenRequest;
}

/** Dies once at each call, until it lives to the end. */
async function everyDeath(kind: (typeof STORES)[number], broken?: Broken): Promise<readonly Aftermath[]> {
  const all: Aftermath[] = [];
  for (let last = 1; ; last++) {
    const desk = await openTokenDesk(kind);
    const one = await afterDeath(desk, last, broken).finally(() => desk.close());
    all.push(one);
    if (one.diedAt === undefined) return all;
  }
}

const UNCERTAIN =
  /^8 .* a refresh of \S+ was never answered, so whether its refresh token still works is uncertain \(--retry-uncertain sends it once more\)$/;

describe.each(STORES)('a process that dies while it refreshes, on a store in %s (case 132)', (kind) => {
  test('leaves the new token, the old state, or says that it is uncertain', async () => {
    const deaths = await everyDeath(kind);
    const found = Object.fromEntries(
      deaths.map(({ diedAt, next }) => [diedAt ?? 'lived', UNCERTAIN.test(next) ? 'uncertain' : next]),
    );
    expect(found).toEqual({
      'before write 1': 'valid',
      'after write 1': 'valid',
      'with the lock': 'valid',
      'before write 2': 'valid',
      'after write 2': 'uncertain',
      'before the request': 'uncertain',
      'after the request': 'uncertain',
      'before write 3': 'uncertain',
      'after write 3': 'valid',
      'before write 4': 'valid',
      'after write 4': 'valid',
      lived: 'valid',
    });
    expect(deaths.some(({ reused }) => reused)).toBe(false);
    expect(deaths.every(({ needsReason }) => needsReason === null)).toBe(true);
  });

  test('is noticed when nothing was written down before the request', async () => {
    const deaths = await everyDeath(kind, { as: withoutIntents });
    expect(deaths.some(({ reused }) => reused)).toBe(true);
  });

  test('is noticed when what is uncertain is sent again without asking', async () => {
    const deaths = await everyDeath(kind, { request: { retryUncertain: true } });
    expect(deaths.some(({ reused }) => reused)).toBe(true);
  });
});

const FAULTS = {
  'a full disk': new Failure('store_full', 'the disk is full'),
  'a store that became read-only': new Failure('store_readonly', 'the store cannot be written'),
  'a root key that was replaced meanwhile': new Failure('changed', 'the slots were changed meanwhile'),
};

describe.each(STORES)('an answer that cannot be stored, on a store in %s (case 132)', (kind) => {
  test.each(Object.keys(FAULTS))('%s: uncertain, said at once and from then on', async (what) => {
    const fault = FAULTS[what as keyof typeof FAULTS];
    const desk = await openTokenDesk(kind);
    const { keeper } = await desk.another((store) => failing(store, (n) => (n >= 3 ? fault : undefined)));
    const first = await keeper.fresh(desk.grant.id).catch((error) => error);
    expect(first).toMatchObject({ code: fault.code });
    expect(first.message).toMatch(
      /could not be stored, so whether its refresh token still works is uncertain \(--retry-uncertain sends it once more\)$/,
    );
    expect(first.message).toContain(fault.message);
    const { next, reused, needsReason } = await nextRun(desk, {});
    expect(next).toMatch(UNCERTAIN);
    expect({ reused, needsReason, sent: desk.server.sent.length }).toEqual({
      reused: false,
      needsReason: null,
      sent: 1,
    });
    await desk.close();
  });

  test('before the request it is only said, and nothing was sent', async () => {
    const desk = await openTokenDesk(kind);
    const full = FAULTS['a full disk'];
    const { keeper } = await desk.another((store) => failing(store, (n) => (n >= 2 ? full : undefined)));
    await expect(keeper.fresh(desk.grant.id)).rejects.toBe(full);
    expect(desk.server.sent).toEqual([]);
    expect((await nextRun(desk, {})).next).toBe('valid');
    await desk.close();
  });

  test('a store that others hold for long is waited for', async () => {
    const desk = await openTokenDesk(kind);
    const busy = new Failure('busy', 'process 7 holds the store');
    const { keeper } = await desk.another((store) =>
      failing(store, (n) => ([3, 4, 5].includes(n) ? busy : undefined)),
    );
    expect((await keeper.fresh(desk.grant.id)).accessToken.reveal()).toBe('access-2');
    await desk.close();
  });

  test('one that refuses at once, as while it is restored, is asked again for half a minute', async () => {
    const desk = await openTokenDesk(kind);
    const pauses: number[] = [];
    const waited = () => pauses.reduce((sum, ms) => sum + ms, 0);
    const until = async (ms: number) => {
      const busy = new Failure('busy', 'the store is being replaced');
      const own = await desk.another((store) =>
        failing(store, (n) => (n >= 3 && waited() < ms ? busy : undefined)),
      );
      const pause = async (time: number): Promise<void> => void pauses.push(time);
      return tokenKeeper({ ...desk.renewing(own.ledger), pause }).fresh(desk.grant.id);
    };
    expect((await until(20_000)).accessToken.reveal()).toBe('access-2');
    expect(Math.max(...pauses)).toBe(5000);
    desk.clock.at += HOUR;
    pauses.length = 0;
    await expect(until(60_000)).rejects.toMatchObject({ code: 'busy' });
    expect(waited()).toBeGreaterThan(25_000);
    expect(waited()).toBeLessThan(31_000);
    await desk.close();
  });

  test('a provider that carried it out and whose answer got lost: uncertain', async () => {
    const desk = await openTokenDesk(kind);
    desk.server.answers.push('lost');
    await desk.keeper.fresh(desk.grant.id).catch(() => undefined);
    const { next, reused } = await nextRun(desk, {});
    expect(next).toMatch(UNCERTAIN);
    expect(reused).toBe(false);
    await desk.close();
  });
});

test('storing an answer may use the reserve of the store, and so may taking back an intent', async () => {
  const desk = await openTokenDesk();
  const urgent: boolean[] = [];
  const { keeper } = await desk.another((store) =>
    changedStore(store, {
      write: (work, options) => {
        urgent.push(options?.urgent === true);
        return store.write(work, options);
      },
    }),
  );
  desk.server.answers.push('not-sent');
  await keeper.fresh(desk.grant.id).catch(() => undefined);
  await keeper.fresh(desk.grant.id);
  // Looked, intent, taken back; the token that is left; looked, intent, stored, given out.
  expect(urgent).toEqual([false, false, true, false, false, false, true, false]);
  await desk.close();
});

/** Fails the writes, counted from 1, for which there is a fault. */
function failing(store: Store, fault: (n: number) => Failure | undefined): Store {
  let writes = 0;
  return changedStore(store, {
    async write(work, options) {
      const found = fault(++writes);
      if (found !== undefined) throw found;
      return store.write(work, options);
    },
  });
}

/** What a program without the journal would do. */
function withoutIntents(store: Store): Store {
  return changedWrites(store, (write) => ({
    ...write,
    grants: { ...write.grants, putIntent: async () => undefined },
  }));
}
