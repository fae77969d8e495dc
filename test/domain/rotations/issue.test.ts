import { describe, expect, test, vi } from 'vitest';
import { disableKeys, revokeKeys } from '../../../src/domain/keys/stop.ts';
import { setArchived } from '../../../src/domain/workspaces/manage.ts';
import { DEFAULT_POLICY } from '../../../src/domain/workspaces/policy.ts';
import { DAY } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { HOUR, openRotationDesk } from '../../support/rotation-desk.ts';

const tokenOf = (issued: { secretKey: { reveal(): string } }): string => issued.secretKey.reveal();
const named = (kid: string) => ({ names: [`key_${kid}`], workspaceId: undefined });

describe('a plain rotation', () => {
  test('keeps the key and its public key, and both secrets verify', async () => {
    const desk = await openRotationDesk({ scopes: ['a:b', 'c:*'], networks: [], expiresAt: null });
    const issued = await desk.rotate();
    expect(issued.key).toMatchObject({
      kid: desk.key.kid,
      scopes: ['a:b', 'c:*'],
      version: 2,
      shownAt: null,
    });
    expect(issued.rotation).toMatchObject({
      state: 'finished',
      delivery: false,
      fromVersion: 1,
      toVersion: 2,
    });
    expect(await desk.codes(desk.token, tokenOf(issued))).toEqual(['ok 1', 'ok 2']);
    expect(await desk.sealed()).toBe(0);
  });

  test('cuts the old version off at the exact millisecond (case 193)', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ graceMs: HOUR });
    const cutOff = desk.clock.at + HOUR;
    desk.clock.at = cutOff - 1;
    expect(await desk.codes(desk.token)).toEqual(['ok 1']);
    desk.clock.at = cutOff;
    expect(await desk.codes(desk.token, tokenOf(issued))).toEqual(['expired', 'ok 2']);
  });

  test('never lets the old version outlive its own expiry (invariant 3)', async () => {
    const desk = await openRotationDesk();
    const expiresAt = desk.clock.at + HOUR;
    await desk.store.write((tx) => tx.write.keys.update(desk.key.kid, { expiresAt }));
    await desk.rotate({ graceMs: 365 * DAY, expiresAt: null });
    expect(await desk.store.keys.versions(desk.key.kid)).toMatchObject([{ version: 1, cutOff: expiresAt }]);
    desk.clock.at = expiresAt;
    expect(await desk.codes(desk.token)).toEqual(['expired']);
  });

  test('with grace 0 ends every older version as a state, so that no clock brings one back', async () => {
    const desk = await openRotationDesk();
    const second = tokenOf(await desk.rotate({ graceMs: 10 * DAY }));
    const third = tokenOf(await desk.rotate({ graceMs: 0 }));
    expect(await desk.codes(desk.token, second, third)).toEqual(['expired', 'expired', 'ok 3']);
    desk.clock.at -= DAY;
    expect(await desk.codes(desk.token, second, third)).toEqual(['expired', 'expired', 'ok 3']);
    expect(await desk.now()).toMatchObject({ olderUntil: 0 });
  });

  test('during an overlap leaves earlier ends as they are', async () => {
    const desk = await openRotationDesk();
    const second = tokenOf(await desk.rotate({ graceMs: HOUR }));
    const third = tokenOf(await desk.rotate({ graceMs: 5 * HOUR }));
    desk.clock.at += HOUR;
    expect(await desk.codes(desk.token, second, third)).toEqual(['expired', 'ok 2', 'ok 3']);
  });

  test('keeps ended what was over when a later rotation saw it, though the clock goes back', async () => {
    const desk = await openRotationDesk();
    const second = tokenOf(await desk.rotate({ graceMs: HOUR }));
    desk.clock.at += HOUR;
    await desk.rotate({ graceMs: 10 * HOUR });
    desk.clock.at -= 2 * HOUR;
    expect(await desk.codes(desk.token, second)).toEqual(['expired', 'ok 2']);
  });

  test('is in the log with the whole state of the key, and without its secret', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ graceMs: HOUR });
    expect((await desk.entries()).at(-1)).toMatchObject({
      action: 'key.rotate',
      actor: 'ana',
      locked: false,
      facts: {
        name: 'deploy',
        version: 2,
        older_until: desk.clock.at + HOUR,
        rotation: issued.rotation.id,
        from_version: 1,
        delivery: false,
        grace_ms: HOUR,
      },
    });
    const secret = tokenOf(issued).slice('kw_sk_live_'.length + 12);
    const everything = [await desk.log(), await desk.store.slots.allSealed(), await desk.now(), issued];
    expect(JSON.stringify(everything)).not.toContain(secret);
  });

  test('leaves limits and usage with the key (invariant 7)', async () => {
    const desk = await openRotationDesk({ networks: ['10.0.0.0/8'] });
    await desk.verifier.verify(desk.token, { ip: '10.1.1.1' });
    await desk.usage.flush();
    const { lastUsedAt } = await desk.now();
    expect(lastUsedAt).not.toBeNull();
    const { key } = await desk.rotate();
    expect(key).toMatchObject({ networks: ['10.0.0.0/8'], lastUsedAt, versionUsedAt: null });
  });
});

describe('only one rotation wins a generation (invariant 1)', () => {
  test.each([2, 20])('of %i that read the same version', async (count) => {
    const desk = await openRotationDesk();
    const read = await desk.now();
    const all = await Promise.allSettled(Array.from({ length: count }, () => desk.rotate({}, read)));
    const won = all.filter(({ status }) => status === 'fulfilled');
    const lost = all.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(won).toHaveLength(1);
    expect(lost.map(({ code, exitCode }) => [code, exitCode])).toEqual(lost.map(() => ['changed', 5]));
    expect((await desk.now()).version).toBe(2);
    expect((await desk.entries()).filter(({ action }) => action === 'key.rotate')).toHaveLength(1);
  });

  test('and a second delivery of one key is refused while the first is open', async () => {
    const desk = await openRotationDesk();
    await desk.rotate({ delivery: true });
    for (const delivery of [true, false]) {
      const before = await desk.log();
      expect(await failureOf(() => desk.rotate({ delivery }))).toMatchObject({
        code: 'wrong_state',
        message: 'a delivery of deploy is open: version 2 is issued, version 1 not cut off',
        hint: expect.stringContaining('rotations rollback'),
      });
      expect(await desk.log()).toEqual(before);
    }
  });
});

describe('never a live successor of a revoked key (invariant 2)', () => {
  test('whoever comes first', async () => {
    for (let round = 0; round < 50; round++) {
      const desk = await openRotationDesk();
      const read = await desk.now();
      const revoke = () => revokeKeys(desk.locked, named(desk.key.kid));
      const rotate = () => desk.rotate({ delivery: round % 4 > 1 }, read);
      const works = round % 2 === 0 ? [revoke, rotate] : [rotate, revoke];
      const results = await Promise.allSettled(works.map((work) => work()));
      expect(results[works.indexOf(revoke)]?.status).toBe('fulfilled');
      const rotated = results[works.indexOf(rotate)];
      const tokens = [desk.token];
      if (rotated?.status === 'fulfilled')
        tokens.push(tokenOf(rotated.value as { secretKey: { reveal(): string } }));
      expect(await desk.codes(...tokens)).toEqual(tokens.map(() => 'revoked'));
      expect(await desk.sealed(), 'no secret of a revoked key is kept').toBe(0);
      expect(await desk.store.rotations.open(desk.key.kid)).toBeUndefined();
    }
  });

  test('refused is the rotation of a key that was revoked since it was read', async () => {
    const desk = await openRotationDesk();
    const read = await desk.now();
    await revokeKeys(desk.locked, named(desk.key.kid));
    expect(await failureOf(() => desk.rotate({}, read))).toMatchObject({
      code: 'wrong_state',
      message: "deploy is revoked and can't be rotated",
    });
  });
});

describe('refused, with nothing changed, is the rotation', () => {
  test('of an expired key', async () => {
    const desk = await openRotationDesk();
    await desk.store.write((tx) => tx.write.keys.update(desk.key.kid, { expiresAt: desk.clock.at }));
    expect(await failureOf(() => desk.rotate())).toMatchObject({ code: 'wrong_state' });
    expect((await desk.now()).version).toBe(1);
  });

  test('of a key in an archived workspace', async () => {
    const desk = await openRotationDesk();
    await setArchived(desk.ledger, 'acme', true);
    expect(await failureOf(() => desk.rotate())).toMatchObject({
      code: 'wrong_state',
      message: 'workspace acme is archived',
    });
  });

  test('by somebody who is no member, or may not grant what the key has', async () => {
    const desk = await openRotationDesk({ scopes: ['billing:read'] });
    await desk.store.write((tx) =>
      tx.write.workspaces.addMember({
        workspaceId: desk.workspace.id,
        name: 'dev',
        role: 'developer',
        createdAt: desk.clock.at,
      }),
    );
    await desk.store.write((tx) => tx.write.keys.reassign([desk.key.kid], 'dev'));
    const as = (name: string) => ({ ...desk.ledger, actor: { ...desk.ledger.actor, name } });
    for (const name of ['eve', 'dev']) {
      const before = await desk.log();
      expect(await failureOf(() => desk.rotate({}, undefined, as(name)))).toMatchObject({
        code: 'forbidden',
        exitCode: 4,
      });
      expect([await desk.log(), (await desk.now()).version]).toEqual([before, 1]);
    }
  });

  test('for longer than policy allows, when that is asked for outright (invariant 4)', async () => {
    const desk = await openRotationDesk();
    const policy = { ...DEFAULT_POLICY, longestLife: 30 * DAY };
    await desk.store.write((tx) => tx.write.workspaces.setPolicy(desk.workspace.id, policy));
    const tooLong = { expiresAt: desk.clock.at + 31 * DAY };
    expect(await failureOf(() => desk.rotate(tooLong))).toMatchObject({ code: 'forbidden' });
    expect((await desk.rotate({ expiresAt: desk.clock.at + 30 * DAY })).key.expiresAt).toBe(
      desk.clock.at + 30 * DAY,
    );
    expect((await desk.rotate({})).plan).toMatchObject({ capped: false });
  });

  test('when its audit entry can not be written (case 141)', async () => {
    const desk = await openRotationDesk();
    const write = desk.store.write.bind(desk.store);
    vi.spyOn(desk.store, 'write').mockImplementation((work, options) =>
      write(
        (tx) =>
          work({ ...tx, write: { ...tx.write, audit: async () => Promise.reject(new Error('no room')) } }),
        options,
      ),
    );
    await expect(desk.rotate({ delivery: true })).rejects.toThrow('no room');
    vi.restoreAllMocks();
    expect([(await desk.now()).version, await desk.sealed()]).toEqual([1, 0]);
    expect(await desk.codes(desk.token)).toEqual(['ok 1']);
  });
});

test('a disabled key stays disabled (invariant 5)', async () => {
  const desk = await openRotationDesk();
  await disableKeys(desk.locked, named(desk.key.kid));
  const issued = await desk.rotate();
  expect(issued.key.disabledAt).not.toBeNull();
  expect(await desk.codes(desk.token, tokenOf(issued))).toEqual(['disabled', 'disabled']);
});

test('a delivery seals the secret for its rotation and version, and leaves the old version without an end', async () => {
  const desk = await openRotationDesk();
  const issued = await desk.rotate({ delivery: true, check: true, graceMs: 0 });
  const sealed = await desk.store.slots.sealed(issued.rotation.id, 'secret');
  expect(sealed).toMatchObject({ record: issued.rotation.id, version: 2 });
  expect(issued.rotation).toMatchObject({ state: 'issued', delivery: true, check: true });
  desk.clock.at += 365 * DAY;
  expect(await desk.codes(desk.token, tokenOf(issued))).toEqual(['ok 1', 'ok 2']);
});
