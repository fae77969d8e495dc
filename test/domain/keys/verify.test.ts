import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createKey, type NewKey } from '../../../src/domain/keys/create.ts';
import { hasherSource } from '../../../src/domain/keys/hasher-source.ts';
import { disableKeys, enableKeys, revokeKeys } from '../../../src/domain/keys/stop.ts';
import { newSecretKey } from '../../../src/domain/keys/token.ts';
import { UsageRecorder } from '../../../src/domain/keys/usage.ts';
import { KeyVerifier } from '../../../src/domain/keys/verify.ts';
import type { TokenHasher } from '../../../src/domain/ports/secrets.ts';
import type { UsageBatch } from '../../../src/domain/ports/store.ts';
import { setArchived } from '../../../src/domain/workspaces/manage.ts';
import { DAY, someSlot } from '../../contracts/samples.ts';
import { type Desk, fakeHasher, fakeRandom, openDesk } from '../../support/fake-ledger.ts';
import frozen from '../../vectors/token.json' with { type: 'json' };

afterEach(() => vi.restoreAllMocks());

const UNKNOWN = {
  valid: false,
  code: 'not_found',
  http_status: 401,
  key_id: null,
  public_key: null,
  workspace: null,
  mode: null,
  scopes: null,
  owner: null,
  expires_at: null,
  version: null,
};

/** A verifier over a desk's store, its hasher and what it asked of them. */
function verifierOn(desk: Desk, hasher: () => TokenHasher = () => desk.means.hasher) {
  const batches: UsageBatch[] = [];
  const usage = new UsageRecorder(
    async (batch) => {
      batches.push(batch);
      return desk.store.recordUsage(batch);
    },
    () => undefined,
  );
  const source = vi.fn(async () => hasher());
  const lookups = vi.spyOn(desk.store.keys, 'forVerification');
  const verifier = new KeyVerifier({ store: desk.store, usage, hasher: source, now: () => desk.clock.at });
  return { verifier, usage, source, lookups, batches };
}

async function aKey(desk: Desk, change: Partial<NewKey> = {}) {
  const wish = {
    workspace: desk.workspace,
    scopes: ['orders:read'],
    mode: 'live',
    networks: [],
    expiresAt: null,
  } as const;
  const { key, secretKey } = await createKey(desk.ledger, desk.means, { ...wish, ...change });
  return { key, token: secretKey.reveal(), names: { names: [`key_${key.kid}`], workspaceId: undefined } };
}

describe('the answer', () => {
  test('for a key that verifies', async () => {
    const desk = openDesk();
    const { key, token } = await aKey(desk, {
      expiresAt: desk.clock.at + DAY,
      scopes: ['orders:read', 'users:*'],
    });
    const { verifier } = verifierOn(desk);
    expect(await verifier.verify(token, { scopes: ['users:write'] })).toEqual({
      valid: true,
      code: 'ok',
      http_status: 200,
      key_id: `key_${key.kid}`,
      public_key: `kw_pk_live_${key.kid}`,
      workspace: 'acme',
      mode: 'live',
      scopes: ['orders:read', 'users:*'],
      owner: 'ana',
      expires_at: '2026-01-03T00:00:00Z',
      version: 1,
    });
  });

  test('for a key that may do nothing and never ends', async () => {
    const desk = openDesk();
    const { token } = await aKey(desk, { scopes: [] });
    const answer = await verifierOn(desk).verifier.verify(token, {});
    expect(answer).toMatchObject({ valid: true, scopes: [], expires_at: null });
  });

  test.each([
    [{ scopes: ['orders:write'] }, 'scope', 403],
    [{ mode: 'test' }, 'mode', 401],
    [{ workspaceId: 'ws_000000000000' }, 'workspace', 401],
  ])('for %j', async (asked, code, status) => {
    const desk = openDesk();
    const { key, token } = await aKey(desk);
    const answer = await verifierOn(desk).verifier.verify(token, asked);
    expect(answer).toMatchObject({ valid: false, code, http_status: status, key_id: `key_${key.kid}` });
  });

  test('tells nothing of a key to who has another secret for it', async () => {
    const desk = openDesk();
    const { key } = await aKey(desk);
    const guess = newSecretKey(key, fakeRandom('guess')).reveal();
    expect(await verifierOn(desk).verifier.verify(guess, {})).toEqual(UNKNOWN);
  });

  test.each([
    ['brand', { brand: 'acme' }],
    ['mode', { mode: 'test' }],
  ] as const)('a secret under another %s is another secret', async (_, change) => {
    const desk = openDesk();
    const { key, token } = await aKey(desk);
    const bytes = newSecretKey({ ...key, ...change }, fakeRandom()).reveal();
    expect(bytes).not.toBe(token);
    expect(await verifierOn(desk).verifier.verify(bytes, {})).toEqual(UNKNOWN);
  });
});

describe('a token that is none', () => {
  test('is answered without a look-up, a hash or an unlocked store', async () => {
    const desk = openDesk();
    const { token } = await aKey(desk);
    const { verifier, lookups, source } = verifierOn(desk);
    const calls = desk.means.hasher.calls;
    const wrong = [
      '',
      ' ',
      `${token} `,
      token.slice(1),
      token.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')),
      'a'.repeat(10_000_000),
      '🔑',
      '\0',
      '__proto__',
    ];
    for (const text of wrong) expect(await verifier.verify(text, {})).toEqual(UNKNOWN);
    expect([lookups.mock.calls.length, source.mock.calls.length, desk.means.hasher.calls - calls]).toEqual([
      0, 0, 0,
    ]);
  });

  test.each([
    [undefined],
    [null],
    [42],
    [{}],
    [[frozen.tokens[0]?.secretKey]],
    [Symbol('a')],
    [() => 'a'],
    [Number.NaN],
  ])('of another type does not throw: %o', async (token) => {
    const { verifier } = verifierOn(openDesk());
    expect(await verifier.verify(token as unknown as string, {})).toEqual(UNKNOWN);
  });

  test('never throws, whatever it is', async () => {
    const { verifier } = verifierOn(openDesk());
    const check = async (token: unknown): Promise<boolean> =>
      (await verifier.verify(token as string, {})).code === 'not_found';
    await fc.assert(fc.asyncProperty(fc.anything(), check), { numRuns: 300 });
  });
});

describe('a kid that nobody has', () => {
  const unknown = newSecretKey(
    { brand: 'kw', mode: 'live', kid: 'zzzzzzzzzzzz' },
    fakeRandom('other'),
  ).reveal();

  test('gets the same answer for the same work as a wrong secret', async () => {
    const desk = openDesk();
    const { key } = await aKey(desk);
    const guess = newSecretKey(key, fakeRandom('guess')).reveal();
    const { verifier, lookups } = verifierOn(desk);
    const workFor = async (token: string): Promise<readonly unknown[]> => {
      const [hashes, looks] = [desk.means.hasher.calls, lookups.mock.calls.length];
      const answer = await verifier.verify(token, {});
      return [answer, desk.means.hasher.calls - hashes, lookups.mock.calls.length - looks];
    };
    const wrong = await workFor(guess);
    expect(wrong).toEqual([UNKNOWN, 1, 1]);
    expect(await workFor(unknown)).toEqual(wrong);
  });

  test('is hashed with the first call, too', async () => {
    const desk = openDesk();
    expect(await verifierOn(desk).verifier.verify(unknown, {})).toEqual(UNKNOWN);
    expect(desk.means.hasher.calls).toBe(1);
  });

  test('is no error when the hasher has no pepper at all', async () => {
    const desk = openDesk();
    const empty: TokenHasher = { current: 1, hash: () => undefined };
    expect(await verifierOn(desk, () => empty).verifier.verify(unknown, {})).toEqual(UNKNOWN);
  });
});

describe('nothing positive is held', () => {
  test('a revocation counts from the next call on', async () => {
    const desk = openDesk();
    const { token, names } = await aKey(desk);
    const { verifier } = verifierOn(desk);
    expect((await verifier.verify(token, {})).code).toBe('ok');
    await revokeKeys(desk.locked, names);
    expect(await verifier.verify(token, {})).toMatchObject({
      valid: false,
      code: 'revoked',
      http_status: 401,
    });
  });

  test('so does a pause, and its end', async () => {
    const desk = openDesk();
    const { token, names } = await aKey(desk);
    const { verifier } = verifierOn(desk);
    await verifier.verify(token, {});
    await disableKeys(desk.ledger, names);
    expect((await verifier.verify(token, {})).code).toBe('disabled');
    await enableKeys(desk.ledger, names);
    expect((await verifier.verify(token, {})).code).toBe('ok');
  });

  test('so does archiving the workspace', async () => {
    const desk = openDesk();
    const { token } = await aKey(desk);
    const { verifier } = verifierOn(desk);
    await verifier.verify(token, {});
    await setArchived(desk.ledger, 'acme', true);
    expect((await verifier.verify(token, {})).code).toBe('disabled');
    await setArchived(desk.ledger, 'acme', false);
    expect((await verifier.verify(token, {})).code).toBe('ok');
  });

  test('the second of its expiry is the first in which it is refused', async () => {
    const desk = openDesk();
    const end = desk.clock.at + DAY;
    const { token } = await aKey(desk, { expiresAt: end });
    const { verifier } = verifierOn(desk);
    const codeAt = async (at: number): Promise<string> => {
      desk.clock.at = at;
      return (await verifier.verify(token, {})).code;
    };
    expect([await codeAt(end - 1), await codeAt(end), await codeAt(end + 1), await codeAt(end - 1)]).toEqual([
      'ok',
      'expired',
      'expired',
      'ok',
    ]);
  });
});

describe('what is held of workspaces and peppers', () => {
  test('is read once for a generation of the store', async () => {
    const desk = openDesk();
    const { token } = await aKey(desk);
    const { verifier, source } = verifierOn(desk);
    const workspaces = vi.spyOn(desk.store.workspaces, 'all');
    for (let i = 0; i < 5; i++) await verifier.verify(token, {});
    expect([source.mock.calls.length, workspaces.mock.calls.length]).toEqual([1, 1]);
    await desk.store.write((tx) => tx.write.slots.insert(someSlot()));
    for (let i = 0; i < 5; i++) await verifier.verify(token, {});
    expect([source.mock.calls.length, workspaces.mock.calls.length]).toEqual([2, 2]);
  });

  test('a pepper that comes later is found by the generation', async () => {
    const desk = openDesk();
    const { verifier } = verifierOn(desk, () => current);
    let current = desk.means.hasher;
    const before = await aKey(desk);
    await verifier.verify(before.token, {});
    current = fakeHasher({ 1: 'pepper one', 2: 'pepper two' });
    await desk.store.write((tx) =>
      tx.write.slots.putPepper({ number: 2, sealed: new Uint8Array(60), createdAt: 1 }),
    );
    const after = await createKey(
      desk.ledger,
      { ...desk.means, hasher: current },
      { workspace: desk.workspace, scopes: [], mode: 'live', networks: [], expiresAt: null },
    );
    expect((await verifier.verify(after.secretKey.reveal(), {})).code).toBe('ok');
    expect((await verifier.verify(before.token, {})).code).toBe('ok');
  });

  test('a pepper that is missing denies', async () => {
    const desk = openDesk();
    const { token } = await aKey(desk);
    const { verifier } = verifierOn(desk, () => fakeHasher({ 2: 'pepper two' }));
    expect(await verifier.verify(token, {})).toEqual(UNKNOWN);
  });

  test('a pepper with other bytes denies', async () => {
    const desk = openDesk();
    const { token } = await aKey(desk);
    const { verifier } = verifierOn(desk, () => fakeHasher({ 1: 'pepper two' }));
    expect(await verifier.verify(token, {})).toEqual(UNKNOWN);
  });

  test('a stored hash of another length denies', async () => {
    const desk = openDesk();
    const { token } = await aKey(desk);
    const { verifier, lookups } = verifierOn(desk);
    const row = await desk.store.keys.forVerification(kidOf(token));
    for (const length of [0, 16, 31, 33]) {
      if (row) lookups.mockResolvedValueOnce({ ...row, hash: new Uint8Array(length) });
      expect(await verifier.verify(token, {})).toEqual(UNKNOWN);
    }
    expect((await verifier.verify(token, {})).code).toBe('ok');
  });

  test('a workspace that is gone denies', async () => {
    const desk = openDesk();
    const { token } = await aKey(desk);
    const { verifier } = verifierOn(desk);
    vi.spyOn(desk.store.workspaces, 'all').mockResolvedValue([]);
    expect(await verifier.verify(token, {})).toMatchObject({
      valid: false,
      code: 'disabled',
      workspace: null,
    });
  });
});

test('a store that can not be read is an error, not an answer', async () => {
  const desk = openDesk();
  const { token } = await aKey(desk);
  const { verifier, lookups } = verifierOn(desk);
  lookups.mockRejectedValueOnce(new Error('disk'));
  await expect(verifier.verify(token, {})).rejects.toThrow('disk');
});

describe('use', () => {
  test('is noted of what verified, and of nothing else', async () => {
    const desk = openDesk();
    const { key, token, names } = await aKey(desk);
    const { verifier, usage, batches } = verifierOn(desk);
    await verifier.verify(token, { scopes: ['orders:write'] });
    await verifier.verify(newSecretKey(key, fakeRandom('guess')).reveal(), {});
    await usage.flush();
    expect(batches).toEqual([]);
    desk.clock.at += 90 * 60_000;
    await verifier.verify(token, {});
    await usage.flush();
    expect((await desk.store.keys.byKid(key.kid))?.lastUsedAt).toBe(desk.clock.at - 30 * 60_000);
    await revokeKeys(desk.ledger, names);
    desk.clock.at += DAY;
    await verifier.verify(token, {});
    await usage.flush();
    expect(batches).toHaveLength(1);
  });

  test('brings a hash under the newest pepper, and the key goes on verifying', async () => {
    const desk = openDesk();
    const { key, token } = await aKey(desk);
    const hasher = fakeHasher({ 1: 'pepper one', 2: 'pepper two' });
    const { verifier, usage } = verifierOn(desk, () => hasher);
    await verifier.verify(token, {});
    await usage.flush();
    expect((await desk.store.keys.forVerification(key.kid))?.pepper).toBe(2);
    expect((await verifier.verify(token, {})).code).toBe('ok');
    expect(
      (await verifierOn(desk, () => fakeHasher({ 2: 'pepper two' })).verifier.verify(token, {})).code,
    ).toBe('ok');
  });

  test('never makes a verification fail or wait', async () => {
    const desk = openDesk();
    const { token } = await aKey(desk);
    const never = new UsageRecorder(
      () => new Promise(() => undefined),
      (task) => task(),
    );
    const hasher = hasherSource(desk.store.slots, async () => ({
      slot: someSlot(),
      hasher: desk.means.hasher,
    }));
    const verifier = new KeyVerifier({ store: desk.store, usage: never, hasher, now: () => desk.clock.at });
    expect((await verifier.verify(token, {})).code).toBe('ok');
    const broken = new UsageRecorder(
      () => Promise.reject(new Error('disk')),
      (task) => task(),
    );
    const other = new KeyVerifier({ store: desk.store, usage: broken, hasher, now: () => desk.clock.at });
    expect((await other.verify(token, {})).code).toBe('ok');
  });
});

function kidOf(token: string): string {
  return token.slice('kw_sk_live_'.length, 'kw_sk_live_'.length + 12);
}
