import { afterEach, describe, expect, test, vi } from 'vitest';
import { createKey } from '../../../src/domain/keys/create.ts';
import { hasherSource } from '../../../src/domain/keys/hasher-source.ts';
import { disableKeys, enableKeys, revokeKeys } from '../../../src/domain/keys/stop.ts';
import { newSecretKey } from '../../../src/domain/keys/token.ts';
import { UsageRecorder } from '../../../src/domain/keys/usage.ts';
import { KeyVerifier } from '../../../src/domain/keys/verify.ts';
import { setArchived } from '../../../src/domain/workspaces/manage.ts';
import { DAY, someSlot } from '../../contracts/samples.ts';
import { fakeHasher, fakeRandom, openDesk } from '../../support/fake-ledger.ts';
import { aKey, UNKNOWN, verifierOn } from '../../support/fake-verifier.ts';

afterEach(() => vi.restoreAllMocks());

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
      tx.write.slots.putPepper({ number: 2, kind: 'pepper', sealed: new Uint8Array(60), createdAt: 1 }),
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
    const { key, token } = await aKey(desk);
    const { verifier, lookups } = verifierOn(desk);
    const row = await desk.store.keys.forVerification(key.kid);
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
    await desk.store.write((tx) =>
      tx.write.slots.putPepper({ number: 2, kind: 'pepper', sealed: new Uint8Array(60), createdAt: 1 }),
    );
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
    const parts = {
      later: (task: () => void, ms: number) => void (ms < 30_000 && task()),
      ...{ interval: 1, now: () => desk.clock.at, lateUse: async () => undefined },
      reporter: { id: () => 'verifier', after: 0 },
    };
    const never = new UsageRecorder({ ...parts, write: () => new Promise(() => undefined) });
    const hasher = hasherSource(
      desk.store.slots,
      async () => ({ slot: someSlot(), hasher: desk.means.hasher }),
      () => 0,
    );
    const verifier = new KeyVerifier({ store: desk.store, usage: never, hasher, now: () => desk.clock.at });
    expect((await verifier.verify(token, {})).code).toBe('ok');
    const broken = new UsageRecorder({ ...parts, write: () => Promise.reject(new Error('disk')) });
    const other = new KeyVerifier({ store: desk.store, usage: broken, hasher, now: () => desk.clock.at });
    expect((await other.verify(token, {})).code).toBe('ok');
  });
});
