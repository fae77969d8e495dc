import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { newSecretKey } from '../../../src/domain/keys/token.ts';
import type { TokenHasher } from '../../../src/domain/ports/secrets.ts';
import { DAY } from '../../contracts/samples.ts';
import { fakeRandom, openDesk } from '../../support/fake-ledger.ts';
import { aKey, UNKNOWN, verifierOn } from '../../support/fake-verifier.ts';
import frozen from '../../vectors/token.json' with { type: 'json' };

afterEach(() => vi.restoreAllMocks());

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
      integration: null,
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

  test.each([
    ['brand', { brand: 'acme' }],
    ['mode', { mode: 'test' }],
  ] as const)('for a row whose %s was edited is that of nobody, whatever is asked', async (_, change) => {
    const desk = openDesk();
    const { key, token } = await aKey(desk);
    const row = await desk.store.keys.forVerification(key.kid);
    if (row === undefined) throw new Error('the key has no row');
    const { verifier, lookups, usage, batches } = verifierOn(desk);
    lookups.mockResolvedValue({ ...row, ...change });
    for (const asked of [{}, { mode: 'live' }, { mode: 'test' }])
      expect(await verifier.verify(token, asked)).toEqual(UNKNOWN);
    await usage.flush();
    expect(batches, 'no use of it is noted').toEqual([]);
    lookups.mockResolvedValue(row);
    expect(await verifier.verify(token, {})).toMatchObject({ valid: true, mode: 'live' });
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
    const empty: TokenHasher = {
      current: 1,
      hash: () => undefined,
      find: () => undefined,
      imported: () => undefined,
    };
    expect(await verifierOn(desk, () => empty).verifier.verify(unknown, {})).toEqual(UNKNOWN);
  });
});
