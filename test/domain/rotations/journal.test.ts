import { describe, expect, test } from 'vitest';
import { driveDelivery, refuseUnfinishable } from '../../../src/domain/rotations/deliver.ts';
import { resume } from '../../../src/domain/rotations/journal.ts';
import { DAY } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { deliveryWith, FAILS, fakeCommand, HOUR, openRotationDesk } from '../../support/rotation-desk.ts';

describe('taking a delivery up again', () => {
  test('may make it stricter, for good and on record, and never laxer', async () => {
    const desk = await openRotationDesk();
    const { rotation } = await desk.rotate({ delivery: true, graceMs: HOUR });
    const at = await resume(desk.ledger, rotation, { check: true, graceMs: 5 });
    expect(at.rotation).toEqual({ ...rotation, check: true, graceMs: 5 });
    expect(await desk.rotation()).toEqual(at.rotation);
    expect((await desk.entries()).at(-1)).toMatchObject({
      action: 'rotation.resume',
      facts: { check: true, grace_ms: 5 },
    });
    await resume(desk.ledger, rotation, { check: false, graceMs: DAY });
    await resume(desk.ledger, rotation);
    expect(await desk.rotation()).toEqual(at.rotation);
  });

  test('with a check that fails leaves one to be given', async () => {
    const desk = await openRotationDesk();
    const { rotation } = await desk.rotate({ delivery: true });
    const delivery = deliveryWith({ check: fakeCommand('./smoke', FAILS), checkTimeoutMs: 1 });
    const at = await resume(desk.ledger, rotation, { check: true, graceMs: rotation.graceMs });
    await failureOf(() => driveDelivery(desk.driver(), delivery, at));
    expect(
      await failureOf(async () => refuseUnfinishable(await desk.rotation(), deliveryWith())),
    ).toMatchObject({ code: 'usage' });
    expect(await desk.rotation()).toMatchObject({ state: 'delivered' });
  });
});
