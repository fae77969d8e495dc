import { describe, expect, test } from 'vitest';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import { updateKey } from '../../../src/domain/keys/update.ts';
import { driveDelivery } from '../../../src/domain/rotations/deliver.ts';
import { rollBack } from '../../../src/domain/rotations/rollback.ts';
import { DEFAULT_POLICY } from '../../../src/domain/workspaces/policy.ts';
import { DAY, T0 } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { deliveryWith, HOUR, openRotationDesk } from '../../support/rotation-desk.ts';

describe('rolling back', () => {
  test('an open delivery: the old version is current again, with its own expiry, and the new one ends', async () => {
    const desk = await openRotationDesk({ expiresAt: null });
    const expiresAt = desk.clock.at + 5 * DAY;
    await desk.store.write((tx) => tx.write.keys.update(desk.key.kid, { expiresAt }));
    const issued = await desk.rotate({ delivery: true });
    desk.clock.at += DAY;
    const { key, rotation, already } = await rollBack(desk.ledger, desk.key);
    expect([already, rotation.state]).toEqual([false, 'rolled-back']);
    expect(key).toMatchObject({ version: 1, issuedAt: desk.key.issuedAt, expiresAt, olderUntil: 0 });
    expect(key).toEqual(await desk.now());
    expect(await desk.codes(desk.token, issued.secretKey.reveal())).toEqual(['ok 1', 'expired']);
    expect(await desk.sealed()).toBe(0);
    expect((await desk.entries()).at(-1)).toMatchObject({
      action: 'rotation.rollback',
      facts: { version: 1, rolled_back_version: 2, rotation: rotation.id, expires_at: expiresAt },
    });
  });

  test('holds when the clock goes back', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ delivery: true });
    await rollBack(desk.ledger, desk.key);
    desk.clock.at -= DAY;
    expect(await desk.codes(desk.token, issued.secretKey.reveal())).toEqual(['ok 1', 'expired']);
  });

  test('a finished rotation, as long as the old version verifies', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ graceMs: HOUR });
    desk.clock.at += HOUR - 1;
    await rollBack(desk.ledger, desk.key);
    desk.clock.at += DAY;
    expect(await desk.codes(desk.token, issued.secretKey.reveal())).toEqual(['ok 1', 'expired']);
  });

  test('twice is done already', async () => {
    const desk = await openRotationDesk();
    await desk.rotate();
    await rollBack(desk.ledger, desk.key);
    const before = await desk.log();
    expect(await rollBack(desk.ledger, desk.key)).toMatchObject({ already: true });
    expect(await desk.log()).toEqual(before);
  });

  test('leaves numbers used: the next version has another', async () => {
    const desk = await openRotationDesk();
    await desk.rotate();
    await rollBack(desk.ledger, desk.key);
    expect((await desk.rotate()).rotation).toMatchObject({ fromVersion: 1, toVersion: 3 });
  });

  describe('never extends what was decided since', () => {
    const rotated = async (
      ...[request]: Parameters<Awaited<ReturnType<typeof openRotationDesk>>['rotate']>
    ) => {
      const desk = await openRotationDesk({ expiresAt: null });
      const issued = await desk.rotate(request);
      return { desk, issued, soon: desk.clock.at + HOUR };
    };
    const update = (desk: Awaited<ReturnType<typeof openRotationDesk>>, expiresAt: number | null) =>
      updateKey(desk.ledger, { text: 'deploy', workspaceId: undefined }, { expiresAt });

    test('an expiry that the key was given after it was rotated', async () => {
      const { desk, soon } = await rotated();
      await update(desk, soon);
      expect((await rollBack(desk.ledger, desk.key)).key).toMatchObject({ version: 1, expiresAt: soon });
      expect((await desk.entries()).at(-1)).toMatchObject({ facts: { expires_at: soon } });
      desk.clock.at = soon;
      expect(await desk.codes(desk.token)).toEqual(['expired']);
    });

    test('the longest life that policy gave the new version', async () => {
      const desk = await openRotationDesk({ expiresAt: null });
      const policy = { ...DEFAULT_POLICY, longestLife: 30 * DAY };
      await desk.store.write((tx) => tx.write.workspaces.setPolicy(desk.workspace.id, policy));
      await desk.rotate();
      const { key } = await rollBack(desk.ledger, desk.key);
      expect(key.expiresAt).toBe(desk.clock.at + 30 * DAY);
    });

    test('a key that has expired', async () => {
      const { desk } = await rotated({ graceMs: DAY, expiresAt: T0 + DAY + 1 });
      desk.clock.at += HOUR;
      const before = await desk.now();
      expect(await failureOf(() => rollBack(desk.ledger, desk.key))).toMatchObject({
        code: 'wrong_state',
        message: "deploy has expired; a roll-back doesn't extend it",
      });
      expect(await desk.now()).toEqual(before);
    });

    test('its own expiry, by a new version that lives longer', async () => {
      const desk = await openRotationDesk();
      await desk.rotate({ expiresAt: null });
      expect((await rollBack(desk.ledger, desk.key)).key.expiresAt).toBe(desk.key.expiresAt);
    });

    test('a cut-off that an open delivery was given with the expiry of the key', async () => {
      const { desk, soon } = await rotated({ delivery: true });
      await update(desk, soon);
      await update(desk, soon + DAY);
      expect((await rollBack(desk.ledger, desk.key)).key).toMatchObject({ version: 1, expiresAt: soon });
    });

    test('but the expiry of a new version that is not delivered ends with that', async () => {
      const { desk, soon } = await rotated({ delivery: true, expiresAt: T0 + DAY + 1 });
      desk.clock.at = soon;
      expect((await rollBack(desk.ledger, desk.key)).key.expiresAt).toBeNull();
    });

    test('nor does a secret that reached nobody shorten it', async () => {
      const { desk, issued } = await rotated({ expiresAt: T0 + 2 * DAY });
      const options = { unshown: issued.rotation };
      expect((await rollBack(desk.ledger, desk.key, options)).key.expiresAt).toBeNull();
    });
  });

  test('leaves the ends of versions before that as they are', async () => {
    const desk = await openRotationDesk();
    const second = await desk.rotate({ graceMs: HOUR });
    await desk.rotate({ graceMs: DAY });
    await rollBack(desk.ledger, desk.key);
    expect(await desk.codes(desk.token, second.secretKey.reveal())).toEqual(['ok 1', 'ok 2']);
    desk.clock.at += HOUR;
    expect(await desk.codes(desk.token, second.secretKey.reveal())).toEqual(['expired', 'ok 2']);
  });

  test('of many at once is one', async () => {
    const desk = await openRotationDesk();
    await desk.rotate();
    const all = await Promise.all(Array.from({ length: 10 }, () => rollBack(desk.ledger, desk.key)));
    expect(all.filter(({ already }) => !already)).toHaveLength(1);
    expect((await desk.now()).version).toBe(1);
  });
});

describe('there is no way back', () => {
  const refused = async (work: () => Promise<unknown>) => {
    const failure = await failureOf(work);
    return [failure.code, failure.message];
  };

  test('for a key that was never rotated', async () => {
    const desk = await openRotationDesk();
    expect(await refused(() => rollBack(desk.ledger, desk.key))).toEqual([
      'wrong_state',
      'deploy was never rotated',
    ]);
  });

  test.each([
    ['its cut-off passed', { graceMs: HOUR }, HOUR],
    ['it was cut off at once', { graceMs: 0 }, 0],
  ])('to a version that verifies no more: %s', async (_, request, later) => {
    const desk = await openRotationDesk();
    await desk.rotate(request);
    desk.clock.at += later;
    expect(await refused(() => rollBack(desk.ledger, desk.key))).toEqual([
      'wrong_state',
      "version 1 of deploy verifies no more, so it can't come back",
    ]);
  });

  test('to a version that expired of itself during its delivery', async () => {
    const desk = await openRotationDesk();
    await desk.store.write((tx) => tx.write.keys.update(desk.key.kid, { expiresAt: desk.clock.at + HOUR }));
    await desk.rotate({ delivery: true, expiresAt: null });
    desk.clock.at += HOUR;
    expect((await refused(() => rollBack(desk.ledger, desk.key)))[0]).toBe('wrong_state');
    expect((await desk.now()).version, 'the one that verifies stays').toBe(2);
  });

  test('for a revoked key', async () => {
    const desk = await openRotationDesk();
    await desk.rotate();
    await revokeKeys(desk.locked, { names: [`key_${desk.key.kid}`], workspaceId: undefined });
    expect(await refused(() => rollBack(desk.ledger, desk.key))).toEqual([
      'wrong_state',
      'deploy is revoked; none of its versions comes back',
    ]);
  });

  test('for somebody who may not rotate the key', async () => {
    const desk = await openRotationDesk();
    await desk.rotate();
    const eve = { ...desk.ledger, actor: { ...desk.ledger.actor, name: 'eve' } };
    expect(await refused(() => rollBack(eve, desk.key))).toEqual(['forbidden', expect.any(String)]);
  });
});

describe('a secret that reached nobody', () => {
  test.each([HOUR, 0])('is taken back, with a grace of %i ms, too', async (graceMs) => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ graceMs });
    await rollBack(desk.ledger, desk.key, { unshown: issued.rotation });
    expect(await desk.codes(desk.token, issued.secretKey.reveal())).toEqual(['ok 1', 'expired']);
  });

  test('is not when the key was rotated again since', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate();
    const next = await desk.rotate();
    expect(
      await failureOf(() => rollBack(desk.ledger, desk.key, { unshown: issued.rotation })),
    ).toMatchObject({
      code: 'changed',
    });
    expect(await desk.codes(next.secretKey.reveal())).toEqual(['ok 3']);
  });
});

test('a finished delivery can be rolled back, and its key rotated again', async () => {
  const desk = await openRotationDesk();
  await driveDelivery(desk.driver(), deliveryWith(), await desk.rotate({ delivery: true }));
  await rollBack(desk.ledger, desk.key);
  const again = await driveDelivery(desk.driver(), deliveryWith(), await desk.rotate({ delivery: true }));
  expect(again.rotation).toMatchObject({ state: 'finished', toVersion: 3 });
});
