import { describe, expect, test } from 'vitest';
import type { Ledger } from '../../../src/domain/audit/change.ts';
import { disableKeys, revokeKeys } from '../../../src/domain/keys/stop.ts';
import type { Store } from '../../../src/domain/ports/store.ts';
import {
  type Delivery,
  driveDelivery,
  refuseUnfinishable,
  spell,
  wasInterrupted,
} from '../../../src/domain/rotations/deliver.ts';
import { resume } from '../../../src/domain/rotations/journal.ts';
import { finishOverlap } from '../../../src/domain/rotations/overlap.ts';
import { rollBack } from '../../../src/domain/rotations/rollback.ts';
import { Failure } from '../../../src/errors.ts';
import { DAY } from '../../contracts/samples.ts';
import { failureOf } from '../../support/fake-ledger.ts';
import { deliveryWith, FAILS, fakeCommand, HOUR, openRotationDesk } from '../../support/rotation-desk.ts';

type Desk = Awaited<ReturnType<typeof openRotationDesk>>;

const CHECKED = { delivery: true, check: true } as const;
const actions = async (desk: Desk) => (await desk.entries()).map(({ action }) => action);

/** Goes on with the open delivery, as a new process does. */
async function goOn(desk: Desk, delivery: Delivery, ledger: Ledger = desk.ledger) {
  const open = await desk.rotation();
  refuseUnfinishable(open, delivery);
  return driveDelivery(desk.driver(ledger), delivery, await resume(ledger, open));
}

describe('a delivery', () => {
  test('hands over the secret, sees it working, then cuts the old version off', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ ...CHECKED, graceMs: HOUR });
    const [deliver, check] = [fakeCommand('put'), fakeCommand('./smoke')];
    const { key, rotation } = await driveDelivery(desk.driver(), deliveryWith({ deliver, check }), issued);
    expect(rotation).toEqual(await desk.rotation());
    expect(rotation.state).toBe('finished');
    const env = { KEYWRIGHT_KEY_NAME: 'deploy', KEYWRIGHT_PUBLIC_KEY: `kw_pk_live_${key.kid}` };
    expect(deliver.runs).toEqual([{ input: issued.secretKey.reveal(), env, timeoutMs: 600_000 }]);
    expect(check.runs).toEqual([{ input: undefined, env, timeoutMs: 300_000 }]);
    expect(key.shownAt).toBe(desk.clock.at);
    expect(await desk.sealed()).toBe(0);
    expect(await desk.store.keys.versions(key.kid)).toMatchObject([
      { version: 1, cutOff: desk.clock.at + HOUR },
    ]);
    expect(desk.told).toEqual([
      { step: 'running', by: 'put' },
      { step: 'delivered', by: 'put' },
      { step: 'running', by: './smoke' },
      { step: 'checked', by: './smoke', tries: 1, ms: 10 },
    ]);
    const steps = ['key.rotate', 'rotation.deliver', 'rotation.check', 'rotation.finish'];
    expect((await actions(desk)).slice(1)).toEqual(steps);
    expect((await desk.entries()).at(-1)?.facts).toMatchObject({
      version: 2,
      older_until: desk.clock.at + HOUR,
      rotation: rotation.id,
      grace_ms: HOUR,
    });
  });

  test('begins its grace when it is finished, and never beyond the old expiry', async () => {
    const desk = await openRotationDesk();
    const expiresAt = desk.clock.at + 3 * HOUR;
    await desk.store.write((tx) => tx.write.keys.update(desk.key.kid, { expiresAt }));
    const issued = await desk.rotate({ delivery: true, graceMs: 2 * HOUR });
    desk.clock.at += 2 * HOUR;
    await driveDelivery(desk.driver(), deliveryWith(), issued);
    expect(await desk.store.keys.versions(desk.key.kid)).toMatchObject([{ version: 1, cutOff: expiresAt }]);
  });

  test('with grace 0 ends every older version when it is finished, not before', async () => {
    const desk = await openRotationDesk();
    const second = (await desk.rotate({ graceMs: DAY })).secretKey.reveal();
    const issued = await desk.rotate({ delivery: true, graceMs: 0 });
    expect(await desk.codes(desk.token, second)).toEqual(['ok 1', 'ok 2']);
    await driveDelivery(desk.driver(), deliveryWith(), issued);
    desk.clock.at -= DAY;
    expect(await desk.codes(desk.token, second)).toEqual(['expired', 'expired']);
  });

  test('as NAME=value', async () => {
    const desk = await openRotationDesk();
    const deliver = fakeCommand('put');
    const issued = await desk.rotate({ delivery: true });
    await driveDelivery(desk.driver(), deliveryWith({ deliver, as: 'DEPLOY_KEY' }), issued);
    expect(deliver.runs[0]?.input).toBe(`DEPLOY_KEY=${issued.secretKey.reveal()}`);
  });

  test('keeps a disabled key disabled', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ delivery: true });
    await disableKeys(desk.locked, { names: [`key_${desk.key.kid}`], workspaceId: undefined });
    const { key } = await driveDelivery(desk.driver(), deliveryWith(), issued);
    expect(key.disabledAt).not.toBeNull();
  });
});

describe('a check', () => {
  test('is tried again with pauses that double up to half a minute', async () => {
    const desk = await openRotationDesk();
    const check = fakeCommand('./smoke', ...Array.from({ length: 8 }, () => FAILS), { ok: true });
    const issued = await desk.rotate(CHECKED);
    await driveDelivery(desk.driver(), deliveryWith({ check }), issued);
    expect(desk.pauses).toEqual([1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1000));
    expect(desk.told.at(-1)).toEqual({ step: 'checked', by: './smoke', tries: 9, ms: 121_090 });
  });

  test('is given up after its time, which counts tries and pauses and no clock', async () => {
    const desk = await openRotationDesk();
    const check = fakeCommand('./smoke', { ...FAILS, ms: 20_000 });
    const issued = await desk.rotate(CHECKED);
    desk.clock.at -= DAY;
    const failure = await failureOf(() =>
      driveDelivery(desk.driver(), deliveryWith({ check, checkTimeoutMs: 60_000 }), issued),
    );
    expect(failure).toMatchObject({
      code: 'rotation_incomplete',
      exitCode: 9,
      message: './smoke failed for 1 min (exit 1); versions 1 and 2 are both valid',
      hint: 'keywright rotations resume deploy',
    });
    expect(check.runs.map(({ timeoutMs }) => timeoutMs)).toEqual([60_000, 39_000, 17_000]);
    expect(await desk.rotation()).toMatchObject({ state: 'delivered' });
  });
});

describe('a delivery that fails harms nobody (invariant 6)', () => {
  test('from Saturday to Monday: both verify, and the secret is kept', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ ...CHECKED, graceMs: 0 });
    const deliver = fakeCommand('put', FAILS);
    for (let night = 0; night < 3; night++) {
      const work =
        night === 0
          ? driveDelivery(desk.driver(), deliveryWith({ deliver, check: fakeCommand('c') }), issued)
          : goOn(desk, deliveryWith({ deliver, check: fakeCommand('c') }));
      expect(await failureOf(() => work)).toMatchObject({ code: 'rotation_incomplete' });
      expect(await desk.codes(desk.token, issued.secretKey.reveal())).toEqual(['ok 1', 'ok 2']);
      desk.clock.at += DAY;
    }
    expect(new Set(deliver.runs.map(({ input }) => input))).toEqual(new Set([issued.secretKey.reveal()]));
    const { key } = await goOn(desk, deliveryWith({ check: fakeCommand('c') }));
    expect(await desk.codes(desk.token, issued.secretKey.reveal())).toEqual(['expired', 'ok 2']);
    expect([key.version, await desk.sealed()]).toEqual([2, 0]);
    expect((await actions(desk)).filter((action) => action === 'rotation.resume')).toHaveLength(3);
  });

  test('says so when the old version expired of itself meanwhile', async () => {
    const desk = await openRotationDesk();
    await desk.store.write((tx) => tx.write.keys.update(desk.key.kid, { expiresAt: desk.clock.at + HOUR }));
    const issued = await desk.rotate({ delivery: true, expiresAt: null });
    desk.clock.at += HOUR;
    const failed = driveDelivery(desk.driver(), deliveryWith({ deliver: fakeCommand('put', FAILS) }), issued);
    expect(await failureOf(() => failed)).toMatchObject({
      message: 'put failed (exit 1); version 2 is valid, version 1 has expired',
    });
  });

  test('says what was done though it could not be put on record', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate(CHECKED);
    let full = false;
    const store: Store = Object.assign(Object.create(desk.store), {
      async write(...given: Parameters<Store['write']>) {
        if (full) throw new Failure('store_full', 'the disk is full; nothing was changed');
        return desk.store.write(...given);
      },
    });
    const driver = desk.driver({ ...desk.ledger, store });
    const fills = {
      ...fakeCommand('fills'),
      run: async () => {
        full = true;
        return { ok: true, reason: 'exit 0', interrupted: false, ms: 1 };
      },
    };
    const filling = deliveryWith({ deliver: fills, check: fakeCommand('c') });
    const failure = await failureOf(() => driveDelivery(driver, filling, issued));
    expect(failure).toMatchObject({
      code: 'rotation_incomplete',
      message:
        'delivered by fills, but that could not be put on record: the disk is full; versions 1 and 2 are both valid',
    });
    full = false;
    const check = { ...fills, name: './smoke' };
    const checked = goOn(desk, deliveryWith({ check }), driver.ledger);
    expect(await failureOf(() => checked)).toMatchObject({
      message:
        'checked by ./smoke, but that could not be put on record: the disk is full; versions 1 and 2 are both valid',
    });
  });

  test('whatever fails, also what should not', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ delivery: true });
    const driver = {
      ...desk.driver(),
      access: {
        open: () => {
          throw new TypeError('x is undefined');
        },
      },
    };
    expect(await failureOf(() => driveDelivery(driver, deliveryWith(), issued))).toMatchObject({
      exitCode: 9,
      message: 'something failed that should not have; versions 1 and 2 are both valid',
    });
  });
});

describe('a new version that has expired', () => {
  const inAnHour = async () => {
    const desk = await openRotationDesk();
    return { desk, issued: await desk.rotate({ delivery: true, expiresAt: desk.clock.at + HOUR }) };
  };

  test('is not delivered, and the old one stays', async () => {
    const { desk, issued } = await inAnHour();
    await failureOf(() =>
      driveDelivery(desk.driver(), deliveryWith({ deliver: fakeCommand('put', FAILS) }), issued),
    );
    desk.clock.at += HOUR;
    const deliver = fakeCommand('put');
    const id = `kw_pk_live_${desk.key.kid}`;
    expect(await failureOf(() => goOn(desk, deliveryWith({ deliver })))).toMatchObject({
      code: 'wrong_state',
      exitCode: 5,
      message: "version 2 of deploy has expired, so its delivery can't go on",
      hint: `{keywright} rotations rollback ${id}`,
    });
    expect(deliver.runs).toEqual([]);
    expect(await desk.codes(desk.token)).toEqual(['ok 1']);
    await rollBack(desk.ledger, desk.key);
    expect(await desk.codes(desk.token)).toEqual(['ok 1']);
  });

  test('between its steps it is not finished', async () => {
    const { desk, issued } = await inAnHour();
    const passes = fakeCommand('c');
    const check: typeof passes = {
      ...passes,
      run: (options) => {
        desk.clock.at += HOUR;
        return passes.run(options);
      },
    };
    const failure = await failureOf(() => driveDelivery(desk.driver(), deliveryWith({ check }), issued));
    expect(failure).toMatchObject({ code: 'wrong_state', exitCode: 5 });
    expect(await desk.codes(desk.token)).toEqual(['ok 1']);
  });

  test('the other way round only going on is left', async () => {
    const desk = await openRotationDesk();
    await desk.store.write((tx) => tx.write.keys.update(desk.key.kid, { expiresAt: desk.clock.at + HOUR }));
    await desk.rotate({ ...CHECKED, expiresAt: null });
    desk.clock.at += HOUR;
    const hint = `{keywright} rotations resume kw_pk_live_${desk.key.kid} --deliver … --check …`;
    expect(await failureOf(() => desk.rotate())).toMatchObject({ code: 'wrong_state', hint });
    expect(await failureOf(() => finishOverlap(desk.ledger, desk.key))).toMatchObject({ hint });
  });

  test('with the old one gone, too, leaves only a new key', async () => {
    const { desk } = await inAnHour();
    await desk.store.write((tx) => tx.write.keys.cutOff(desk.key.kid, 1, desk.clock.at + HOUR));
    desk.clock.at += HOUR;
    expect((await failureOf(() => goOn(desk, deliveryWith()))).hint).toBe(
      `{keywright} keys revoke kw_pk_live_${desk.key.kid}, then {keywright} keys create makes a new one`,
    );
  });
});

describe('going on', () => {
  test('with what was delivered and not seen to work delivers it again', async () => {
    const desk = await openRotationDesk();
    const deliver = fakeCommand('put');
    const issued = await desk.rotate(CHECKED);
    const failing = deliveryWith({ deliver, check: fakeCommand('c', FAILS), checkTimeoutMs: 1000 });
    await failureOf(() => driveDelivery(desk.driver(), failing, issued));
    await goOn(desk, deliveryWith({ deliver, check: fakeCommand('c') }));
    expect(deliver.runs).toHaveLength(2);
    expect(await desk.rotation()).toMatchObject({ state: 'finished' });
  });

  test('without --deliver needs none once it is delivered, and without the check says so', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate(CHECKED);
    const none = deliveryWith({ deliver: undefined });
    expect(await failureOf(() => goOn(desk, none))).toMatchObject({ code: 'usage' });
    expect(await failureOf(() => goOn(desk, { ...none, check: fakeCommand('c') }))).toMatchObject({
      code: 'usage',
    });
    expect(await actions(desk), 'nothing is on record').not.toContain('rotation.resume');
    const failing = deliveryWith({ check: fakeCommand('c', FAILS), checkTimeoutMs: 1000 });
    await failureOf(() => driveDelivery(desk.driver(), failing, issued));
    expect(await failureOf(() => goOn(desk, none))).toMatchObject({ code: 'usage' });
    expect((await goOn(desk, { ...none, check: 'waived' })).rotation.state).toBe('finished');
  });

  test('is refused to who may not rotate the key', async () => {
    const desk = await openRotationDesk();
    await desk.rotate({ delivery: true });
    const eve = { ...desk.ledger, actor: { ...desk.ledger.actor, name: 'eve' } };
    const deliver = fakeCommand('put');
    expect(await failureOf(() => goOn(desk, deliveryWith({ deliver }), eve))).toMatchObject({
      code: 'forbidden',
    });
    expect(deliver.runs).toEqual([]);
  });
});

describe('what happens to the key during a delivery', () => {
  const during = (work: () => Promise<unknown>) => ({
    ...fakeCommand('put'),
    run: async () => {
      await work();
      return { ok: true, reason: 'exit 0', interrupted: false, ms: 1 };
    },
  });

  test('a revocation wins: nothing lives on, and the delivery says so', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ delivery: true });
    const names = { names: [`key_${desk.key.kid}`], workspaceId: undefined };
    const deliver = during(() => revokeKeys(desk.locked, names));
    const failure = await failureOf(() => driveDelivery(desk.driver(), deliveryWith({ deliver }), issued));
    expect(failure).toMatchObject({
      code: 'wrong_state',
      message: 'deploy was revoked meanwhile; none of its versions verifies',
    });
    expect(await desk.codes(desk.token, issued.secretKey.reveal())).toEqual(['revoked', 'revoked']);
    expect([await desk.sealed(), (await desk.rotation()).state]).toEqual([0, 'rolled-back']);
  });

  test.each([true, false])(
    'a revocation that left the journal alone wins, too (delivered: %s)',
    async (ok) => {
      const desk = await openRotationDesk();
      const issued = await desk.rotate({ delivery: true });
      const revoke = () => desk.store.write((tx) => tx.write.keys.revoke([desk.key.kid], 1, null));
      const deliver = { ...during(revoke) };
      const { run } = deliver;
      const ends = { ...deliver, run: async () => ({ ...(await run()), ok, reason: 'exit 1' }) };
      const failure = await failureOf(() =>
        driveDelivery(desk.driver(), deliveryWith({ deliver: ends }), issued),
      );
      expect(failure).toMatchObject({ code: 'wrong_state', exitCode: 5 });
      expect((await desk.rotation()).state).toBe('issued');
    },
  );

  test('a roll-back wins: the new version has ended', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ delivery: true });
    const deliver = during(() => rollBack(desk.ledger, desk.key));
    const failure = await failureOf(() => driveDelivery(desk.driver(), deliveryWith({ deliver }), issued));
    expect(failure).toMatchObject({
      code: 'changed',
      message: 'deploy was rolled back meanwhile; version 2 has ended',
    });
    expect(await desk.codes(desk.token, issued.secretKey.reveal())).toEqual(['ok 1', 'expired']);
  });

  test('a signal stops it where it is', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate({ delivery: true });
    const deliver = fakeCommand('put', { ok: true, interrupted: true });
    const failure = await failureOf(() => driveDelivery(desk.driver(), deliveryWith({ deliver }), issued));
    expect([failure.exitCode, wasInterrupted(failure)]).toEqual([9, true]);
    expect((await desk.rotation()).state).toBe('delivered');
  });

  test('a signal in a pause stops it, too', async () => {
    const desk = await openRotationDesk();
    const issued = await desk.rotate(CHECKED);
    const driver = { ...desk.driver(), pause: async () => true };
    const check = fakeCommand('c', FAILS);
    const failure = await failureOf(() => driveDelivery(driver, deliveryWith({ check }), issued));
    expect([failure.exitCode, wasInterrupted(failure), check.runs.length]).toEqual([9, true, 1]);
  });
});

/** The process dies at the n-th transaction, before or after it is durable. */
class Killed extends Error {}

function mortal(store: Store, at: number, durable: boolean): Store {
  let count = 0;
  return Object.assign(Object.create(store), {
    async write(...[work, options]: Parameters<Store['write']>) {
      count++;
      if (count > at) throw new Killed();
      if (count < at) return store.write(work, options);
      if (durable) await store.write(work, options);
      throw new Killed();
    },
  });
}

describe('killed at any point (invariant 8)', () => {
  const points = [1, 2, 3, 4].flatMap((at) => [
    [at, false],
    [at, true],
  ]) as [number, boolean][];

  test.each(points)('at transaction %i (durable: %s) both ways out end well', async (at, durable) => {
    for (const way of ['again', 'rollback'] as const) {
      const desk = await openRotationDesk();
      const ledger = { ...desk.ledger, store: mortal(desk.store, at, durable) };
      const [deliver, check] = [fakeCommand('put'), fakeCommand('c')];
      try {
        const issued = await desk.rotate({ ...CHECKED, graceMs: 0 }, undefined, ledger);
        await driveDelivery(desk.driver(ledger), deliveryWith({ deliver, check }), issued);
      } catch {
        // that is what this is about
      }
      const open = await desk.store.rotations.open(desk.key.kid);
      const issuedVersion = (await desk.now()).version;
      if (open !== undefined) {
        expect(await desk.codes(desk.token), 'the old one never dies early').toEqual(['ok 1']);
        expect(await desk.sealed(), 'the new one is not lost').toBe(1);
        if (way === 'again') await goOn(desk, deliveryWith({ deliver, check }));
        else await rollBack(desk.ledger, desk.key);
      } else {
        // Before the first transaction or after the last: there is nothing to take up.
        expect([1, 2]).toContain(issuedVersion);
      }
      const done = open === undefined ? issuedVersion === 2 : way === 'again';
      const delivered = deliver.runs.at(-1)?.input;
      expect(await desk.codes(desk.token)).toEqual([done ? 'expired' : 'ok 1']);
      if (delivered !== undefined) expect(await desk.codes(delivered)).toEqual([done ? 'ok 2' : 'expired']);
      else expect(done, 'no live secret is known to nobody').toBe(false);
      expect([await desk.sealed(), await desk.store.rotations.open(desk.key.kid)]).toEqual([0, undefined]);
    }
  });
});

test.each([
  [300_000, '5 min'],
  [7_200_000, '2 h'],
  [41_000, '41 s'],
  [90_000, '90 s'],
  [0, '0 s'],
])('%i ms are spelled %s', (ms, text) => {
  expect(spell(ms)).toBe(text);
});
