import { afterEach, describe, expect, test, vi } from 'vitest';
import { verifierFor } from '../../../src/domain/keys/hash.ts';
import { type ApiKey, NO_CUT_OFF } from '../../../src/domain/keys/key.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import { newSecretKey } from '../../../src/domain/keys/token.ts';
import { DAY } from '../../contracts/samples.ts';
import { type Desk, fakeRandom, openDesk } from '../../support/fake-ledger.ts';
import { aKey, UNKNOWN, verifierOn } from '../../support/fake-verifier.ts';

afterEach(() => vi.restoreAllMocks());

const HOUR = 3_600_000;

/** Gives a key its next version, and the one before this cut-off. */
async function rotate(
  desk: Desk,
  key: ApiKey,
  from: number,
  cutOff: number | null,
  expiresAt: number | null = null,
): Promise<string> {
  const secret = newSecretKey(key, fakeRandom(`version ${from + 1} ${key.kid}`));
  const verifier = verifierFor(desk.means.hasher, key.workspaceId, secret);
  const next = { version: from + 1, verifier, issuedAt: desk.clock.at, expiresAt };
  const done = await desk.store.write((tx) => tx.write.keys.addVersion(key.kid, from, next, cutOff));
  if (!done) throw new Error(`the key is not at version ${from}`);
  return secret.reveal();
}

/** A key at version 2 whose version 1 has an hour left. */
async function rotated(cutOffIn: number | null = HOUR, expiresAt: number | null = null) {
  const desk = openDesk();
  const { key, token, names } = await aKey(desk, { expiresAt });
  const cutOff = cutOffIn === null ? null : desk.clock.at + cutOffIn;
  const newer = await rotate(desk, key, 1, cutOff);
  const on = verifierOn(desk);
  const codes = async (...tokens: string[]) => {
    const answers = [];
    for (const one of tokens) answers.push((await on.verifier.verify(one, {})).code);
    return answers;
  };
  return { desk, key, names, older: token, newer, cutOff, codes, ...on };
}

describe('in an overlap', () => {
  test('both versions verify, each under its own number and with its own end', async () => {
    const { verifier, older, newer, cutOff } = await rotated();
    expect(await verifier.verify(newer, {})).toMatchObject({ code: 'ok', version: 2, expires_at: null });
    expect(await verifier.verify(older, {})).toMatchObject({
      code: 'ok',
      version: 1,
      expires_at: `${new Date(cutOff ?? 0).toISOString().slice(0, 19)}Z`,
    });
  });

  test('the older one verifies until the cut-off, and not from it on', async () => {
    const { desk, codes, older, newer, cutOff } = await rotated();
    desk.clock.at = (cutOff ?? 0) - 1;
    expect(await codes(older, newer)).toEqual(['ok', 'ok']);
    desk.clock.at += 1;
    expect(await codes(older, newer)).toEqual(['expired', 'ok']);
    desk.clock.at += 1000 * DAY;
    expect(await codes(older, newer)).toEqual(['expired', 'ok']);
  });

  test('its own expiry counts when it comes first', async () => {
    const at = openDesk().clock.at;
    const { desk, codes, older, verifier } = await rotated(HOUR, at + HOUR / 2);
    desk.clock.at = at + HOUR / 2 - 1;
    expect(await verifier.verify(older, {})).toMatchObject({
      code: 'ok',
      expires_at: '2026-01-02T00:30:00Z',
    });
    desk.clock.at += 1;
    expect(await codes(older)).toEqual(['expired']);
  });

  test('without a cut-off it verifies on, while the new one is being delivered', async () => {
    const { desk, verifier, older } = await rotated(null);
    desk.clock.at += 1000 * DAY;
    expect(await verifier.verify(older, {})).toMatchObject({ code: 'ok', version: 1, expires_at: null });
  });

  test('one that was ended stays ended, though the clock goes back', async () => {
    const { desk, key, codes, older, newer, verifier } = await rotated();
    await desk.store.write((tx) => tx.write.keys.endVersions(key.kid, desk.clock.at));
    desk.clock.at -= 10 * DAY;
    expect(await codes(older, newer)).toEqual(['expired', 'ok']);
    expect(await verifier.verify(older, {})).toMatchObject({
      version: 1,
      expires_at: '2026-01-02T00:00:00Z',
    });
  });

  test('several older ones have an end each', async () => {
    const { desk, key, codes, older, newer } = await rotated(HOUR);
    const third = await rotate(desk, key, 2, desk.clock.at + 2 * HOUR);
    expect(await codes(older, newer, third)).toEqual(['ok', 'ok', 'ok']);
    desk.clock.at += HOUR;
    expect(await codes(older, newer, third)).toEqual(['expired', 'ok', 'ok']);
    desk.clock.at += HOUR;
    expect(await codes(older, newer, third)).toEqual(['expired', 'expired', 'ok']);
  });

  test('everything else is asked of the older one, too', async () => {
    const { verifier, older, desk, names, codes, newer } = await rotated();
    expect(await verifier.verify(older, { mode: 'test' })).toMatchObject({ code: 'mode' });
    expect(await verifier.verify(older, { scopes: ['a:b'] })).toMatchObject({ http_status: 403 });
    await revokeKeys(desk.locked, names);
    expect(await codes(older, newer)).toEqual(['revoked', 'revoked']);
  });

  test('a wrong secret is that of nobody', async () => {
    const { verifier, key, batches, usage } = await rotated();
    const guess = newSecretKey(key, fakeRandom('guess')).reveal();
    expect(await verifier.verify(guess, {})).toEqual(UNKNOWN);
    await usage.flush();
    expect(batches).toEqual([]);
  });

  test('an older version under a pepper that is gone is that of nobody', async () => {
    const { desk, older, key, newer } = await rotated();
    const versions = await desk.store.keys.versionsForVerification(key.kid);
    const read = vi.spyOn(desk.store.keys, 'versionsForVerification');
    const { verifier } = verifierOn(desk);
    for (const change of [
      { pepper: 7 },
      { pepper: 0 },
      { hash: new Uint8Array(0) },
      { pepper: 0, hash: new Uint8Array(0) },
    ]) {
      read.mockResolvedValue(versions.map((one) => ({ ...one, ...change })));
      expect(await verifier.verify(older, {})).toEqual(UNKNOWN);
    }
    expect((await verifier.verify(newer, {})).code).toBe('ok');
  });
});

describe("the row's own limit", () => {
  test.each([
    ['says that all are ended', 0, 'expired'],
    ['has passed', 1, 'expired'],
    ['can not be read', Number.NaN, 'expired'],
    ['lies ahead', Number.MAX_SAFE_INTEGER - 1, 'expired'],
    ['is the sign for none', NO_CUT_OFF, 'ok'],
  ])('%s', async (_, olderUntil, code) => {
    const { desk, key, older, verifier, lookups } = await rotated(null);
    const row = await desk.store.keys.forVerification(key.kid);
    if (row === undefined) throw new Error('no row');
    lookups.mockResolvedValue({ ...row, olderUntil });
    expect((await verifier.verify(older, {})).code).toBe(code);
  });

  test('of a key that was never rotated asks for no versions', async () => {
    const desk = openDesk();
    const { key } = await aKey(desk);
    const versions = vi.spyOn(desk.store.keys, 'versionsForVerification');
    await verifierOn(desk).verifier.verify(newSecretKey(key, fakeRandom('guess')).reveal(), {});
    expect(versions).not.toHaveBeenCalled();
  });
});

describe('between the two statements', () => {
  test('a roll-back hides neither version: each verifies in every moment', async () => {
    const { desk, key, older, verifier } = await rotated(null);
    const { keys } = desk.store;
    const read = keys.versionsForVerification.bind(keys);
    vi.spyOn(keys, 'versionsForVerification').mockImplementationOnce(async (kid) => {
      // The row said version 2; now 1 is current, and no longer among the older ones.
      await desk.store.write((tx) =>
        tx.write.keys.restoreVersion(key.kid, 2, 1, { at: desk.clock.at, expiresAt: null }),
      );
      return read(kid);
    });
    expect(await verifier.verify(older, {})).toMatchObject({ code: 'ok', version: 1 });
  });

  test('a roll-back and another rotation, too', async () => {
    const { desk, key, older, verifier } = await rotated(null);
    const { keys } = desk.store;
    const read = keys.versionsForVerification.bind(keys);
    const look = keys.forVerification.bind(keys);
    vi.spyOn(keys, 'versionsForVerification').mockImplementationOnce(async (kid) => {
      await desk.store.write((tx) =>
        tx.write.keys.restoreVersion(kid, 2, 1, { at: desk.clock.at, expiresAt: null }),
      );
      const versions = await read(kid);
      await desk.store.write((tx) =>
        tx.write.keys.addVersion(
          kid,
          1,
          { version: 3, verifier: { pepper: 1, hash: new Uint8Array(32) }, issuedAt: 1, expiresAt: null },
          null,
        ),
      );
      return versions;
    });
    expect(await verifier.verify(older, {})).toMatchObject({ code: 'ok', version: 1 });
    expect((await look(key.kid))?.version).toBe(3);
  });

  test('a key that changes for ever is answered all the same', async () => {
    const { desk, key, verifier, lookups, older } = await rotated();
    const row = await desk.store.keys.forVerification(key.kid);
    if (row === undefined) throw new Error('no row');
    vi.spyOn(desk.store.keys, 'versionsForVerification').mockResolvedValue([]);
    let version = 2;
    lookups.mockImplementation(async () => ({ ...row, version: version++ }));
    expect(await verifier.verify(older, {})).toEqual(UNKNOWN);
    expect(version).toBeGreaterThan(3);
  });
});

describe('use of an older version', () => {
  test('is kept apart to the minute, and put on record once, during its grace', async () => {
    const { desk, key, codes, older, newer, usage, late } = await rotated();
    desk.clock.at += 90_500;
    await codes(older, newer, older);
    await usage.flush();
    const [version] = await desk.store.keys.versions(key.kid);
    const minute = desk.clock.at - 30_500;
    expect(version).toMatchObject({ version: 1, lastUsedAt: minute, lateUseAt: desk.clock.at });
    expect(await desk.store.keys.byKid(key.kid)).toMatchObject({ lastUsedAt: minute, versionUsedAt: minute });
    desk.clock.at += HOUR / 2;
    await codes(older);
    await usage.flush();
    expect(late).toEqual([`${key.kid} 1`]);
    const entries = (await desk.log()).filter(({ action }) => action === 'key.late-use');
    expect(entries).toMatchObject([
      { target: `key_${key.kid}`, locked: true, facts: { name: key.name, late_version: 1, version: 2 } },
    ]);
    expect(Object.keys(entries[0]?.facts ?? {})).not.toContain('scopes');
  });

  test('is no late use while its successor is being delivered', async () => {
    const { codes, older, usage, late } = await rotated(null);
    await codes(older);
    await usage.flush();
    expect(late).toEqual([]);
  });

  test('that is refused is none', async () => {
    const { desk, codes, older, usage, late, batches } = await rotated();
    desk.clock.at += HOUR;
    await codes(older);
    await usage.flush();
    expect([late, batches]).toEqual([[], []]);
  });
});
