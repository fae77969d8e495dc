import { createHash, createHmac } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { vouched } from '../../../src/domain/keys/foreign.ts';
import { verifierFor } from '../../../src/domain/keys/hash.ts';
import type { ForeignDigest } from '../../../src/domain/keys/key.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import { newSecretKey } from '../../../src/domain/keys/token.ts';
import type { TokenHasher } from '../../../src/domain/ports/secrets.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { DAY, someKey, T0 } from '../../contracts/samples.ts';
import { type Desk, fakeHasher, fakeRandom, openDesk } from '../../support/fake-ledger.ts';
import { aKey, UNKNOWN, verifierOn } from '../../support/fake-verifier.ts';

afterEach(() => vi.restoreAllMocks());

const TOKEN = 'sk_abcdefghijklmnopqrstuvwx';
const HMAC_KEY = 'their hmac key';
const ONE = fakeHasher({ 1: 'pepper one' }, { 5: HMAC_KEY });
const TWO = fakeHasher({ 1: 'pepper one', 2: 'pepper two' }, { 5: HMAC_KEY });

const KINDS = ['sha256', 'sha512', 'hmac-sha256', 'token'] as const;

/** The digest under which somebody else, or we, have the token. */
function digestOf(kind: ForeignDigest['kind'], token = TOKEN): ForeignDigest {
  if (kind === 'hmac-sha256')
    return { kind, key: 5, digest: createHmac('sha256', HMAC_KEY).update(token).digest() };
  if (kind === 'token' || kind === 'spent')
    return { kind, key: 1, digest: ONE.find(1, token) ?? new Uint8Array() };
  return { kind, key: 0, digest: createHash(kind).update(token).digest() };
}

/** `later`: created so many ms after T0. */
async function imported(desk: Desk, kind: ForeignDigest['kind'], token = TOKEN, later = 0) {
  const key = someKey(desk.workspace.id, { createdAt: T0 + later });
  const proof = kind === 'token' ? token : vouched(digestOf(kind, token));
  const stored = verifierFor(ONE, desk.workspace.id, new Secret(proof));
  await desk.store.write(async (tx) => {
    await tx.write.keys.insert(key, stored);
    await tx.write.keys.addForeign(key.kid, 1, digestOf(kind, token));
  });
  return key;
}

async function withImported(kind: ForeignDigest['kind'], hasher: () => TokenHasher = () => ONE) {
  const desk = openDesk();
  const key = await imported(desk, kind);
  return { desk, key, ...verifierOn(desk, hasher) };
}

describe.each(KINDS)('a token that was imported as %s', (kind) => {
  test('verifies, and is judged as any other', async () => {
    const { verifier, key, desk } = await withImported(kind);
    expect(await verifier.verify(TOKEN, { mode: 'live', scopes: ['orders:read'] })).toMatchObject({
      code: 'ok',
      key_id: `key_${key.kid}`,
      version: 1,
    });
    expect((await verifier.verify(TOKEN, { mode: 'test' })).code).toBe('mode');
    expect((await verifier.verify(TOKEN, { scopes: ['a:b'] })).code).toBe('scope');
    await revokeKeys(desk.locked, { names: [`key_${key.kid}`], workspaceId: undefined });
    expect((await verifier.verify(TOKEN, {})).code).toBe('revoked');
  });

  test('is found by a digest of ours alone from its first success on', async () => {
    const { verifier, desk, key, usage } = await withImported(kind, () => TWO);
    await desk.store.write((tx) =>
      tx.write.slots.putPepper({ number: 2, kind: 'pepper', sealed: new Uint8Array(60), createdAt: 1 }),
    );
    expect((await verifier.verify(TOKEN, {})).code).toBe('ok');
    await usage.flush();
    expect(await desk.store.keys.byForeign(digestOf(kind))).toBeUndefined();
    const found = { kind: 'token', key: 2, digest: TWO.find(2, TOKEN) ?? new Uint8Array() } as const;
    expect(await desk.store.keys.byForeign(found)).toEqual({ kid: key.kid, version: 1 });
    const row = await desk.store.keys.forVerification(key.kid);
    expect(row).toMatchObject({ pepper: 2, hash: TWO.hash(2, desk.workspace.id, TOKEN) });
    expect((await verifier.verify(TOKEN, {})).code).toBe('ok');
    expect((await verifierOn(desk, () => TWO).verifier.verify(TOKEN, {})).code).toBe('ok');
  });

  test('is adopted by no refusal', async () => {
    const { verifier, usage, batches } = await withImported(kind, () => TWO);
    await verifier.verify(TOKEN, { scopes: ['a:b'] });
    await usage.flush();
    expect(batches).toEqual([]);
  });

  test.each(['hex', 'base64', 'base64url', 'latin1'] as const)(
    'does not verify by what is stored, in %s',
    async (form) => {
      const { verifier, desk, key } = await withImported(kind);
      const row = await desk.store.keys.forVerification(key.kid);
      for (const bytes of [digestOf(kind).digest, row?.hash ?? new Uint8Array()]) {
        const stored = Buffer.from(bytes).toString(form);
        for (const token of [stored, stored.toUpperCase(), `${kind}:${stored}`])
          expect(await verifier.verify(token, {})).toEqual(UNKNOWN);
      }
      expect((await verifier.verify(TOKEN, {})).code).toBe('ok');
    },
  );

  test('verifies as an older version after a rotation, until its cut-off', async () => {
    const { verifier, desk, key, usage } = await withImported(kind);
    const secret = newSecretKey(key, fakeRandom('next'));
    const cutOff = desk.clock.at + DAY;
    const next = { version: 2, issuedAt: desk.clock.at, expiresAt: null };
    await desk.store.write((tx) =>
      tx.write.keys.addVersion(
        key.kid,
        1,
        { ...next, verifier: verifierFor(ONE, desk.workspace.id, secret) },
        cutOff,
      ),
    );
    expect(await verifier.verify(TOKEN, {})).toMatchObject({ code: 'ok', version: 1 });
    await usage.flush();
    expect(await verifier.verify(TOKEN, {})).toMatchObject({ code: 'ok', version: 1 });
    expect(await verifier.verify(secret.reveal(), {})).toMatchObject({ code: 'ok', version: 2 });
    desk.clock.at = cutOff;
    expect(await verifier.verify(TOKEN, {})).toMatchObject({ code: 'expired', version: 1 });
  });
});

test.each(['sha256', 'hmac-sha256'] as const)(
  'once there is a hash of ours it must fit, too (%s)',
  async (kind) => {
    const { verifier, desk, key, lookups } = await withImported(kind);
    const row = await desk.store.keys.forVerification(key.kid);
    if (row === undefined) throw new Error('no row');
    lookups.mockResolvedValue({ ...row, pepper: 1, hash: new Uint8Array(32) });
    expect(await verifier.verify(TOKEN, {})).toEqual(UNKNOWN);
  },
);

test('a digest of ours proves nothing without the hash', async () => {
  const { verifier, desk, key, lookups } = await withImported('token');
  const row = await desk.store.keys.forVerification(key.kid);
  if (row === undefined) throw new Error('no row');
  for (const change of [
    { pepper: 0, hash: new Uint8Array(0) },
    { pepper: 1, hash: new Uint8Array(32) },
    { pepper: 9 },
  ]) {
    lookups.mockResolvedValue({ ...row, ...change });
    expect(await verifier.verify(TOKEN, {})).toEqual(UNKNOWN);
  }
});

test('a digest that somebody put into the database proves nothing, whatever hash they put beside it', async () => {
  const { verifier, desk, key, lookups } = await withImported('sha256');
  const forged = 'a-token-that-they-know-0123456789';
  await desk.store.write((tx) => tx.write.keys.addForeign(key.kid, 1, digestOf('sha256', forged)));
  expect(await verifier.verify(forged, {})).toEqual(UNKNOWN);
  const row = await desk.store.keys.forVerification(key.kid);
  if (row === undefined) throw new Error('no row');
  for (const change of [
    { pepper: 0, hash: new Uint8Array(0) },
    { hash: digestOf('sha256', forged).digest },
  ]) {
    lookups.mockResolvedValue({ ...row, ...change });
    expect(await verifier.verify(forged, {})).toEqual(UNKNOWN);
  }
});

test('a kid does not make an imported key verify without its token', async () => {
  const { verifier, key } = await withImported('sha256');
  expect(await verifier.verify(newSecretKey(key, fakeRandom('guess')).reveal(), {})).toEqual(UNKNOWN);
});

test('one whose digest and one whose token was imported are found apart', async () => {
  const desk = openDesk();
  const first = await imported(desk, 'sha256', 'first-token-0123456789');
  const second = await imported(desk, 'token', 'second-token-0123456789');
  const { verifier } = verifierOn(desk, () => ONE);
  expect(await verifier.verify('first-token-0123456789', {})).toMatchObject({ key_id: `key_${first.kid}` });
  expect(await verifier.verify('second-token-0123456789', {})).toMatchObject({ key_id: `key_${second.kid}` });
});

describe('a token that was imported twice', () => {
  const twice = async (...kinds: ForeignDigest['kind'][]) => {
    const desk = openDesk();
    const keys = [];
    for (const [n, kind] of kinds.entries()) keys.push(await imported(desk, kind, TOKEN, n));
    const { verifier, usage } = verifierOn(desk, () => ONE);
    return { desk, keys, verifier, usage };
  };

  test.each(['sha256', 'sha512', 'hmac-sha256'] as const)(
    'is of the key that has the token itself, revoked or not, and not of one that has its %s',
    async (kind) => {
      for (const order of [[kind, 'token'] as const, ['token', kind] as const]) {
        const { desk, keys, verifier, usage } = await twice(...order);
        const key_id = `key_${keys[order.indexOf('token')]?.kid}`;
        expect(await verifier.verify(TOKEN, {})).toMatchObject({ code: 'ok', key_id });
        await usage.flush();
        await revokeKeys(desk.locked, { names: [key_id], workspaceId: undefined });
        expect(await verifier.verify(TOKEN, {})).toMatchObject({ code: 'revoked', key_id });
      }
    },
  );

  test.each([['sha256', 'hmac-sha256'] as const, ['hmac-sha256', 'sha256'] as const])(
    'is of the key that was created first when only digests are known (%s, %s)',
    async (...kinds) => {
      const { desk, keys, verifier, usage } = await twice(...kinds);
      const key_id = `key_${keys[0]?.kid}`;
      await revokeKeys(desk.locked, { names: [key_id], workspaceId: undefined });
      expect(await verifier.verify(TOKEN, {})).toMatchObject({ code: 'revoked', key_id });
      await usage.flush();
      expect(await verifier.verify(TOKEN, {})).toMatchObject({ code: 'revoked', key_id });
    },
  );

  test('is of no other key when the first one is adopted while it is looked at', async () => {
    const { desk, keys, verifier } = await twice('sha256', 'sha512');
    const other = verifierOn(desk, () => ONE);
    await other.verifier.verify(TOKEN, {});
    const byKid = desk.store.keys.byKid.bind(desk.store.keys);
    vi.spyOn(desk.store.keys, 'byKid').mockImplementation(async (kid) => {
      await other.usage.flush();
      return byKid(kid);
    });
    expect(await verifier.verify(TOKEN, {})).toMatchObject({ code: 'ok', key_id: `key_${keys[0]?.kid}` });
    expect(await desk.store.keys.byForeign(digestOf('sha256')), 'it was adopted').toBeUndefined();
  });
});

describe('looked up', () => {
  const looksOf = async (token: string, kinds: readonly ForeignDigest['kind'][]) => {
    const desk = openDesk();
    for (const kind of kinds) await imported(desk, kind, `${kind} ${TOKEN}`);
    const look = vi.spyOn(desk.store.keys, 'byForeign');
    const { verifier, source } = verifierOn(desk, () => ONE);
    const answer = await verifier.verify(token, {});
    return { code: answer.code, looks: look.mock.calls.map(([{ kind, key }]) => `${kind} ${key}`), source };
  };

  test('is no token where none was imported, and nothing is unlocked for it', async () => {
    const { code, looks, source } = await looksOf(TOKEN, []);
    expect([code, looks, source.mock.calls.length]).toEqual(['not_found', [], 0]);
  });

  test('is one of the shape of ours never', async () => {
    const own = newSecretKey({ brand: 'kw', mode: 'live', kid: '0123456789Ab' }, fakeRandom()).reveal();
    const mistyped = own.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    expect((await looksOf(own, KINDS)).looks).toEqual([]);
    expect((await looksOf(mistyped, KINDS)).looks).toEqual([]);
  });

  test('is one of 4096 characters, and a longer one not', async () => {
    expect((await looksOf('a'.repeat(4096), ['sha256'])).looks).not.toEqual([]);
    expect((await looksOf('a'.repeat(4097), ['sha256'])).looks).toEqual([]);
    expect((await looksOf('', ['sha256'])).looks).toEqual([]);
  });

  test('is a known and an unknown one by the same digests, ours under the newest pepper last', async () => {
    const order = ['sha256 0', 'sha512 0', 'hmac-sha256 5', 'token 1'];
    const unknown = await looksOf(TOKEN, KINDS);
    const known = await looksOf(`sha256 ${TOKEN}`, KINDS);
    expect([unknown.code, known.code]).toEqual(['not_found', 'ok']);
    expect(new Set(unknown.looks)).toEqual(new Set(order));
    expect(known.looks).toEqual(unknown.looks);
    expect(unknown.looks.at(-1)).toBe('token 1');
  });

  test('is the first one that is imported while the verifier is open', async () => {
    const desk = openDesk();
    const { verifier } = verifierOn(desk, () => ONE);
    expect((await verifier.verify(TOKEN, {})).code).toBe('not_found');
    await imported(desk, 'sha256');
    expect((await verifier.verify(TOKEN, {})).code).toBe('ok');
  });
});

test('adopted by another process at any moment, it verifies in every one', async () => {
  for (const moment of [1, 2, 3]) {
    const desk = openDesk();
    await imported(desk, 'sha256');
    await imported(desk, 'sha512', 'another-token-0123456789');
    const other = verifierOn(desk, () => ONE);
    await other.verifier.verify(TOKEN, {});
    const look = desk.store.keys.byForeign.bind(desk.store.keys);
    let count = 0;
    vi.spyOn(desk.store.keys, 'byForeign').mockImplementation(async (digest) => {
      if (++count === moment) await other.usage.flush();
      return look(digest);
    });
    expect((await verifierOn(desk, () => ONE).verifier.verify(TOKEN, {})).code).toBe('ok');
    expect(await look(digestOf('sha256')), 'it was adopted meanwhile').toBeUndefined();
  }
});

test('an own key beside imported ones takes one statement, as without them', async () => {
  const desk = openDesk();
  await imported(desk, 'sha256');
  const { token } = await aKey(desk);
  const look = vi.spyOn(desk.store.keys, 'byForeign');
  const generation = vi.spyOn(desk.store.slots, 'generation');
  const { verifier, lookups } = verifierOn(desk);
  await verifier.verify(token, {});
  expect([lookups.mock.calls.length, look.mock.calls.length, generation.mock.calls.length]).toEqual([
    1, 0, 0,
  ]);
});
