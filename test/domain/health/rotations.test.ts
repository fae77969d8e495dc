import { describe, expect, test, vi } from 'vitest';
import { examine } from '../../../src/domain/health/examine.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import { driveDelivery } from '../../../src/domain/rotations/deliver.ts';
import { finishOverlap } from '../../../src/domain/rotations/overlap.ts';
import { rollBack } from '../../../src/domain/rotations/rollback.ts';
import { DAY } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { deliveryWith, FAILS, fakeCommand, HOUR, openRotationDesk } from '../../support/rotation-desk.ts';

const MINUTE = 60_000;

type Desk = Awaited<ReturnType<typeof openRotationDesk>>;

async function openShown(): Promise<Desk> {
  const desk = await openRotationDesk();
  await show(desk);
  return desk;
}

const show = (desk: Desk, version = 1) =>
  desk.store.write((tx) => tx.write.keys.markShown(desk.key.kid, version, desk.clock.at));

async function found(desk: Desk) {
  const parts = { sealer: desk.ledger.sealer, anchor: desk.anchor.mark, now: desk.clock.at };
  return (await examine(desk.store, parts)).findings;
}

test('nothing is wrong with a key that was rotated in all the ways there are', async () => {
  const desk = await openShown();
  await desk.rotate();
  await show(desk, 2);
  await driveDelivery(desk.driver(), deliveryWith(), await desk.rotate({ delivery: true }));
  await rollBack(desk.ledger, desk.key);
  await desk.rotate({ graceMs: 0 });
  await show(desk, 4);
  await desk.rotate();
  await show(desk, 5);
  await finishOverlap(desk.ledger, desk.key);
  expect(await found(desk)).toEqual([]);
});

describe('an open delivery', () => {
  test('is named after a day, with both ways out', async () => {
    const desk = await openShown();
    const issued = await desk.rotate({ delivery: true });
    const failing = deliveryWith({ deliver: fakeCommand('put', FAILS) });
    await failureOf(() => driveDelivery(desk.driver(), failing, issued));
    desk.clock.at += DAY;
    expect(await found(desk)).toEqual([]);
    desk.clock.at += 1;
    const id = `kw_pk_live_${desk.key.kid}`;
    expect(await found(desk)).toEqual([
      {
        code: 'rotation_open',
        message: `the delivery of version 2 of deploy (${id}) is open since 2026-01-02: it is issued, and version 1 has no end`,
        hint: `{keywright} rotations resume ${id} --deliver …, or {keywright} rotations rollback ${id}`,
        fixable: false,
      },
    ]);
  });

  test('no longer when its key was revoked', async () => {
    const desk = await openShown();
    await desk.rotate({ delivery: true });
    await revokeKeys(desk.ledger, { names: ['deploy'], workspaceId: undefined });
    desk.clock.at += 2 * DAY;
    expect(await found(desk)).toEqual([]);
  });
});

describe('a new secret that was never seen to arrive (case 194)', () => {
  test('is named, with the way back as long as there is one', async () => {
    const desk = await openShown();
    const issued = await desk.rotate({ graceMs: HOUR });
    const id = `kw_pk_live_${desk.key.kid}`;
    desk.clock.at += MINUTE - 1;
    expect(await found(desk), 'it may be on its way').toEqual([]);
    desk.clock.at += 1;
    expect(await found(desk)).toMatchObject([
      { code: 'key_never_shown', hint: `unless you have it: {keywright} rotations rollback ${id}` },
    ]);
    desk.clock.at += HOUR;
    expect(await found(desk)).toMatchObject([
      { code: 'key_never_shown', hint: `unless you have it: {keywright} keys revoke ${id}` },
    ]);
    await desk.verifier.verify(issued.secretKey.reveal(), {});
    await desk.usage.flush();
    expect(await found(desk), 'whoever uses it has it').toEqual([]);
  });

  test('is named though the version before it is in use', async () => {
    const desk = await openShown();
    await desk.rotate();
    await desk.verifier.verify(desk.token, {});
    await desk.usage.flush();
    desk.clock.at += MINUTE;
    expect(await found(desk)).toMatchObject([{ code: 'key_never_shown' }]);
  });
});

describe('an older version that was never seen to arrive', () => {
  const way = (desk: Desk) => `kw_pk_live_${desk.key.kid}`;

  test('is named after another rotation, as long as it verifies, with what ends it', async () => {
    const desk = await openShown();
    await desk.rotate({ graceMs: DAY });
    await desk.rotate({ graceMs: HOUR });
    await show(desk, 3);
    const id = way(desk);
    expect(await found(desk), 'it may be on its way').toEqual([]);
    desk.clock.at += MINUTE;
    expect(await found(desk)).toEqual([
      {
        code: 'key_never_shown',
        message: `version 2 of deploy (${id}) still verifies, and its secret was perhaps never shown: it was not seen to arrive, and was never used`,
        hint: `unless you have it: {keywright} rotations finish ${id} ends it with every older version`,
        fixable: false,
      },
    ]);
    desk.clock.at += HOUR;
    expect(await found(desk), 'its cut-off has passed').toEqual([]);
  });

  test('is not when it is used, or when it was shown after the next one was issued', async () => {
    const desk = await openShown();
    const second = await desk.rotate();
    const third = await desk.rotate();
    await show(desk, 2);
    desk.clock.at += MINUTE;
    expect(await found(desk), 'the third').toHaveLength(1);
    await desk.rotate();
    await show(desk, 4);
    expect((await found(desk)).map(({ message }) => message.slice(0, 9))).toEqual(['version 3']);
    expect(await desk.codes(second.secretKey.reveal(), third.secretKey.reveal())).toEqual(['ok 2', 'ok 3']);
    await desk.usage.flush();
    expect(await found(desk)).toEqual([]);
  });

  test('is named during a delivery, which is to be done first', async () => {
    const desk = await openShown();
    await desk.rotate();
    await desk.rotate({ delivery: true });
    desk.clock.at += MINUTE;
    expect(await found(desk)).toMatchObject([
      { hint: expect.stringContaining(`rotations resume ${way(desk)} --deliver …, then`) },
    ]);
  });

  test('is named again when it is the current one again', async () => {
    const desk = await openShown();
    await desk.rotate();
    await desk.rotate();
    await show(desk, 3);
    await rollBack(desk.ledger, desk.key);
    desk.clock.at += MINUTE;
    expect(await found(desk)).toMatchObject([
      { message: expect.stringContaining('the secret key of deploy') },
    ]);
  });
});

describe('a superseded version that was edited', () => {
  test.each([
    ['to live longer', { cutOff: 1e15 }],
    ['to have no end', { cutOff: null }],
  ])('%s', async (_, change) => {
    const desk = await openShown();
    await desk.rotate({ graceMs: HOUR });
    await show(desk, 2);
    const versions = await desk.store.keys.versions(desk.key.kid);
    expect(await found(desk)).toEqual([]);
    vi.spyOn(desk.store.keys, 'versions').mockResolvedValue(versions.map((one) => ({ ...one, ...change })));
    expect(await found(desk)).toEqual([
      {
        code: 'version_differs',
        message: `version 1 of key_${desk.key.kid} was changed behind the program's back: it is to live longer than the key says`,
        hint: `{keywright} audit list --key key_${desk.key.kid}`,
        fixable: false,
      },
    ]);
  });

  test('to be no longer ended', async () => {
    const desk = await openShown();
    await desk.rotate({ graceMs: 0 });
    await show(desk, 2);
    const versions = await desk.store.keys.versions(desk.key.kid);
    vi.spyOn(desk.store.keys, 'versions').mockResolvedValue(
      versions.map((one) => ({ ...one, endedAt: null })),
    );
    expect(await found(desk)).toMatchObject([{ code: 'version_differs' }]);
  });
});
