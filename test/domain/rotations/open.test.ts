import { describe, expect, test } from 'vitest';
import type { KeyFilter } from '../../../src/domain/keys/key.ts';
import { revokeKeys } from '../../../src/domain/keys/stop.ts';
import { updateKey } from '../../../src/domain/keys/update.ts';
import { driveDelivery } from '../../../src/domain/rotations/deliver.ts';
import { endingDeliveries } from '../../../src/domain/rotations/open.ts';
import { DAY } from '../../contracts/samples.ts';
import { deliveryWith, openRotationDesk } from '../../support/rotation-desk.ts';

/** A key whose old version has ten days left and whose new one, with ninety, is not delivered. */
async function stuck() {
  const desk = await openRotationDesk({ expiresAt: null });
  const until = desk.clock.at + 10 * DAY;
  const which = { text: 'deploy', workspaceId: undefined };
  await updateKey(desk.ledger, which, { expiresAt: until });
  const issued = await desk.rotate({ delivery: true, expiresAt: desk.clock.at + 90 * DAY });
  const found = async (filter: KeyFilter = {}, within = 14 * DAY) => {
    const all = { expiringBefore: desk.clock.at + within, ...filter };
    const ending = await endingDeliveries(desk.store, all, desk.clock.at);
    return ending.map(({ key, rotation, old, until: end }) => [key.name, rotation.id, old.version, end]);
  };
  return { desk, issued, until, found, itself: [['deploy', issued.rotation.id, 1, until]] };
}

describe('a delivery that is open while the version in use ends', () => {
  test('is found within the time, and when that has passed', async () => {
    const { desk, found, itself } = await stuck();
    expect(await found({}, 10 * DAY)).toEqual(itself);
    expect(await found({}, 10 * DAY - 1)).toEqual([]);
    expect(await endingDeliveries(desk.store, {}, desk.clock.at), 'no time').toEqual([]);
    desk.clock.at += 20 * DAY;
    expect(await found()).toEqual(itself);
  });

  test('of keys that fit the rest of the filter', async () => {
    const { desk, found, itself } = await stuck();
    const { workspaceId } = desk.key;
    for (const filter of [
      { workspaceId },
      { owner: 'ana' },
      { term: 'DEP' },
      { status: 'rotating' },
    ] as const)
      expect(await found(filter)).toEqual(itself);
    for (const filter of [
      { workspaceId: 'ws_other' },
      { owner: 'ben' },
      { term: 'x' },
      { mode: 'test' },
    ] as const)
      expect(await found(filter)).toEqual([]);
  });

  test('no longer when it is finished, or the key revoked', async () => {
    const { desk, issued, found } = await stuck();
    await driveDelivery(desk.driver(), deliveryWith(), issued);
    expect(await found()).toEqual([]);
    const other = await stuck();
    await revokeKeys(other.desk.ledger, { names: ['deploy'], workspaceId: undefined });
    expect(await other.found()).toEqual([]);
  });

  test('with an old version that has no end is none', async () => {
    const desk = await openRotationDesk({ expiresAt: null });
    await desk.rotate({ delivery: true });
    const filter = { expiringBefore: desk.clock.at + 1000 * DAY };
    expect(await endingDeliveries(desk.store, filter, desk.clock.at)).toEqual([]);
  });
});
